"""The one way the engine orders things: largest first, ties by position, what is not finite left out."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray


def pick_top(scores: FloatArray, k: int) -> IntArray:
    """Positions of the k largest scores, largest first; ties by position; non-finite scores are left out.

    >>> [int(place) for place in pick_top(np.array([0.1, np.nan, 0.9, 0.5]), 2)]
    [2, 3]
    """
    if not np.isfinite(scores.sum()):
        scores = np.where(np.isfinite(scores), scores, -np.inf)
    if k < len(scores):
        chosen = np.sort(np.argpartition(-scores, k)[:k])
    else:
        chosen = np.arange(len(scores))
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    return chosen[np.isfinite(scores[chosen])]
