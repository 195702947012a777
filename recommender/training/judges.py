"""Viewers whose rows judge updates and teach none: always the same ones, drawn by their id."""

from __future__ import annotations

import numpy as np

from recommender.contracts import BoolArray, IntArray


def find_judges(viewer_id: IntArray, share: float) -> BoolArray:
    """(n,) bool: which viewers judge; the same id is always on the same side.

    Formula: the 64 mixed bits of splitmix64 (Steele et al., OOPSLA 2014) below the share.

    >>> round(float(find_judges(np.arange(10_000), 0.2).mean()), 1)
    0.2
    """
    with np.errstate(over="ignore"):
        bits = np.asarray(viewer_id, dtype=np.int64).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits ^= bits >> np.uint64(31)
    is_judge: BoolArray = (bits >> np.uint64(11)).astype(np.float64) / 2.0**53 < share
    return is_judge
