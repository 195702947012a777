"""Random numbers by address: a draw of (seed, purpose, market, replicate, step) never depends on order.

So two variants of a video share every chance they have in common, a new market changes nothing elsewhere, and
any split of the work over shards, threads or workers gives the same bytes.
Mixing after splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
"""

from __future__ import annotations

import zlib

import numpy as np
from scipy.special import ndtri

from recommender.contracts import FloatArray, IntArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
#: uint64 arrays, as `branch` makes them.
Keys = IntArray


def make_key(seed: int, purpose: str) -> np.uint64:
    """The key of one purpose under one seed."""
    start = np.array(
        [np.uint64(seed & (2**64 - 1)) ^ np.uint64(zlib.crc32(purpose.encode()))], dtype=np.uint64
    )
    return np.uint64(_mix(start)[0])


def branch(key: np.uint64 | Keys, address: IntArray | int) -> Keys:
    """Keys one level down: element-wise, broadcasting, any integers."""
    with np.errstate(over="ignore"):
        below = np.asarray(address).astype(np.int64).astype(np.uint64) + np.uint64(1)
        return _mix(np.asarray(key, dtype=np.uint64) + below * _GOLDEN)


def draw_uniform(keys: Keys) -> FloatArray:
    """Uniform in (0, 1), float64, one a key.

    >>> [round(float(x), 3) for x in draw_uniform(branch(make_key(7, "demo"), np.arange(3)))]
    [0.801, 0.965, 0.806]
    """
    uniform: FloatArray = (keys >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54
    return uniform


def draw_normal(keys: Keys) -> FloatArray:
    """Standard normal, float64, one a key."""
    normal: FloatArray = ndtri(draw_uniform(keys))
    return normal


def draw_laplace(keys: Keys) -> FloatArray:
    """Double exponential with mean absolute size 1, float64, one a key."""
    away = draw_uniform(keys) - 0.5
    laplace: FloatArray = -np.sign(away) * np.log1p(-2 * np.abs(away))
    return laplace


def _mix(bits: Keys) -> Keys:
    with np.errstate(over="ignore"):
        first = (bits ^ (bits >> np.uint64(30))) * _FIRST
        second = (first ^ (first >> np.uint64(27))) * _SECOND
        mixed: Keys = second ^ (second >> np.uint64(31))
        return mixed
