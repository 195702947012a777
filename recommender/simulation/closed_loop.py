"""A platform that lives off its own feeds: serve, react, retrain, again; who is seen, and does it narrow.

Every round each active viewer is served by the engine of the last retraining, reacts by the hidden tastes,
and
the log so grown is what the next retraining knows. New videos climb the same staged pools as on the platform.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.build import build_engine
from recommender.coldstart import videos
from recommender.coldstart.exposure import (
    KEPT,
    ExposureShares,
    find_small,
    keep_floors,
    measure_exposure,
    measure_gini,
)
from recommender.coldstart.lanes import PoolTable
from recommender.contracts import (
    UNKNOWN,
    BoolArray,
    Catalogue,
    Dataset,
    FloatArray,
    Impressions,
    IntArray,
    Scenario,
)
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.flow import Engine, rank_for_viewer
from recommender.markets import MARKET_CODES, local_clock
from recommender.params import Params
from recommender.rerank.rules import derive_market_rules
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.simulation.exposure import Exposures, expose
from recommender.simulation.learnt_world import list_catalogue, list_viewers, no_history, react
from recommender.simulation.poison import merge_logs
from recommender.simulation.population import Population, make_population
from recommender.simulation.worlds import shipped_worlds
from recommender.training.fit import FittedArtifact
from recommender.training.histories import take_impressions
from recommender.training.states import build_timeline, state_at

#: 1 October 2026, noon UTC.
_START = 1_790_856_000.0
_DAY_SECONDS = 86_400.0
_WARM_DAYS = 6
#: Rounds whose impressions cover a video.
_LOOKED_BACK = 4
_N_MARKETS = len(MARKET_CODES)

Retrain = Callable[[Dataset, Params], FittedArtifact]


@dataclass(frozen=True, slots=True)
class LoopSize:
    """How large the platform is and how long it lives."""

    creators: int = 80
    videos: int = 400
    viewers: int = 240
    rounds: int = 50
    hours: float = 12.0  # of a round
    page: int = 10
    first_pool: float = 10.0  # impressions owed; the real 60 would need more viewers than the world has
    window_days: float = 10.0  # of the log that a retraining knows


@dataclass(slots=True)
class _Loop:
    """The state between rounds."""

    world: Population
    everything: Catalogue
    log: Impressions
    pools: videos.Standing
    table: PoolTable | None
    now: float


def run_loop(
    size: LoopSize, params: Params, retrain: Retrain, seed: int, is_kept: bool = True
) -> dict[str, Any]:
    """Live through the rounds.

    Parameters
    ----------
    is_kept : staged pools, exploration and floors are on; off is the control, a feed by value alone.

    Returns
    -------
    rounds : one line per retraining: gini, coverage and shares of its feeds.
    coverage_kept : market -> coverage of the last fifth of the rounds over that of the first after four.
    """
    params = replace(params, new_videos=replace(params.new_videos, first_pool=size.first_pool))
    if not is_kept:
        params = replace(params, rerank=replace(params.rerank, exploration_share=0.0))
    loop = _begin(size, seed)
    rng = np.random.default_rng([seed, 77])
    lines = []
    for _ in range(size.rounds):
        engine, catalogue = _retrain(loop, size, params, retrain)
        shown = _serve(loop, engine, size, rng)
        loop.log = merge_logs(loop.log, react(loop.world, shown, rng))
        loop.now += size.hours * 3600
        lines.append(_measure(loop, size, shown, catalogue, params))
        if is_kept:
            _judge(loop, catalogue, shown, params)
    fifth = max(size.rounds // 5, 1)
    # Coverage looks back over four rounds: the first still hold what the plain feed before the loop showed.
    start = min(_LOOKED_BACK, size.rounds - fifth)
    first = np.nanmean([line["coverage"] for line in lines[start : start + fifth]], axis=0)
    last = np.nanmean([line["coverage"] for line in lines[-fifth:]], axis=0)
    told = {code: float(last[place] / first[place]) for place, code in enumerate(MARKET_CODES)}
    return {"rounds": lines, "coverage_kept": told, **_sum_up(loop, lines, fifth, params)}


def _begin(size: LoopSize, seed: int) -> _Loop:
    days = _WARM_DAYS + size.rounds * size.hours / 24
    end = _START + size.rounds * size.hours * 3600
    world = make_population(size.creators, size.videos, size.viewers, end, int(np.ceil(days)) + 8, seed)
    rng = np.random.default_rng([seed, 1])
    log = react(world, expose(world, _START, _WARM_DAYS, rng), rng)
    everything = list_catalogue(world)
    # Ids ascend with the day of publication, so that a younger catalogue is the front of an older one.
    order = np.argsort(everything.published_at, kind="stable")
    world = replace(world, videos=_reorder(world, order))
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order))
    log = replace(log, video=place[log.video])
    pools = videos.Standing.start(size.videos, _N_MARKETS)
    young = list_catalogue(world)
    pools.state[young.published_at < _START - 3 * _DAY_SECONDS] = videos.EXPIRED
    return _Loop(world, young, log, pools, None, _START)


def _reorder(world: Population, order: IntArray) -> Any:
    columns = world.videos
    return replace(
        columns,
        creator=columns.creator[order],
        caption=[columns.caption[row] for row in order],
        topic=columns.topic[order],
        language=columns.language[order],
        duration_seconds=columns.duration_seconds[order],
        sound=columns.sound[order],
        has_cart=columns.has_cart[order],
        published_at=columns.published_at[order],
        quality=columns.quality[order],
    )


def _cut(catalogue: Catalogue, now: float) -> Catalogue:
    """What is published by now."""
    n = int(np.searchsorted(catalogue.published_at, now))
    columns = {
        name: getattr(catalogue, name)[:n]
        for name in (
            "video_id", "creator_id", "sound_id", "market", "language", "duration_seconds", "published_at",
            "has_cart", "is_blocked", "topics", "tokens",
        )
    }  # fmt: skip
    return Catalogue(**columns, topic_names=catalogue.topic_names)


def _retrain(loop: _Loop, size: LoopSize, params: Params, retrain: Retrain) -> tuple[Engine, Catalogue]:
    catalogue = _cut(loop.everything, loop.now)
    kept = np.flatnonzero(loop.log.happened_at > loop.now - size.window_days * _DAY_SECONDS)
    log = take_impressions(loop.log, kept)
    viewers = list_viewers(loop.world)
    dataset = Dataset(catalogue, viewers, no_history(len(viewers)), log, loop.now)
    fitted = retrain(dataset, params)
    engine = build_engine(
        catalogue, fitted.arrays, fitted.meta, params=params, now=loop.now, pools=loop.table
    )
    return engine, catalogue


def _serve(loop: _Loop, engine: Engine, size: LoopSize, rng: np.random.Generator) -> Exposures:
    """One page for each viewer who comes by."""
    world = loop.world
    viewers = list_viewers(world)
    everybody = Dataset(loop.everything, viewers, no_history(len(viewers)), loop.log, loop.now)
    timeline = build_timeline(everybody)
    comes = np.flatnonzero(rng.random(size.viewers) < np.clip(world.activity / 5.0, 0.1, 0.9))
    viewer, video, position = [], [], []
    for row in comes.tolist():
        state = state_at(timeline, row, loop.now)
        hours, weekdays = local_clock(world.viewer_market[[row]], np.array([loop.now]))
        scene = Scenario(loop.now, state.market, hour_local=int(hours[0]), weekday_local=int(weekdays[0]))
        page = rank_for_viewer(engine, state, scene, DEFAULT_VALUE_WEIGHTS, rng, size.page)
        rows = engine.catalogue.find_rows(np.array([item.video_id for item in page.videos], dtype=np.int64))
        viewer.append(np.full(len(rows), row))
        video.append(rows)
        position.append(np.arange(len(rows)))
    who = np.concatenate(viewer).astype(np.int32)
    at = np.sort(loop.now + rng.random(len(who)) * size.hours * 1800)
    hour, _ = local_clock(world.viewer_market[who], at)
    return Exposures(
        viewer=who,
        video=np.concatenate(video).astype(np.int32),
        happened_at=at,
        hour_local=hour,
        session=who.astype(np.int64),
        position=np.concatenate(position).astype(np.int16),
    )


def _count_shown(loop: _Loop, viewer: IntArray, video: IntArray, n_videos: int) -> FloatArray:
    market = loop.world.viewer_market[viewer].astype(np.int64)
    counts = np.bincount(video * _N_MARKETS + market, minlength=n_videos * _N_MARKETS)
    return counts.reshape(-1, _N_MARKETS)[:n_videos].astype(np.float64)


def _admit(catalogue: Catalogue, params: Params) -> BoolArray:
    rules = derive_market_rules(params.rerank).by_market
    columns = [
        np.isin(catalogue.language, [UNKNOWN, *rules[code].allowed_languages]) for code in range(_N_MARKETS)
    ]
    return np.stack(columns, axis=1)


def _measure(
    loop: _Loop, size: LoopSize, shown: Exposures, catalogue: Catalogue, params: Params
) -> dict[str, Any]:
    """Shares of the round's feeds; Gini and coverage of the week's videos, the latter over four rounds."""
    n = len(catalogue)
    counts = _count_shown(loop, shown.viewer, shown.video, n)
    age = (loop.now - catalogue.published_at) / _DAY_SECONDS
    _, creator = np.unique(catalogue.creator_id, return_inverse=True)
    small = find_small(creator, _count_all(loop, n).sum(axis=1), params.floors)
    shares = measure_exposure(
        counts, _admit(catalogue, params), age < params.new_videos.owed_days, small, catalogue.market
    )
    lately = loop.log.happened_at > loop.now - _LOOKED_BACK * size.hours * 3600
    seen = _count_shown(loop, loop.log.viewer[lately], loop.log.video[lately], n)
    young = (age < 7.0) & (age > 0.25)
    with np.errstate(invalid="ignore", divide="ignore"):
        covered = ((seen[young] > 0) & _admit(catalogue, params)[young]).sum(axis=0)
        coverage = covered / _admit(catalogue, params)[young].sum(axis=0)
    return {
        "gini": measure_gini(counts[age < 7.0].sum(axis=1)),
        "coverage": coverage.tolist(),
        **{name: _pool_share(shares, place) for place, name in enumerate(KEPT)},
    }


def _pool_share(shares: ExposureShares, place: int) -> float:
    """One kept share over all markets together."""
    weight = shares.impressions / max(float(shares.impressions.sum()), 1.0)
    return float(np.nansum(shares.shares[:, place] * weight))


def _count_all(loop: _Loop, n_videos: int) -> FloatArray:
    return _count_shown(loop, loop.log.viewer, loop.log.video, n_videos)


def _read_evidence(loop: _Loop, catalogue: Catalogue, params: Params) -> videos.Evidence:
    n = len(catalogue)
    good = (loop.log.actions & _GOOD) != 0
    return videos.Evidence(
        shown=_count_all(loop, n),
        good=_count_shown(loop, loop.log.viewer[good], loop.log.video[good], n),
        age_days=(loop.now - catalogue.published_at) / _DAY_SECONDS,
        home=catalogue.market,
        is_admitted=_admit(catalogue, params),
        duration_seconds=catalogue.duration_seconds,
    )


#: Watched long, liked or better: what counts as a good impression.
_GOOD = POSITIVE_ACTIONS


def _judge(loop: _Loop, catalogue: Catalogue, shown: Exposures, params: Params) -> None:
    """The round over new videos, as the platform makes it each minute."""
    n, ladder = len(catalogue), loop_ladder(params.new_videos.pools)
    evidence = _read_evidence(loop, catalogue, params)
    before = videos.Standing(*(getattr(loop.pools, name)[:n] for name in _STANDING))
    after = videos.judge(evidence, before, ladder, params.new_videos)
    for name in _STANDING:
        getattr(loop.pools, name)[:n] = getattr(after, name)
    need = videos.measure_need(evidence, after, ladder, params.new_videos)
    counts = _count_shown(loop, shown.viewer, shown.video, n)
    _, creator = np.unique(catalogue.creator_id, return_inverse=True)
    small = find_small(creator, evidence.shown.sum(axis=1), params.floors)
    is_new = evidence.age_days < params.new_videos.owed_days
    shares = measure_exposure(counts, evidence.is_admitted, is_new, small, catalogue.market)
    daily = shares.impressions * 2
    share = videos.share_positions(
        evidence, after, daily, params.rerank.exploration_share, ladder, params.new_videos
    )
    rows, market = np.nonzero(after.state != videos.WAITING)
    loop.table = PoolTable(
        video_id=catalogue.video_id[rows],
        market=market,
        need=need[rows, market],
        share={code: float(share[code]) for code in range(_N_MARKETS)},
        floors=dict(enumerate(keep_floors(shares.shares, params.floors))),
    )


_STANDING = ("state", "pool", "mean", "bar", "chance", "width")


def loop_ladder(pools: int) -> videos.Ladder:
    """The shipped ladder's shape."""
    ladder = shipped_worlds().ladder
    return videos.Ladder(ladder.list_passing()[:pools], ladder.growth)


def _sum_up(loop: _Loop, lines: list[dict[str, Any]], fifth: int, params: Params) -> dict[str, Any]:
    """Figures of the whole life."""
    catalogue = _cut(loop.everything, loop.now)
    age = (loop.now - catalogue.published_at) / _DAY_SECONDS
    home = np.where(catalogue.market >= 0, catalogue.market, 0)
    # Who films in a language that the own country's gate stops is owed nothing there.
    admitted = _admit(catalogue, params)[np.arange(len(catalogue)), home]
    born = (catalogue.published_at > _START) & (age > params.new_videos.owed_days) & admitted
    counts = _count_all(loop, len(catalogue))
    at_home = counts[np.arange(len(catalogue)), home][born]
    return {
        "gini_first": float(np.mean([line["gini"] for line in lines[:fifth]])),
        "gini_last": float(np.mean([line["gini"] for line in lines[-fifth:]])),
        **{name: float(np.mean([line[name] for line in lines[-fifth:]])) for name in KEPT},
        "born": int(born.sum()),
        "owed_met": float((at_home >= params.new_videos.first_pool).mean()) if born.any() else float("nan"),
        "never_shown": float((counts.sum(axis=1)[born] == 0).mean()) if born.any() else float("nan"),
    }
