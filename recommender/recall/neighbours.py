"""Lists of the videos that go with a video, and the vote of a viewer's past over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.contracts import UNKNOWN, FloatArray, IntArray
from recommender.features.votes import Votes

#: Targets a vote must face before votes are sorted instead of counted over all targets.
_DENSE_BELOW = 8


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each covered video its strongest neighbours; padded with UNKNOWN and weight 0."""

    slot: IntArray  # (n_videos,) int32 row in `place`, UNKNOWN where the video is not covered
    target: IntArray  # (t,) int32 catalogue rows that are somebody's neighbour, ascending
    place: IntArray  # (n_covered, k) int32 positions in `target`; padding points at 0 with weight 0
    weight: FloatArray  # (n_covered, k) float32

    @classmethod
    def none(cls, n_videos: int) -> Neighbours:
        """Nothing is covered."""
        return cls(
            slot=np.full(n_videos, UNKNOWN, dtype=np.int32),
            target=np.zeros(0, dtype=np.int32),
            place=np.zeros((0, 1), dtype=np.int32),
            weight=np.zeros((0, 1), dtype=np.float32),
        )

    @classmethod
    def build(cls, slot: IntArray, video: IntArray, weight: FloatArray) -> Neighbours:
        """Neighbours out of catalogue rows `video`, (n_covered, k), padded with UNKNOWN."""
        is_target = np.zeros(len(slot), dtype=bool)
        is_target[video[video >= 0]] = True
        target = np.flatnonzero(is_target).astype(np.int32)
        position = np.zeros(len(slot), dtype=np.int32)
        position[target] = np.arange(len(target))
        place = np.where(video >= 0, position[video], 0).astype(np.int32)
        return cls(slot, target, place, np.where(video >= 0, weight, 0.0).astype(np.float32))

    def vote(self, seed: IntArray, seed_weight: FloatArray) -> Votes:
        """For each neighbour of a seed the sum of seed weight x neighbour weight."""
        slot = self.slot[seed]
        covered = slot >= 0
        if not covered.any() or not len(self.target):
            return Votes.none()
        rows = slot[covered]
        weight = (self.weight[rows] * seed_weight[covered, None]).ravel()
        place = self.place[rows].ravel()
        if len(place) * _DENSE_BELOW < len(
            self.target
        ):  # few votes: sorting them is less than a pass over all
            voted, place = np.unique(place, return_inverse=True)
            return Votes(self.target[voted], np.bincount(place, weights=weight).astype(np.float32))
        voted = np.bincount(place, weights=weight, minlength=len(self.target))
        return Votes(self.target, voted.astype(np.float32))


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
