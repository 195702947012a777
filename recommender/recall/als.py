"""Fit and hold the factors behind `recall.tastes`: weighted least squares over who liked what.

A viewer is folded in by one small solve, so a like counts at once and a viewer nobody fitted has a taste too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.contracts import UNKNOWN, FloatArray, IntArray
from recommender.features.votes import Answer, Votes
from recommender.params import RecallParams
from recommender.recall.vectors import Graph, VectorIndex

#: Rows worked on together: bounds the (likes, f) intermediates to some tens of MB.
_CHUNK_ROWS = 2048
#: Conjugate gradients a sweep.
_GRADIENT_STEPS = 3
#: The same from nothing, for one viewer: the votes then differ from an exact solve in the third digit.
_FOLD_STEPS = 8


@dataclass(frozen=True, slots=True)
class Tastes:
    """One vector per covered video; a viewer's taste is solved from the videos they liked."""

    index: VectorIndex  # of the covered videos' vectors, (c, f)
    gram: FloatArray  # (f, f) float32, video' video + l2 I
    confidence: float  # what a like adds to the weight 1 of every pair

    @classmethod
    def none(cls, n_videos: int) -> Tastes:
        """Nothing is covered."""
        return cls(VectorIndex.none(n_videos), np.eye(1, dtype=np.float32), 1.0)

    @classmethod
    def build(
        cls,
        n_videos: int,
        covered: IntArray,
        video: FloatArray,
        l2: float,
        confidence: float,
        graph: Graph | None = None,
    ) -> Tastes:
        """Tastes over catalogue rows `covered`, (c,), with vectors `video`, (c, f), a graph over them."""
        if not len(covered):
            return cls.none(n_videos)
        here = video[covered >= 0]
        gram = here.T @ here + l2 * np.eye(video.shape[1], dtype=np.float32)
        return cls(VectorIndex.build(n_videos, covered, video, graph), gram.astype(np.float32), confidence)

    def fold_in(self, seed: IntArray, seed_weight: FloatArray) -> FloatArray:
        """(f,) taste behind a past of weighted likes: `seed` are catalogue rows, weights above 0."""
        slot = self.index.slot[seed]
        known = slot >= 0
        liked = self.index.vectors[slot[known]]
        trust = self.confidence * seed_weight[known]
        x: FloatArray = np.zeros(len(self.gram), dtype=np.float32)
        residual = liked.T @ (1.0 + trust)
        direction, size = residual, float(residual @ residual)
        for _ in range(_FOLD_STEPS):
            moved = self.gram @ direction + liked.T @ (trust * (liked @ direction))
            step = size / max(float(direction @ moved), 1e-20)
            x, residual = x + step * direction, residual - step * moved
            grown = float(residual @ residual)
            direction, size = residual + grown / max(size, 1e-20) * direction, grown
        taste: FloatArray = x.astype(np.float32)
        return taste

    def vote(self, seed: IntArray, seed_weight: FloatArray) -> Answer:
        """Scores of the covered videos; none where nothing the viewer liked is covered."""
        if not (self.index.slot[seed] >= 0).any():
            return Votes.none()
        return self.index.ask(self.fold_in(seed, seed_weight))


def fit_als(
    viewer: IntArray,
    video: IntArray,
    n_viewers: int,
    n_videos: int,
    params: RecallParams,
    start: tuple[IntArray, FloatArray] | None = None,
) -> tuple[IntArray, FloatArray]:
    """Alternating least squares over likes (Hu, Koren and Volinsky, ICDM 2008).

    Formula: minimise sum over all pairs of c (p - x'y)^2 + l2 (|x|^2 + |y|^2), where p is 1 and c is
    1 + confidence for a like, p is 0 and c is 1 otherwise.

    Parameters
    ----------
    viewer, video : (n,) rows of each like; repeats count once.
    start : covered rows and vectors of an earlier fit; videos that both know start from there, and half the
        sweeps do.

    Returns
    -------
    covered : (c,) int32 catalogue rows, ascending.
    vectors : (c, f) float32.
    """
    likes = np.bincount(video, minlength=n_videos)
    covered = np.sort(np.argsort(-likes, kind="stable")[: params.als_videos])
    covered = covered[likes[covered] > 0].astype(np.int32)
    n_factors = min(params.als_factors, len(covered), n_viewers)
    if n_factors < 1:
        return covered[:0], np.zeros((0, 1), dtype=np.float32)
    slot = np.full(n_videos, UNKNOWN)
    slot[covered] = np.arange(len(covered))
    inside = slot[video] >= 0
    ones = np.ones(int(inside.sum()), dtype=np.float32)
    liked = sp.csr_matrix((ones, (viewer[inside], slot[video[inside]])), (n_viewers, len(covered)))
    liked.data[:] = 1.0
    liked_by = liked.T.tocsr()
    rng = np.random.default_rng(params.factor_seed)
    vectors = (rng.standard_normal((len(covered), n_factors)) * 0.1).astype(np.float32)
    sweeps = params.als_sweeps
    if start is not None and start[1].shape[1] == n_factors:
        known, mine, theirs = np.intersect1d(covered, start[0], assume_unique=True, return_indices=True)
        vectors[mine] = start[1][theirs]
        sweeps = max(sweeps // 2, 1) if len(known) else sweeps
    tastes = np.zeros((n_viewers, n_factors), dtype=np.float32)
    for _ in range(sweeps):
        tastes = _improve_rows(liked, tastes, vectors, params)
        vectors = _improve_rows(liked_by, vectors, tastes, params)
    return covered, vectors


def _improve_rows(
    liked: sp.csr_matrix, rows: FloatArray, other: FloatArray, params: RecallParams
) -> FloatArray:
    """(n_rows, f) better vectors of the rows of `liked` given those of its columns, by conjugate gradients.

    Takács, Pilászy and Tikk, RecSys 2011: three steps from the last sweep's answer are as good as a solve.
    """
    gram = other.T @ other + params.als_l2 * np.eye(other.shape[1], dtype=np.float32)
    better = np.zeros_like(rows)
    for start in range(0, len(rows), _CHUNK_ROWS):
        span = slice(start, start + _CHUNK_ROWS)
        part = liked[span]
        if part.nnz:
            better[span] = _descend(part, rows[span], other, gram, params.als_confidence)
    return better


def _descend(
    liked: sp.csr_matrix, x: FloatArray, other: FloatArray, gram: FloatArray, confidence: float
) -> FloatArray:
    owner = np.repeat(np.arange(liked.shape[0]), np.diff(liked.indptr))
    vectors = other[liked.indices]  # (n_likes, f)

    def apply(direction: FloatArray) -> FloatArray:
        weight = confidence * np.einsum("nf,nf->n", vectors, direction[owner])
        spread = sp.csr_matrix((weight, liked.indices, liked.indptr), liked.shape)
        product: FloatArray = direction @ gram + spread @ other
        return product

    residual = (1.0 + confidence) * (liked @ other) - apply(x)
    direction, size = residual, np.einsum("nf,nf->n", residual, residual)
    for _ in range(_GRADIENT_STEPS):
        moved = apply(direction)
        step = size / np.maximum(np.einsum("nf,nf->n", direction, moved), 1e-20)
        x = x + step[:, None] * direction
        residual = residual - step[:, None] * moved
        new_size = np.einsum("nf,nf->n", residual, residual)
        direction = residual + (new_size / np.maximum(size, 1e-20))[:, None] * direction
        size = new_size
    x[np.diff(liked.indptr) == 0] = 0.0
    return x.astype(np.float32)
