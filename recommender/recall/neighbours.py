"""Lists of the videos that go with a video, and the vote of a viewer's past over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.contracts import UNKNOWN, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each covered video its strongest neighbours; padded with UNKNOWN and weight 0."""

    slot: IntArray  # (n_videos,) int32 row in `video`, UNKNOWN where the video is not covered
    video: IntArray  # (n_covered, k) int32 catalogue rows
    weight: FloatArray  # (n_covered, k) float32

    @classmethod
    def none(cls, n_videos: int) -> Neighbours:
        """Nothing is covered."""
        return cls(
            slot=np.full(n_videos, UNKNOWN, dtype=np.int32),
            video=np.zeros((0, 1), dtype=np.int32),
            weight=np.zeros((0, 1), dtype=np.float32),
        )

    def vote(self, seed: IntArray, seed_weight: FloatArray) -> FloatArray:
        """(n_videos,) float32: for each video the sum of seed weight x neighbour weight."""
        slot = self.slot[seed]
        covered = slot >= 0
        if not covered.any():
            return np.zeros(len(self.slot), dtype=np.float32)
        rows = slot[covered]
        weight = self.weight[rows] * seed_weight[covered, None]
        video = self.video[rows]
        # Padding votes for video 0 with weight 0.
        voted = np.bincount(np.maximum(video, 0).ravel(), weights=weight.ravel(), minlength=len(self.slot))
        return voted.astype(np.float32)


def keep_strongest(weights: FloatArray, covered: IntArray, k: int) -> tuple[IntArray, FloatArray]:
    """The k largest by absolute value of each row of a dense (c, c) matrix.

    Returns
    -------
    video : (c, k) int32 catalogue rows, by `covered`.
    weight : (c, k) float32.
    """
    k = min(k, weights.shape[1])
    video = np.empty((len(weights), k), dtype=np.int32)
    kept = np.empty((len(weights), k), dtype=np.float32)
    for row in range(len(weights)):
        strongest = np.argpartition(-np.abs(weights[row]), k - 1)[:k]
        video[row] = covered[strongest]
        kept[row] = weights[row, strongest]
    return video, kept


def keep_strongest_sparse(weights: sp.csr_matrix, k: int) -> tuple[IntArray, IntArray, FloatArray]:
    """The k largest of each non-empty row of a sparse square matrix.

    Returns
    -------
    covered : (c,) int32 rows that have neighbours.
    video, weight : (c, k) int32 and float32, padded with UNKNOWN and 0.
    """
    lengths = np.diff(weights.indptr)
    covered = np.flatnonzero(lengths).astype(np.int32)
    row_of = np.repeat(np.arange(weights.shape[0]), lengths)
    order = np.lexsort((-weights.data, row_of))
    rank = np.arange(len(order)) - np.repeat(weights.indptr[:-1], lengths)
    stays = rank < k
    slot = np.full(weights.shape[0], UNKNOWN, dtype=np.int64)
    slot[covered] = np.arange(len(covered))
    video = np.full((len(covered), k), UNKNOWN, dtype=np.int32)
    kept = np.zeros((len(covered), k), dtype=np.float32)
    chosen = order[stays]
    video[slot[row_of[chosen]], rank[stays]] = weights.indices[chosen]
    kept[slot[row_of[chosen]], rank[stays]] = weights.data[chosen]
    return covered, video, kept
