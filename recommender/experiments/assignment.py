"""Who is in which arm: by hash, so that every process says the same and nothing has to be stored.

A layer spreads its units over experiments that exclude each other; layers are independent of one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from recommender.contracts import UNKNOWN, IntArray

#: Buckets of a layer and of an experiment: shares are kept to a hundredth of a percent.
N_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Design:
    """One experiment of a layer: the buckets it holds, and how it splits them.

    Raises
    ------
    ValueError
        if the buckets are no part of the layer, or the arms' shares do not add up to 1.
    """

    name: str
    layer: str
    first_bucket: int  # the layer's buckets [first_bucket, stop_bucket) belong to this experiment
    stop_bucket: int
    shares: tuple[float, ...]  # of the arms, the first is the control
    salt: str = ""  # what spreads the units over the arms; empty = the name

    def __post_init__(self) -> None:
        if not 0 <= self.first_bucket < self.stop_bucket <= N_BUCKETS:
            raise ValueError(
                f"experiment {self.name!r} takes buckets {self.first_bucket} to {self.stop_bucket}; "
                f"choose them between 0 and {N_BUCKETS}"
            )
        if len(self.shares) < 2 or min(self.shares) <= 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(
                f"experiment {self.name!r} has arms with shares {self.shares}; give two or more, sum 1"
            )


def check_layer(designs: Sequence[Design]) -> None:
    """Refuse a layer in which two experiments want the same units."""
    ordered = sorted(designs, key=lambda design: design.first_bucket)
    for one, other in pairwise(ordered):
        if other.first_bucket < one.stop_bucket:
            raise ValueError(
                f"experiments {one.name!r} and {other.name!r} share buckets of layer {one.layer!r} from "
                f"{other.first_bucket}; move one of them"
            )


def find_slot(taken: Sequence[tuple[int, int]], width: int) -> tuple[int, int] | None:
    """The first free buckets [first, stop) of a layer that are `width` wide; None if there are none.

    >>> find_slot([(0, 5000)], 2000), find_slot([(0, 5000)], 6000)
    ((5000, 7000), None)
    """
    first = 0
    for start, stop in sorted(taken):
        if start - first >= width:
            break
        first = max(first, stop)
    return (first, first + width) if first + width <= N_BUCKETS else None


def assign(design: Design, unit_id: IntArray) -> IntArray:
    """(n,) int8 arm of each unit (viewer, creator or time slice), UNKNOWN outside the experiment.

    >>> half = Design("colour", "page", 0, 10_000, (0.5, 0.5))
    >>> assign(half, np.array([1, 2, 3])).tolist() == assign(half, np.array([1, 2, 3])).tolist()
    True
    """
    layer_bucket = _bucket(design.layer, unit_id)
    inside = (layer_bucket >= design.first_bucket) & (layer_bucket < design.stop_bucket)
    edges = np.round(np.cumsum(design.shares) * N_BUCKETS)
    arm = np.searchsorted(
        edges, _bucket(f"{design.layer}/{design.salt or design.name}", unit_id), side="right"
    )
    arms: IntArray = np.where(inside, np.minimum(arm, len(design.shares) - 1), UNKNOWN).astype(np.int8)
    return arms


def assign_one(design: Design, unit_id: int) -> int:
    """The arm of one unit, exactly as `assign` has it: a request asks for one and has no time for arrays."""
    if not design.first_bucket <= _mix(_seed(design.layer), unit_id) < design.stop_bucket:
        return UNKNOWN
    bucket = _mix(_seed(f"{design.layer}/{design.salt or design.name}"), unit_id)
    filled = 0.0
    for arm, share in enumerate(design.shares):
        filled += share
        if bucket < round(filled * N_BUCKETS):
            return arm
    return len(design.shares) - 1


def slice_time(happened_at: IntArray, slice_seconds: int) -> IntArray:
    """(n,) int64 unit of a switchback design: everybody in the same slice of time has the same arm."""
    return np.asarray(happened_at).astype(np.int64) // slice_seconds


_WORD = (1 << 64) - 1


@lru_cache(maxsize=1024)
def _seed(salt: str) -> int:
    return int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little")


def _mix(seed: int, unit_id: int) -> int:
    """`_bucket` of one id in whole numbers."""
    x = (unit_id + seed) & _WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _WORD
    return (x ^ (x >> 31)) % N_BUCKETS


def _bucket(salt: str, unit_id: IntArray) -> IntArray:
    """(n,) int64 in [0, N_BUCKETS): splitmix64 (Steele et al., OOPSLA 2014) of the id, seeded by the salt."""
    seed = np.uint64(_seed(salt))
    with np.errstate(over="ignore"):
        x = np.asarray(unit_id).astype(np.uint64) + seed
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    bucket: IntArray = (x % np.uint64(N_BUCKETS)).astype(np.int64)
    return bucket
