"""Fit and hold the factors behind `recall.factors`: exact products over the most-liked videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg

from recommender.contracts import UNKNOWN, FloatArray, IntArray
from recommender.features.votes import Answer, Votes
from recommender.params import RecallParams
from recommender.recall.vectors import Graph, VectorIndex


@dataclass(frozen=True, slots=True)
class Factors:
    """How each covered video is read from a past, and scored against a taste."""

    read: FloatArray  # (c, f) float32
    index: VectorIndex  # of what scores each covered video, (c, f), in the rows of `read`

    @classmethod
    def none(cls, n_videos: int) -> Factors:
        """Nothing is covered."""
        return cls(np.zeros((0, 1), dtype=np.float32), VectorIndex.none(n_videos))

    @classmethod
    def build(
        cls,
        n_videos: int,
        covered: IntArray,
        read: FloatArray,
        score: FloatArray,
        graph: Graph | None = None,
    ) -> Factors:
        """Factors over catalogue rows `covered`, (c,); `read`, `score` are (c, f), `graph` is of `score`."""
        return cls(read, VectorIndex.build(n_videos, covered, score, graph))

    def vote(self, seed: IntArray, seed_weight: FloatArray) -> Answer:
        """Scores of the covered videos for a past of weighted likes."""
        if not (self.index.slot[seed] >= 0).any():
            return Votes.none()
        return self.index.ask(self.fold_in(seed, seed_weight))

    def fold_in(self, seed: IntArray, seed_weight: FloatArray) -> FloatArray:
        """(f,) taste behind a past of weighted likes."""
        slot = self.index.slot[seed]
        known = slot >= 0
        taste: FloatArray = seed_weight[known] @ self.read[slot[known]]
        return taste

    def score_pairs(self, taste: FloatArray, video: IntArray) -> FloatArray:
        """(n,) score of one video for each row of `taste`, (n, f)."""
        slot = self.index.slot[video]
        scores: FloatArray = np.zeros(len(video), dtype=np.float32)
        known = np.flatnonzero(slot >= 0)
        scores[known] = np.einsum("nf,nf->n", taste[known], self.index.vectors[slot[known]])
        return scores


def fit_factors(
    viewer: IntArray, video: IntArray, n_viewers: int, n_videos: int, params: RecallParams
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Truncated singular vectors of the discounted likes.

    Formula: R = D_u^-p X D_v^-p, V its first right singular vectors, score = x D_v^-p V V' D_v^p.

    Returns
    -------
    covered : (c,) int32 catalogue rows, ascending.
    read, score : (c, f) float32, D_v^-p V and D_v^p V.
    """
    likes = np.bincount(video, minlength=n_videos)
    covered = np.sort(np.argsort(-likes, kind="stable")[: params.factor_videos])
    covered = covered[likes[covered] > 0].astype(np.int32)
    # Nearly as many factors as videos would only repeat the past.
    n_factors = min(params.factors, len(covered) // 4, n_viewers - 1)
    if n_factors < 1:
        nothing = np.zeros((0, 1), dtype=np.float32)
        return covered[:0], nothing, nothing
    slot = np.full(n_videos, UNKNOWN)
    slot[covered] = np.arange(len(covered))
    inside = slot[video] >= 0
    ones = np.ones(int(inside.sum()), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (viewer[inside], slot[video[inside]])), (n_viewers, len(covered)))
    matrix.data[:] = 1.0
    activity = np.maximum(np.diff(matrix.indptr), 1).astype(np.float32)
    liked = np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1).astype(np.float32)
    power = params.factor_discount_power
    discounted = sp.diags(activity**-power) @ matrix @ sp.diags(liked**-power)
    start = np.random.default_rng(params.factor_seed).standard_normal(min(discounted.shape))
    _, _, vectors = scipy.sparse.linalg.svds(discounted.astype(np.float32), k=n_factors, v0=start)
    vectors = vectors.T.astype(np.float32)
    return covered, vectors * (liked**-power)[:, None], vectors * (liked**power)[:, None]
