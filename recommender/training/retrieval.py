"""Full-catalogue ranking of a held-out window: which videos will each viewer watch long that they never met?

All videos are ranked, none is sampled away; what a viewer has met is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.contracts import ACTION_INDEX, UNKNOWN, Dataset, FloatArray, Impressions, IntArray, Scenario
from recommender.features.order import pick_top
from recommender.flow import Engine, open_viewer, predict_candidates
from recommender.recall.gather import gather
from recommender.training.histories import owner_of_events
from recommender.training.metrics import bootstrap_interval, ndcg_at_k, paired_interval, recall_at_k
from recommender.training.states import build_timeline, state_at

#: Length of each list.
LIST_LENGTH = 20
#: (n_viewers_of_chunk,) viewer rows -> (n_viewers_of_chunk, n_videos) scores, larger is better.
Scorer = Callable[[IntArray], FloatArray]
_CHUNK_VIEWERS = 512


@dataclass(frozen=True, slots=True)
class RetrievalTask:
    """Who is asked, what they met, and what would have been right."""

    viewer: IntArray  # (n,) viewer rows with at least one target, ascending
    met: sp.csr_matrix  # (n_viewers, n_videos) 1 where the viewer met the video before the window
    target: sp.csr_matrix  # (n_viewers, n_videos) 1 for each target
    n_targets: IntArray  # (n,)


def build_task(known: Dataset, held_out: Impressions) -> RetrievalTask:
    """Targets are videos watched long in the window and never met before it."""
    shape = (len(known.viewers), len(known.catalogue))
    viewer = np.concatenate([owner_of_events(known.history), known.impressions.viewer])
    video = np.concatenate([known.history.video, known.impressions.video])
    met = _mark(viewer, video, shape)
    watched = np.flatnonzero(held_out.label("long_watch"))
    target = _mark(held_out.viewer[watched], held_out.video[watched], shape)
    target = (target - target.multiply(met)).tocsr()
    target.eliminate_zeros()
    asked = np.flatnonzero(np.diff(target.indptr))
    return RetrievalTask(asked, met, target, np.diff(target.indptr)[asked])


def positives_matrix(known: Dataset, weight: float = 1.0) -> sp.csr_matrix:
    """(n_viewers, n_videos) float32: `weight` where the viewer ever watched the video long."""
    bit = 1 << ACTION_INDEX["long_watch"]
    rows, history = known.impressions, known.history
    viewer = np.concatenate([owner_of_events(history), rows.viewer])
    video = np.concatenate([history.video, rows.video])
    long = np.flatnonzero(np.concatenate([history.actions, rows.actions]) & bit)
    matrix = _mark(viewer[long], video[long], (len(known.viewers), len(known.catalogue)))
    return (matrix * np.float32(weight)).tocsr()


def _mark(viewer: IntArray, video: IntArray, shape: tuple[int, int]) -> sp.csr_matrix:
    matrix = sp.csr_matrix((np.ones(len(viewer), dtype=np.float32), (viewer, video)), shape)
    matrix.data[:] = 1.0
    return matrix


def rank_all(task: RetrievalTask, score: Scorer) -> IntArray:
    """(n, LIST_LENGTH) int64 video rows, best first, of a model that scores every video."""
    lists = np.full((len(task.viewer), LIST_LENGTH), UNKNOWN, dtype=np.int64)
    for start in range(0, len(task.viewer), _CHUNK_VIEWERS):
        viewers = task.viewer[start : start + _CHUNK_VIEWERS]
        scores = np.array(score(viewers), dtype=np.float64)
        scores[task.met[viewers].nonzero()] = -np.inf
        for row, line in enumerate(scores):
            best = pick_top(line, LIST_LENGTH)
            lists[start + row, : len(best)] = best
    return lists


def rank_with_engine(engine: Engine, known: Dataset, viewers: IntArray) -> IntArray:
    """(n, LIST_LENGTH) int64 video rows of the product's pipeline: recall, features, prediction, affinity.

    Value weights, market rules and exploration are left out: they serve other aims than the next long watch.
    """
    timeline = build_timeline(known)
    lists = np.full((len(viewers), LIST_LENGTH), UNKNOWN, dtype=np.int64)
    for row, viewer in enumerate(viewers):
        state = state_at(timeline, int(viewer), known.cut_at)
        scenario = Scenario(happened_at=known.cut_at, market=state.market)
        profile, _ = open_viewer(engine, state, scenario)
        candidates = gather(engine.recall, profile, scenario, engine.fusion, engine.params.recall.candidates)
        predictions = predict_candidates(engine, profile, scenario, candidates)
        best = candidates.video[pick_top(predictions.affinity, LIST_LENGTH)]
        lists[row, : len(best)] = best
    return lists


def measure_lists(
    task: RetrievalTask, lists: IntArray, draws: int, seed: int
) -> dict[str, float | list[float]]:
    """NDCG and recall at 10 and 20, and the 95 % interval of each over viewers."""
    figures: dict[str, float | list[float]] = {}
    for name, values in list_metrics(task, lists).items():
        figures[name] = float(values.mean())
        figures[f"{name}_interval"] = list(bootstrap_interval(values, draws, seed))
    return figures


def list_metrics(task: RetrievalTask, lists: IntArray) -> dict[str, FloatArray]:
    """(n,) NDCG and recall at 10 and 20 of each viewer of the task, by name."""
    hits = np.zeros(lists.shape)
    for row, viewer in enumerate(task.viewer):
        wanted = task.target.indices[task.target.indptr[viewer] : task.target.indptr[viewer + 1]]
        hits[row] = np.isin(lists[row], wanted)
    return {
        f"{name}_at_{k}": metric(hits, task.n_targets, k)
        for k in (10, 20)
        for name, metric in (("ndcg", ndcg_at_k), ("recall", recall_at_k))
    }


def compare_with_best(
    task: RetrievalTask,
    lists: Mapping[str, IntArray],
    retrieval: Mapping[str, Mapping[str, Any]],
    draws: int,
    seed: int,
) -> dict[str, Any]:
    """For each metric the best peer, and the interval of (ours - peer) / peer, paired over viewers."""
    compared = {}
    for metric in ("ndcg_at_10", "ndcg_at_20", "recall_at_10", "recall_at_20"):
        best = max((name for name in lists if name != "ours"), key=lambda name: retrieval[name][metric])
        ours, theirs = list_metrics(task, lists["ours"])[metric], list_metrics(task, lists[best])[metric]
        interval = paired_interval(ours, theirs, draws, seed)
        gain = float(ours.mean() / max(theirs.mean(), 1e-12) - 1)
        compared[metric] = {"peer": best, "relative_gain": gain, "interval": list(interval)}
    return compared
