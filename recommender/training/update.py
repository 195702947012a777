"""One update between retrainings, on arrays: what was learnt since, judged on viewers who taught nothing.

The weights of the regression and of the network's last layer, the calibration, the counts, the trends and the
least-squares vectors move; the autoencoder, the transitions and the CNNs stay until the next full fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.build import build_engine
from recommender.contracts import ALL_ACTIONS, N_ACTIONS, UNKNOWN, BoolArray, Dataset, FloatArray, IntArray
from recommender.features.rates import count_by, label_rows, mask_known
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.markets import MARKET_CODES
from recommender.params import Params
from recommender.prediction.hybrid import HybridPredictor
from recommender.recall.als import fit_als
from recommender.recall.linear import list_positives
from recommender.recall.vectors import build_graph
from recommender.training.delayed import FAST_SECONDS, weigh_labels
from recommender.training.drift import measure_drift
from recommender.training.evaluate import WindowLosses
from recommender.training.fit import FittedArtifact
from recommender.training.histories import join_events, take_impressions
from recommender.training.judges import find_judges
from recommender.training.metrics import row_log_loss
from recommender.training.online import TaughtRows, learn_online, teach_rows
from recommender.training.online_params import LoopParams
from recommender.training.replay import BASE, read_replay, take_learning
from recommender.training.rows import LearningRows, describe_impressions
from recommender.training.states import build_timeline

Report = Callable[[float, str], None]
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class NewRows:
    """What an update reads."""

    dataset: Dataset  # history before the last full cut; impressions from it on, up to `until`
    arrived: BoolArray  # (n_impressions, N_ACTIONS): came in after `since` on a row shown before
    since: float  # unix seconds: what the version has learnt up to
    until: float


@dataclass(frozen=True, slots=True)
class Update:
    """What an update leaves: the challenger, both versions' losses on the same rows, and facts."""

    artifact: FittedArtifact
    challenger: WindowLosses
    champion: WindowLosses
    drift: dict[str, Any]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DescribedRows:
    """The rows of an update by what each is for; positions are in `learning`."""

    learning: LearningRows
    teaching: IntArray
    judging: IntArray
    arrived: BoolArray  # (n, N_ACTIONS) of `learning`


def full_cut(meta: dict[str, Any]) -> float:
    """Unix seconds up to which the last full fit had read."""
    return float(meta.get("full_cut_at", meta["cut_at"]))


def learnt_until(meta: dict[str, Any]) -> float:
    """Unix seconds up to which a version has learnt."""
    return float(meta.get("learnt_until", meta["cut_at"]))


def rewind(artifact: FittedArtifact) -> FittedArtifact:
    """The version with the counts of its last full fit: for describing rows that it has counted since."""
    arrays = {**artifact.arrays, **{name: artifact.arrays[f"base/{name}"] for name in BASE if _has(artifact)}}
    n_full = len(arrays["videos/shown"])
    arrays["videos/id"] = artifact.arrays["videos/id"][:n_full]
    if "tastes/covered" in arrays:  # videos that came later have vectors, but no counts of that time
        then = np.asarray(arrays["tastes/covered"]) < n_full
        arrays |= {name: np.asarray(arrays[name])[then] for name in ("tastes/covered", "tastes/video")}
    arrays.pop("tastes/graph", None)  # of all the vectors: these are compared one by one
    return FittedArtifact(arrays, {**artifact.meta, "cut_at": full_cut(artifact.meta)})


def _has(artifact: FittedArtifact) -> bool:
    return f"base/{BASE[0]}" in artifact.arrays


def update_artifact(
    live: FittedArtifact, new: NewRows, params: Params, loop: LoopParams, report: Report
) -> Update:
    """Move a version by what came in since, and judge it beside what it came from.

    Raises
    ------
    ValueError
        if the version carries no rows to replay, or describes rows otherwise than this release.
    """
    older = read_replay(live.arrays)
    described = describe_new(live, new, params, loop, report)
    predictor = HybridPredictor.from_arrays(live.arrays)
    rows, learning = teach_new(predictor, described, new), described.learning
    report(0.6, f"learning from {len(rows)} rows")
    seed = params.training.seed
    moved = learn_online(predictor, rows, older, int(live.meta["learning_rows"]), loop.online, seed)
    report(0.7, "judging on viewers who taught nothing")
    judging = take_learning(learning, described.judging)
    champion, challenger = losses_of(predictor, judging), losses_of(moved, judging)
    usual = _predict(predictor, older.matrix, [older.slots], older.reading(), older.market)
    drift = measure_drift(
        learning.names,
        (older.matrix, judging.matrix),
        (usual, champion.probability),
        champion.labels,
        judging.market,
        loop.drift,
    )
    report(0.8, "counts, trends and tastes")
    arrays = {**live.arrays, **moved.to_arrays(), **refresh_sources(live, new, params)}
    facts = {
        "taught_rows": len(rows),
        "judged_rows": len(judging.rows),
        "replay_rows": len(older),
        "learning_gain": _gain_on(predictor, moved, rows),
    }
    meta = {
        **live.meta,
        "cut_at": max(full_cut(live.meta), new.until - new.until % _HOUR),
        "full_cut_at": full_cut(live.meta),
        "learnt_until": new.until,
        "updates": int(live.meta.get("updates", 0)) + 1,
        "update": facts,
    }
    return Update(FittedArtifact(arrays, meta), challenger, champion, drift, facts)


def describe_new(
    live: FittedArtifact, new: NewRows, params: Params, loop: LoopParams, report: Report
) -> DescribedRows:
    """Rows that teach or judge, described by what was known at each one's moment."""
    dataset, rows = new.dataset, new.dataset.impressions
    then = rewind(live)
    engine = build_engine(dataset.catalogue, then.arrays, then.meta, params=params, now=then.meta["cut_at"])
    judges = find_judges(dataset.viewers.viewer_id, loop.online.judge_share)[rows.viewer]
    labels = _label_actions(new)
    nothing = np.zeros(labels.shape)
    weighed = weigh_labels(rows.happened_at, labels, new.arrived, nothing, new.since, new.until)
    says = weighed.weight.any(axis=1)
    settled = rows.happened_at <= new.until - FAST_SECONDS
    teaching = np.flatnonzero(says & ~judges)[-loop.online.learning_rows :]
    judging = np.flatnonzero(settled & judges)[-loop.online.judging_rows :]
    chosen = np.union1d(teaching, judging)
    report(0.1, f"describing {len(chosen)} rows")
    learning = describe_impressions(
        build_timeline(dataset),
        engine,
        rows,
        rows.happened_at,
        engine.statistics.crosses,
        params,
        lambda part: report(0.1 + 0.5 * part, f"describing {len(chosen)} rows"),
        chosen,
    )
    if list(learning.names) != list(live.meta["feature_names"]):
        raise ValueError("this release describes rows otherwise than the live version; run a full retraining")
    return DescribedRows(
        learning,
        np.searchsorted(chosen, teaching),
        np.searchsorted(chosen, judging),
        new.arrived[chosen],
    )


def teach_new(predictor: HybridPredictor, described: DescribedRows, new: NewRows) -> TaughtRows:
    """The teaching rows with what each says now."""
    learning = take_learning(described.learning, described.teaching)
    probability = _predict(
        predictor, learning.matrix, learning.slots, learning.read(slice(None)), learning.market
    )
    targets = weigh_labels(
        learning.rows.happened_at,
        learning.labels[:, :N_ACTIONS],
        described.arrived[described.teaching],
        probability,
        new.since,
        new.until,
    )
    return teach_rows(learning, targets.label, targets.weight, predictor.watch_time)


def losses_of(predictor: HybridPredictor, learning: LearningRows) -> WindowLosses:
    """How a predictor does on described rows."""
    labels = learning.labels[:, :N_ACTIONS]
    reading = learning.read(slice(None))
    probability, above = predictor.predict_rows(learning.matrix, learning.slots, reading, learning.market)
    error = np.full(len(labels), np.nan)
    if predictor.watch_time is not None:
        duration = np.expm1(learning.matrix[:, learning.names.index("log_duration")])
        error = np.abs(predictor.watch_time.median_seconds(above, duration) - learning.rows.watch_seconds)
    return WindowLosses(
        log_loss=row_log_loss(labels, probability),
        watch_error=error,
        probability=probability,
        labels=labels,
        viewer=learning.rows.viewer,
        market=learning.market,
    )


def refresh_sources(live: FittedArtifact, new: NewRows, params: Params) -> dict[str, Any]:
    """Counts and trends up to the last full hour, vectors of what is liked now, and room for new videos."""
    then, dataset = rewind(live), new.dataset
    cut, start = max(full_cut(live.meta), new.until - new.until % _HOUR), full_cut(live.meta)
    catalogue, everything = dataset.catalogue, dataset.impressions
    rows = take_impressions(everything, np.flatnonzero(everything.happened_at < cut))
    known = np.asarray(then.arrays["videos/id"])
    ids = np.concatenate([known, np.setdiff1d(catalogue.video_id, known)])
    place = catalogue.find_rows(ids)
    labels = label_rows(rows.actions, rows.watch_seconds, catalogue.duration_seconds[rows.video])
    counts = count_by(rows.video, labels, mask_known(labels, ALL_ACTIONS), len(catalogue))
    half_life = params.recall.trending_half_life_hours * _HOUR
    liked = np.flatnonzero(rows.actions & POSITIVE_ACTIONS)
    lately = 0.5 ** ((cut - rows.happened_at[liked]) / half_life)
    trend = np.zeros((len(catalogue), len(MARKET_CODES) + 1))
    np.add.at(trend[:, -1], rows.video[liked], lately)
    market = dataset.viewers.market[rows.viewer[liked]]
    inside = market != UNKNOWN
    np.add.at(trend, (rows.video[liked][inside], market[inside]), lately[inside])
    total = np.bincount(rows.video[liked], minlength=len(catalogue))[:, None]
    aged = 0.5 ** ((cut - start) / half_life)
    arrays: dict[str, Any] = {f"base/{name}": then.arrays[name] for name in BASE}
    fresh = {
        "videos/shown": (counts.shown, 1.0),
        "videos/taken": (counts.taken, 1.0),
        "popularity/trend": (trend, aged),
        "popularity/total": (total, 1.0),
    }
    for name, (since, kept) in fresh.items():
        arrays[name] = _add_rows(np.asarray(then.arrays[name]) * kept, since, place)
    return arrays | {"videos/id": ids} | _fold_tastes(live, new, place, params)


def _add_rows(before: FloatArray, since: npt.NDArray[Any], place: IntArray) -> FloatArray:
    """(n_ids, width) float32: stored rows first, and what was counted since in catalogue rows."""
    result = np.zeros((len(place), before.shape[1]), dtype=np.float32)
    result[: len(before)] = before
    here = place >= 0
    result[here] += since[place[here]].astype(np.float32)
    return result


def _fold_tastes(live: FittedArtifact, new: NewRows, place: IntArray, params: Params) -> dict[str, Any]:
    """The least-squares vectors after one more alternation: viewers and videos that are new get theirs."""
    if "tastes/covered" not in live.arrays:
        return {}
    dataset = new.dataset
    viewer, video, _ = list_positives(join_events(dataset))
    covered = place[np.asarray(live.arrays["tastes/covered"])]
    here = covered >= 0
    start = (covered[here].astype(np.int32), np.asarray(live.arrays["tastes/video"])[here])
    once = replace(params.recall, als_sweeps=1)
    rows, vectors = fit_als(viewer, video, len(dataset.viewers), len(dataset.catalogue), once, start)
    back = np.full(len(dataset.catalogue), UNKNOWN)
    back[place[place >= 0]] = np.flatnonzero(place >= 0)
    folded = {"tastes/covered": back[rows].astype(np.int32), "tastes/video": vectors}
    if "tastes/graph" in live.arrays or len(rows) > params.recall.exact_videos:
        folded["tastes/graph"] = build_graph(vectors, params.recall)
    return folded


def _label_actions(new: NewRows) -> FloatArray:
    rows, catalogue = new.dataset.impressions, new.dataset.catalogue
    labels = label_rows(rows.actions, rows.watch_seconds, catalogue.duration_seconds[rows.video])
    return labels[:, :N_ACTIONS]


def _predict(
    predictor: HybridPredictor, matrix: FloatArray, slots: Any, reading: Any, market: IntArray
) -> FloatArray:
    probability, _ = predictor.predict_rows(matrix, [b for b in slots if len(b)], reading, market)
    return probability


def _gain_on(before: HybridPredictor, after: HybridPredictor, rows: TaughtRows) -> float:
    """Share of the log loss on the rows learnt from that the update took off; the gate holds it against
    what it gains elsewhere."""
    losses = []
    for predictor in (before, after):
        probability = _predict(predictor, rows.matrix, [rows.slots], rows.reading(), rows.market)
        each = row_log_loss(rows.label[:, :N_ACTIONS], probability) * rows.weight[:, :N_ACTIONS]
        losses.append(float(each.sum()))
    return 1 - losses[1] / losses[0] if losses[0] > 0 else 0.0
