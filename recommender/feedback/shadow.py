"""Score served pages a second time with the version in the shadow; it decides nothing until it is judged.

Nothing of it lies in the request path: a sample of the pages is scored minutes later, with the viewer's state
as it was, and once enough are, the outcome of what was served promotes the shadow or refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone

from recommender import contracts as c
from recommender.build import build_engine
from recommender.feedback.reading import read_live
from recommender.flow import Engine, open_viewer, predict_candidates
from recommender.models import FeedPage, ModelVersion, ShadowScore
from recommender.params import VALUE_TERM_WEIGHTS, Params
from recommender.queries.activity import read_live_stats
from recommender.queries.catalogue import read_catalogue
from recommender.queries.pages import read_actions, read_settled_pages
from recommender.queries.settings import read_market_rules, read_value_weights
from recommender.queries.viewers import read_viewer
from recommender.recall.gather import gather
from recommender.registry.versions import find_live, find_shadow, promote, retire_shadow
from recommender.rerank.value import value_terms
from recommender.training.evaluate import WindowLosses
from recommender.training.gate import GateDecision, compare
from recommender.training.metrics import row_log_loss
from recommender.training.online_params import ShadowParams

#: How many of the most valuable videos both versions are compared by.
_TOP = 10


@dataclass(frozen=True, slots=True)
class Pair:
    """Two engines over one catalogue and the weights that turn their predictions into values."""

    live: Engine
    shadow: Engine
    live_id: int
    shadow_id: int
    weights: c.ValueWeights
    topic_codes: dict[str, int]


def watch_shadow(params: ShadowParams | None = None) -> int:
    """Score the sample that has settled since the last round, and judge once there is enough; pages scored.

    Without a shadow the live version scores its own pages: what it predicts is held against what follows.
    """
    params = params or ShadowParams()
    shadow, live = find_shadow(), find_live()
    if live is None or live.promoted_at is None:
        return 0
    watched = shadow or live
    began = watched.shadow_since if shadow is not None else live.promoted_at
    scored = score_round(live, watched, began or live.promoted_at, params)
    wanted = settings.SHADOW_PAGES or params.pages
    if shadow is not None and ShadowScore.objects.filter(version=shadow).count() >= wanted:
        settle_shadow(shadow, judge_shadow(shadow))
    return scored


def score_round(live: ModelVersion, watched: ModelVersion, began: datetime, params: ShadowParams) -> int:
    """Score pages of the live version that have settled since the last round; how many."""
    last = ShadowScore.objects.filter(version=watched).order_by("-served_at").first()
    since = max(last.served_at, began) if last is not None else began
    until = timezone.now() - timedelta(seconds=params.settle_seconds)
    pages = read_settled_pages(since, until, watched.pk, params.page_share, params.pages_per_round)
    pair = open_pair(live, watched) if pages else None
    if pair is None:
        return 0
    scores = [score for score in (score_page(pair, page) for page in pages) if score is not None]
    ShadowScore.objects.bulk_create(scores, ignore_conflicts=True)
    return len(scores)


def open_pair(live: ModelVersion, shadow: ModelVersion) -> Pair | None:
    """Both versions as they would serve now; None if one of them cannot be read."""
    engines: list[Engine] = []
    first = read_live(live)
    catalogue = read_catalogue(first.meta.get("topic_names", ()) if first is not None else ())
    for version in (live, shadow):
        artifact = read_live(version)
        if artifact is None:
            return None
        stats = read_live_stats(datetime.fromtimestamp(artifact.meta["cut_at"], tz=timezone.now().tzinfo))
        engines.append(
            build_engine(
                catalogue,
                artifact.arrays,
                artifact.meta,
                stats,
                Params(),
                read_market_rules(),
                now=timezone.now().timestamp(),
                previous=engines[0] if engines else None,
            )
        )
    codes = {name: code for code, name in enumerate(catalogue.topic_names)}
    return Pair(engines[0], engines[1], live.pk, shadow.pk, read_value_weights(VALUE_TERM_WEIGHTS), codes)


def score_page(pair: Pair, page: FeedPage) -> ShadowScore | None:
    """Both versions' predictions for the candidates of a page; None if the viewer is gone."""
    known = read_viewer(page.viewer_id, pair.topic_codes)
    if known is None:
        return None
    state = as_of(known.state, page)
    scenario = _rebuild_scenario(page)
    viewer, _ = open_viewer(pair.live, state, scenario)
    found = gather(pair.live.recall, viewer, scenario, pair.live.fusion, pair.live.params.recall.candidates)
    served = pair.live.catalogue.find_rows(np.array(page.video_ids, dtype=np.int64))
    candidates = _put_first(found, served[served >= 0].astype(np.int32))
    both = []
    for engine in (pair.live, pair.shadow):
        own, _ = open_viewer(engine, state, scenario)
        both.append(predict_candidates(engine, own, scenario, candidates))
    values = [value_terms(p, pair.weights, scenario.market).sum(axis=1) for p in both]
    best = [np.argsort(-value)[:_TOP] for value in values]
    n_served = int((served >= 0).sum())
    told = np.unique(np.concatenate([np.arange(n_served), best[1]]))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = float(np.nan_to_num(np.corrcoef(*values)[0, 1])) if len(values[0]) > 1 else 0.0
    return ShadowScore(
        version_id=pair.shadow_id,
        live_version=page.model_version or pair.live_id,
        request_id=page.request_id,
        page=page.page,
        viewer_id=page.viewer_id,
        market=page.market,
        served_at=page.served_at,
        video_ids=pair.live.catalogue.video_id[candidates.video[told]].tolist(),
        served_count=n_served,
        live_probability=both[0].probability[told].astype(float).ravel().tolist(),
        shadow_probability=both[1].probability[told].astype(float).ravel().tolist(),
        candidate_count=len(candidates),
        overlap=len(np.intersect1d(best[0], best[1])) / max(min(_TOP, len(candidates)), 1),
        correlation=correlation,
    )


def as_of(state: c.ViewerState, page: FeedPage) -> c.ViewerState:
    """The viewer just before the page: later events are taken off, and its own videos are not yet seen."""
    before = state.recent_happened_at < page.served_at.timestamp()
    return replace(
        state,
        recent_video_id=state.recent_video_id[before],
        recent_happened_at=state.recent_happened_at[before],
        recent_actions=state.recent_actions[before],
        recent_watch_seconds=state.recent_watch_seconds[before],
        seen_video_id=np.setdiff1d(state.seen_video_id, np.array(page.video_ids, dtype=np.int64)),
    )


def _rebuild_scenario(page: FeedPage) -> c.Scenario:
    scene = dict(page.scenario)
    source, hour = int(scene.pop("source", 0)), int(scene.pop("hour_local", c.UNKNOWN))
    return c.Scenario(
        happened_at=page.served_at.timestamp(),
        market=page.market,
        source=source,
        hour_local=hour,
        extra={name: int(code) for name, code in scene.items()},
    )


def _put_first(found: c.Candidates, served: c.IntArray) -> c.Candidates:
    """The candidates with the served videos in front; what recall no longer finds has no signals."""
    place = {int(row): position for position, row in enumerate(found.video)}
    rest = np.flatnonzero(~np.isin(found.video, served))
    known = [place.get(int(row), -1) for row in served]
    signals = np.zeros((len(served), found.signals.shape[1]), dtype=np.float32)
    fused, source = np.zeros(len(served), dtype=np.float32), np.zeros(len(served), dtype=np.int8)
    for row, position in enumerate(known):
        if position >= 0:
            signals[row], fused[row] = found.signals[position], found.fused[position]
            source[row] = found.source[position]
    return c.Candidates(
        np.concatenate([served, found.video[rest]]),
        np.concatenate([source, found.source[rest]]),
        np.concatenate([signals, found.signals[rest]]),
        np.concatenate([fused, found.fused[rest]]),
    )


def judge_shadow(shadow: ModelVersion, params: ShadowParams | None = None) -> GateDecision:
    """Hold both versions' predictions of what was served against what came of it, by the gate's own rules."""
    params = params or ShadowParams()
    rows: dict[str, list[Any]] = {"live": [], "shadow": [], "labels": [], "viewer": [], "market": []}
    for score in ShadowScore.objects.filter(version=shadow).order_by("id").iterator():
        until = score.served_at + timedelta(seconds=params.settle_seconds)
        met = read_actions(score.viewer_id, score.video_ids[: score.served_count], score.served_at, until)
        live, ours = (
            np.array(values).reshape(-1, c.N_ACTIONS)
            for values in (score.live_probability, score.shadow_probability)
        )
        for row, video_id in enumerate(score.video_ids[: score.served_count]):
            if video_id in met:
                rows["live"].append(live[row])
                rows["shadow"].append(ours[row])
                rows["labels"].append([met[video_id] >> bit & 1 for bit in range(c.N_ACTIONS)])
                rows["viewer"].append(score.viewer_id)
                rows["market"].append(score.market)
    return compare(_losses(rows, "shadow"), _losses(rows, "live"), Params().training)


def _losses(rows: dict[str, list[Any]], name: str) -> WindowLosses:
    labels = np.array(rows["labels"], dtype=np.float32).reshape(-1, c.N_ACTIONS)
    probability = np.array(rows[name]).reshape(-1, c.N_ACTIONS)
    return WindowLosses(
        log_loss=row_log_loss(labels, probability),
        watch_error=np.full(len(labels), np.nan),
        probability=probability,
        labels=labels,
        viewer=np.array(rows["viewer"], dtype=np.int64),
        market=np.array(rows["market"], dtype=np.int8),
    )


def settle_shadow(shadow: ModelVersion, decision: GateDecision) -> None:
    """Promote the shadow or refuse it, with what it did kept beside what the gate had said."""
    ModelVersion.objects.filter(pk=shadow.pk).update(metrics={**shadow.metrics, "shadow": decision.figures})
    if decision.promote:
        promote(shadow.pk, f"after the shadow: {decision.reason}")
    else:
        retire_shadow(f"after the shadow: {decision.reason}")


def describe_shadow(version_id: int) -> dict[str, Any]:
    """What the admin shows of a version's shadow: pages, agreement, mean predictions."""
    scores = list(ShadowScore.objects.filter(version_id=version_id).order_by("-id")[:1000])
    if not scores:
        return {"pages": 0}
    live, ours = (
        np.concatenate(
            [np.array(getattr(s, name)).reshape(-1, c.N_ACTIONS)[: s.served_count] for s in scores]
        )
        for name in ("live_probability", "shadow_probability")
    )
    return {
        "pages": len(scores),
        "overlap": round(float(np.mean([s.overlap for s in scores])), 3),
        "correlation": round(float(np.mean([s.correlation for s in scores])), 3),
        "mean_predictions": {
            name: [round(float(live[:, place].mean()), 4), round(float(ours[:, place].mean()), 4)]
            for place, name in enumerate(c.ACTIONS)
        },
    }
