"""Content votes: what looks or sounds like a viewer's past, for videos that nobody has met yet as well."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray


def whiten(vectors: FloatArray) -> FloatArray:
    """(n_videos, d) float32: every dimension centred and of variance 1, every row of length 1."""
    centred = np.asarray(vectors, dtype=np.float32)
    centred = centred - centred.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = centred / np.where(spread > 1e-6, spread, 1.0)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    white: FloatArray = np.divide(scaled, length, out=np.zeros_like(scaled), where=length > 0)
    return white


def compare_all(white: FloatArray, sharpness: float) -> FloatArray:
    """(n_videos, n_videos) float32 exp(sharpness (cosine - 1)), 0 on the diagonal.

    Near neighbours carry the vote: with a mean of plain cosines a thousand strangers outvote one twin.
    """
    alike = np.exp(sharpness * (white @ white.T - 1.0)).astype(np.float32)
    np.fill_diagonal(alike, 0.0)
    return alike


def project_factors(white: FloatArray, likes: FloatArray, factors: FloatArray, l2: float) -> FloatArray:
    """(n_videos, f) float32 collaborative vectors guessed from content alone, by ridge regression.

    Parameters
    ----------
    likes : (n_videos,) how often each was liked; a vector learned from many likes weighs more, one from none
        is not learned from.
    factors : (n_videos, f) vectors of a collaborative fit.
    """
    inputs = np.concatenate([white, np.ones((len(white), 1), dtype=np.float32)], axis=1)
    weight = np.sqrt(likes)[:, None].astype(np.float32)
    weighted = inputs * weight
    system = weighted.T @ weighted + l2 * np.eye(inputs.shape[1], dtype=np.float32)
    guess: FloatArray = inputs @ np.linalg.solve(system, weighted.T @ (factors * weight))
    return guess.astype(np.float32)
