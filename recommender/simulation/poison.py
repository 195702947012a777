"""Fake viewers promote videos on a synthetic platform: what they gain, what honest ones lose.

The log is poisoned before the fit; trust, influence, sources, predictor, recall and re-rank are those that
serve.
Attacks after the shilling literature (random, average, bandwagon: Lam and Riedl, WWW 2004; Mobasher et al.,
TOIT 2007), and two of our own: drip over days, and replay of an honest viewer's log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recommender.build import build_engine
from recommender.contracts import (
    UNKNOWN,
    BoolArray,
    Dataset,
    FloatArray,
    Impressions,
    IntArray,
    Scenario,
    Viewers,
    ViewerState,
    encode_actions,
)
from recommender.features.trust import judge_viewers, observe
from recommender.flow import Engine, rank_for_viewer
from recommender.params import Params
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.simulation.exposure import expose
from recommender.simulation.learnt_world import (
    list_catalogue,
    list_viewers,
    no_history,
    react,
    read_state,
)
from recommender.simulation.population import Population, make_population
from recommender.simulation.response import rate_appeal
from recommender.training.fit import FittedArtifact
from recommender.training.histories import take_impressions

ATTACKS: tuple[str, ...] = ("random", "average", "bandwagon", "drip", "replay")
_DAYS = 8
_DAY_SECONDS = 86_400.0
#: 1 November 2026, noon UTC.
_NOW = 1_793_534_400.0
_PROMOTION = encode_actions(["finish", "long_watch", "like", "share"])
_WATCHED = encode_actions(["finish", "long_watch"])
_PAGE = 10

Fit = Callable[[Dataset, Params], FittedArtifact]


@dataclass(frozen=True, slots=True)
class PoisonSize:
    """How large the platform and the attack are."""

    creators: int = 150
    videos: int = 1500
    viewers: int = 2000
    targets: int = 20
    fillers: int = 15
    plays: int = 5  # times a fake plays and praises each target: it costs nothing


@dataclass(frozen=True, slots=True)
class Platform:
    """Honest viewers, their log and what they would like, before any attack."""

    population: Population
    honest: Dataset
    states: list[ViewerState]
    gain: FloatArray  # (n_viewers, n_videos) float32 in (0, 1), how much each would like each video
    targets: IntArray  # (n_targets,) catalogue rows


@dataclass(frozen=True, slots=True)
class Served:
    """What one page for each honest viewer held."""

    target_impressions: int
    ndcg: float  # at 10, against the best page by true liking


@dataclass(frozen=True, slots=True)
class Clean:
    """The feeds before any attack, with the defence and without."""

    guarded: Served
    bare: Served


def make_platform(size: PoisonSize, seed: int) -> Platform:
    """Draw the platform, its log, and videos that are no hits, which somebody will pay to promote."""
    population = make_population(size.creators, size.videos, size.viewers, _NOW, _DAYS + 8, seed)
    rng = np.random.default_rng(seed + 1)
    shown = expose(population, _NOW, _DAYS, rng)
    honest = Dataset(
        list_catalogue(population),
        list_viewers(population),
        no_history(size.viewers),
        react(population, shown, rng),
        _NOW,
    )
    quality = population.videos.quality
    old = population.videos.published_at < _NOW - 4 * _DAY_SECONDS
    usual = np.flatnonzero((quality < np.quantile(quality, 0.4)) & old)
    targets = np.sort(rng.choice(usual, size=size.targets, replace=False))
    states = [read_state(honest, viewer) for viewer in range(size.viewers)]
    return Platform(population, honest, states, _rate_all(population), targets)


def _rate_all(world: Population) -> FloatArray:
    n_viewers, n_videos = len(world.viewer_market), len(world.videos.topic)
    video = np.arange(n_videos)
    noon = np.full(n_videos, 12)
    rows = [rate_appeal(world, np.full(n_videos, viewer), video, noon) for viewer in range(n_viewers)]
    gain: FloatArray = (1 / (1 + np.exp(-1.2 * np.stack(rows)))).astype(np.float32)
    return gain


def attack(
    platform: Platform, kind: str, share: float, size: PoisonSize, rng: np.random.Generator
) -> tuple[Dataset, BoolArray]:
    """The data set with fakes among the viewers, and (n_viewers,) bool: who is fake.

    Raises ValueError for an attack that nobody knows.
    """
    if kind not in ATTACKS:
        raise ValueError(f"attack {kind!r} is not known; choose one of {', '.join(ATTACKS)}")
    honest = platform.honest
    n_honest = len(honest.viewers)
    n_fake = max(3, round(share * n_honest))
    logs = [_write_log(platform, kind, size, rng) for _ in range(n_fake)]
    fake = _join_logs(logs, n_honest)
    rows = merge_logs(honest.impressions, fake)
    viewers = _add_viewers(honest.viewers, rng.integers(0, n_honest, n_fake))
    dataset = replace(honest, viewers=viewers, history=no_history(len(viewers)), impressions=rows)
    return dataset, np.arange(len(viewers)) >= n_honest


_Log = tuple[IntArray, FloatArray, IntArray, FloatArray]  # video, happened_at, actions, watch_seconds


def _write_log(platform: Platform, kind: str, size: PoisonSize, rng: np.random.Generator) -> _Log:
    """One fake's doings: the targets praised, and a cover of other videos."""
    rows, catalogue = platform.honest.impressions, platform.honest.catalogue
    targets: IntArray = np.repeat(rng.permutation(platform.targets), size.plays)
    fillers = size.fillers
    liked = np.bincount(rows.video, weights=(rows.actions != 0), minlength=len(catalogue))
    cover: IntArray = rng.choice(len(catalogue), size=fillers, replace=False)
    if kind == "bandwagon":
        cover = np.argsort(-liked)[: 3 * fillers][rng.permutation(3 * fillers)[:fillers]]
    mask = np.zeros(len(cover), dtype=np.int64)
    if kind in ("average", "bandwagon", "drip"):
        rate = 1.0 if kind == "bandwagon" else 0.4
        mask = np.where(rng.random(len(cover)) < rate, _WATCHED, 0)
    span = _DAYS * _DAY_SECONDS if kind == "drip" else 0.8 * _DAY_SECONDS
    if kind == "replay":
        model = take_impressions(rows, np.flatnonzero(rows.viewer == rng.choice(rows.viewer)))
        cover, mask = model.video, model.actions.astype(np.int64)
    video = np.concatenate([targets, cover])
    actions = np.concatenate([np.full(len(targets), _PROMOTION), mask])
    duration = catalogue.duration_seconds[video]
    share = np.where(actions != 0, rng.uniform(0.95, 1.4, len(video)), rng.uniform(0.05, 0.5, len(video)))
    return video, _NOW - 1800 - rng.random(len(video)) * span, actions, duration * share


def _join_logs(logs: list[_Log], first: int) -> Impressions:
    video, happened_at, actions, watched = (np.concatenate(column) for column in zip(*logs, strict=True))
    n = len(video)
    return Impressions(
        viewer=np.repeat(first + np.arange(len(logs)), [len(log[0]) for log in logs]).astype(np.int32),
        video=video.astype(np.int32),
        happened_at=happened_at,
        actions=actions.astype(np.int32),
        watch_seconds=watched.astype(np.float32),
        source=np.zeros(n, dtype=np.int8),
        position=np.full(n, UNKNOWN, dtype=np.int16),
        propensity=np.full(n, np.nan, dtype=np.float32),
        extra={"hour": (happened_at // 3600 % 24).astype(np.int32)},
    )


def merge_logs(one: Impressions, other: Impressions) -> Impressions:
    """Both logs in the order of time."""
    columns = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in (
            "viewer", "video", "happened_at", "actions", "watch_seconds", "source", "position", "propensity"
        )
    }  # fmt: skip
    extra = {name: np.concatenate([column, other.extra[name]]) for name, column in one.extra.items()}
    joined = Impressions(**columns, extra=extra)
    return take_impressions(joined, np.argsort(joined.happened_at, kind="stable"))


def _add_viewers(viewers: Viewers, like: IntArray) -> Viewers:
    """Fakes that signed up as somebody's twins."""
    n = len(viewers)
    rows = np.concatenate([np.arange(n), like])
    return Viewers(
        viewer_id=np.concatenate([viewers.viewer_id, viewers.viewer_id.max() + 1 + np.arange(len(like))]),
        market=viewers.market[rows],
        language=viewers.language[rows],
        interests=viewers.interests[rows],
    )


def serve_honest(platform: Platform, engine: Engine, seed: int) -> Served:
    """One page for each honest viewer; the same chances whatever the engine."""
    catalogue = platform.honest.catalogue
    met, ndcg = 0, []
    discount = 1 / np.log2(2 + np.arange(_PAGE))
    for viewer, state in enumerate(platform.states):
        scene = Scenario(_NOW, state.market, hour_local=12, weekday_local=6)
        page = rank_for_viewer(
            engine, state, scene, DEFAULT_VALUE_WEIGHTS, np.random.default_rng([seed, viewer]), _PAGE
        )
        rows = catalogue.find_rows(np.array([video.video_id for video in page.videos], dtype=np.int64))
        met += int(np.isin(rows, platform.targets).sum())
        gain = platform.gain[viewer]
        best = np.partition(gain, -_PAGE)[-_PAGE:]
        ndcg.append(float(gain[rows] @ discount[: len(rows)] / (np.sort(best)[::-1] @ discount)))
    return Served(met, float(np.mean(ndcg)))


def run_attack(
    platform: Platform, kind: str, share: float, size: PoisonSize, fit: Fit, clean: Clean, seed: int
) -> dict[str, float | int | str]:
    """One attack with the defence and without, beside the same platform without the attack.

    Uplift: impressions of the targets over those without the attack. NDCG loss: against the clean platform
    without any defence, so that it holds what wrong verdicts cost.
    """
    dataset, is_fake = attack(platform, kind, share, size, np.random.default_rng(seed))
    params = Params()
    believed = judge(dataset, params)
    assert believed.viewers.trust is not None  # judged just now
    flagged: BoolArray = believed.viewers.trust < params.trust.least
    guarded = serve_honest(platform, fit_and_build(believed, params, fit), seed)
    bare = serve_honest(platform, fit_and_build(dataset, disarm(params), fit), seed)
    found = int((flagged & is_fake).sum())
    return {
        "attack": kind,
        "share": share,
        "fakes": int(is_fake.sum()),
        "uplift_with_defence": guarded.target_impressions / max(clean.guarded.target_impressions, 1),
        "uplift_without_defence": bare.target_impressions / max(clean.bare.target_impressions, 1),
        "ndcg_loss_with_defence": 1 - guarded.ndcg / clean.bare.ndcg,
        "ndcg_loss_without_defence": 1 - bare.ndcg / clean.bare.ndcg,
        "detector_recall": found / int(is_fake.sum()),
        "detector_precision": found / max(int(flagged.sum()), 1),
        "honest_flagged": float((flagged & ~is_fake).sum() / (~is_fake).sum()),
    }


def judge(dataset: Dataset, params: Params) -> Dataset:
    """The data set with what is believed of its viewers."""
    behaviour = observe(dataset.impressions, dataset.catalogue, len(dataset.viewers), params.trust)
    trust = judge_viewers(behaviour, params.trust).trust
    return replace(dataset, viewers=replace(dataset.viewers, trust=trust))


def serve_clean(platform: Platform, fit: Fit, seed: int) -> Clean:
    """The feeds before any attack."""
    params = Params()
    return Clean(
        guarded=serve_honest(platform, fit_and_build(judge(platform.honest, params), params, fit), seed),
        bare=serve_honest(platform, fit_and_build(platform.honest, disarm(params), fit), seed),
    )


def disarm(params: Params) -> Params:
    """No trust, no caps: the control."""
    return replace(
        params, trust=replace(params.trust, least=0.0, daily_positives=1e9, repeats_per_video=10**6)
    )


def fit_and_build(dataset: Dataset, params: Params, fit: Fit) -> Engine:
    """The engine of a platform after a retraining."""
    fitted = fit(dataset, params)
    return build_engine(dataset.catalogue, fitted.arrays, fitted.meta, params=params, now=dataset.cut_at)
