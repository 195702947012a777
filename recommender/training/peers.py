"""The models ours is measured against, tuned on a time split of the known rows and fitted on the same rows.

`implicit` is a development dependency; without it the run says so instead of leaving the peer out in silence.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from recommender.contracts import ACTION_INDEX, Dataset, FloatArray, IntArray
from recommender.features.rates import RATE_COLUMNS, Counts, count_by, label_rows, mask_known
from recommender.training.histories import owner_of_events
from recommender.training.retrieval import (
    build_task,
    measure_lists,
    positives_matrix,
    rank_all,
)
from recommender.training.split import split_by_time

#: Grid of implicit's ALS: factors, regularisation, confidence. Wide, because narrow grids flatter the winner.
ALS_GRID = tuple(itertools.product((64, 128), (30.0, 100.0, 300.0), (10.0, 40.0)))
ALS_ITERATIONS = 15
#: Pseudo-impressions behind an item's rate.
RATE_STRENGTH = 20.0


@dataclass(frozen=True, slots=True)
class AlsFactors:
    """Factors of implicit's alternating least squares (Hu, Koren and Volinsky, ICDM 2008)."""

    viewer: FloatArray  # (n_viewers, f) float32
    video: FloatArray  # (n_videos, f) float32

    def score(self, viewers: IntArray) -> FloatArray:
        """(n, n_videos) scores."""
        scores: FloatArray = self.viewer[viewers] @ self.video.T
        return scores

    def score_pairs(self, viewer: IntArray, video: IntArray) -> FloatArray:
        """(n,) scores of pairs."""
        scores: FloatArray = np.einsum("nf,nf->n", self.viewer[viewer], self.video[video])
        return scores


def count_positives(known: Dataset) -> FloatArray:
    """(n_videos,) viewers who watched each video long."""
    counts: FloatArray = np.asarray(positives_matrix(known).sum(axis=0)).ravel()
    return counts


def count_rates(known: Dataset) -> Counts:
    """Impressions and outcomes per video, history included where it can tell."""
    rows, history = known.impressions, known.history
    duration = known.catalogue.duration_seconds
    n_videos = len(known.catalogue)
    shown = label_rows(rows.actions, rows.watch_seconds, duration[rows.video])
    past = label_rows(history.actions, history.watch_seconds, duration[history.video])
    return count_by(rows.video, shown, mask_known(shown, -1), n_videos) + count_by(
        history.video, past, mask_known(past, history.known_actions), n_videos
    )


def rate_videos(counts: Counts, action: str) -> FloatArray:
    """(n_videos,) smoothed rate of an action per video: (taken + s b) / (shown + s), b over all videos."""
    column = RATE_COLUMNS.index(action)
    shown, taken = counts.shown[:, column], counts.taken[:, column]
    base = taken.sum() / max(float(shown.sum()), 1.0)
    rate: FloatArray = (taken + RATE_STRENGTH * base) / (shown + RATE_STRENGTH)
    return rate


def fit_als(positives: sp.csr_matrix, factors: int, l2: float, alpha: float, seed: int) -> AlsFactors:
    """One fit of implicit's ALS on (n_viewers, n_videos) positives."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=factors,
        regularization=l2,
        alpha=alpha,
        iterations=ALS_ITERATIONS,
        random_state=seed,
        num_threads=0,
    )
    with threadpool_limits(1, "blas"):  # its own threads share the work; BLAS threads beside them only wait
        model.fit(positives, show_progress=False)
    return AlsFactors(np.asarray(model.user_factors), np.asarray(model.item_factors))


def tune_als(known: Dataset, window_seconds: float, seed: int) -> dict[str, Any]:
    """The setting of the grid with the best NDCG@10 on the newest known rows, fitted on the older ones."""
    before, held_out = split_by_time(known, known.impressions.happened_at[-1] - window_seconds)
    task = build_task(before, held_out)
    positives = positives_matrix(before)
    tried = []
    for factors, l2, alpha in ALS_GRID:
        started = time.perf_counter()
        lists = rank_all(task, fit_als(positives, factors, l2, alpha, seed).score)
        ndcg = measure_lists(task, lists, 10, seed)["ndcg_at_10"]
        seconds = round(time.perf_counter() - started, 2)
        tried.append({"factors": factors, "l2": l2, "alpha": alpha, "ndcg_at_10": ndcg, "seconds": seconds})
    best = max(tried, key=lambda line: float(str(line["ndcg_at_10"])))
    return {"best": best, "tried": tried, "viewers": len(task.viewer)}


def median_watch(known: Dataset, key: IntArray, n_keys: int, strength: float = 5.0) -> FloatArray:
    """(n_keys,) median watch seconds of the impressions of each key, drawn to the overall one where few."""
    rows = known.impressions
    overall = float(np.median(rows.watch_seconds))
    order = np.argsort(key, kind="stable")
    start = np.searchsorted(key[order], np.arange(n_keys + 1))
    medians = np.full(n_keys, overall)
    for code in range(n_keys):
        mine = rows.watch_seconds[order[start[code] : start[code + 1]]]
        if len(mine):
            share = len(mine) / (len(mine) + strength)
            medians[code] = share * float(np.median(mine)) + (1 - share) * overall
    return medians


def known_before_log(known: Dataset) -> sp.csr_matrix:
    """(n_viewers, n_videos) positives of the history alone: what peers may know while they calibrate."""
    history = known.history
    long = np.flatnonzero(history.actions & (1 << ACTION_INDEX["long_watch"]))
    shape = (len(known.viewers), len(known.catalogue))
    ones = np.ones(len(long), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (owner_of_events(history)[long], history.video[long])), shape)
    matrix.data[:] = 1.0
    return matrix
