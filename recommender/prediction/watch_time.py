"""Expected watch seconds, debiased by duration: predict the quantile within videos of like length.

Formula: watch seconds -> rank within its duration group -> probability of each level of it -> seconds by the
group's quantiles (D2Q, Zhan et al., KDD 2022). Loops are cut at `watch_ratio_cap` durations before learning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.params import PredictionParams

#: Levels at which the quantile function of each group is stored.
_LEVELS = np.linspace(0.0, 1.0, 41).astype(np.float32)
#: Ranks above which a predictor says how likely the watch time lies.
WATCH_LEVELS: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_KNOTS = np.array([0.0, *WATCH_LEVELS, 1.0], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class WatchTimeHead:
    """Duration groups with the quantiles of their watch seconds: what a rank means in seconds."""

    edges: FloatArray  # (n_groups - 1,) float32 seconds
    quantiles: FloatArray  # (n_groups, 41) float32 seconds
    _middles: FloatArray = field(init=False, repr=False)  # (n_groups, n_levels + 1) seconds between levels

    def __post_init__(self) -> None:
        groups = np.arange(len(self.quantiles))
        ranks = (_KNOTS[1:] + _KNOTS[:-1]) / 2
        between = [self._to_seconds(np.full(len(groups), rank), groups) for rank in ranks]
        object.__setattr__(self, "_middles", np.stack(between, axis=1))

    def median_seconds(self, above: FloatArray, duration_seconds: FloatArray) -> FloatArray:
        """(n,) float32 typical watch seconds: what errors in seconds are measured against.

        `above` is (n, n_levels) float32: how likely the watch time ranks above each of WATCH_LEVELS.
        """
        survival = _complete(above)
        rows = np.arange(len(survival))
        knot = np.clip((survival >= 0.5).sum(axis=1) - 1, 0, len(_KNOTS) - 2)
        over, under = survival[rows, knot], survival[rows, knot + 1]
        step = np.where(over > under, (over - 0.5) / np.maximum(over - under, 1e-9), 0.5)
        rank = _KNOTS[knot] + (_KNOTS[knot + 1] - _KNOTS[knot]) * step
        return self._to_seconds(np.clip(rank, 0.0, 1.0), self._find_group(duration_seconds))

    def expected_seconds(self, above: FloatArray, duration_seconds: FloatArray) -> FloatArray:
        """(n,) float32 mean watch seconds: what a value formula adds up."""
        survival = _complete(above)
        mass = survival[:, :-1] - survival[:, 1:]
        middles = self._middles[self._find_group(duration_seconds)]
        seconds: FloatArray = np.einsum("nl,nl->n", mass, middles)
        return seconds.astype(np.float32)

    def _find_group(self, duration_seconds: FloatArray) -> IntArray:
        group: IntArray = np.searchsorted(self.edges, duration_seconds, side="right")
        return group

    def _to_seconds(self, rank: FloatArray, group: IntArray) -> FloatArray:
        """(n,) seconds at each rank of its group."""
        place = rank * (len(_LEVELS) - 1)
        low = np.minimum(place.astype(np.int64), len(_LEVELS) - 2)
        part = place - low
        seconds = self.quantiles[group, low] * (1 - part) + self.quantiles[group, low + 1] * part
        result: FloatArray = seconds.astype(np.float32)
        return result

    def to_arrays(self) -> dict[str, FloatArray]:
        """Arrays by name, for an artifact."""
        return {f"watch/{name}": getattr(self, name) for name in _HEAD_ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> WatchTimeHead:
        """The head that `to_arrays` wrote."""
        return cls(*(np.asarray(arrays[f"watch/{name}"]) for name in _HEAD_ARRAYS))


_HEAD_ARRAYS = ("edges", "quantiles")


def _complete(above: FloatArray) -> FloatArray:
    """(n, n_levels + 2) survival from 1 to 0, never rising."""
    survival: FloatArray = np.pad(np.minimum.accumulate(above, axis=1), ((0, 0), (1, 1)))
    survival[:, 0] = 1.0
    return survival


def group_durations(duration_seconds: FloatArray, n_groups: int) -> FloatArray:
    """(<= n_groups - 1,) float32 edges that cut durations into equally filled groups."""
    levels = np.linspace(0, 1, n_groups + 1)[1:-1]
    edges: FloatArray = np.unique(np.quantile(duration_seconds, levels)).astype(np.float32)
    return edges


def rank_watch_time(
    watch_seconds: FloatArray, duration_seconds: FloatArray, params: PredictionParams
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rank of each watch time within its duration group, and the groups.

    Returns
    -------
    rank : (n,) float32 in [0, 1], equal times share the middle of theirs.
    edges : (n_groups - 1,) float32 seconds.
    quantiles : (n_groups, 41) float32 seconds.
    """
    edges = group_durations(duration_seconds, params.duration_groups)
    group = np.searchsorted(edges, duration_seconds, side="right")
    seconds = _cut_loops(watch_seconds, duration_seconds, params)
    quantiles = np.zeros((len(edges) + 1, len(_LEVELS)), dtype=np.float32)
    rank = np.full(len(seconds), 0.5, dtype=np.float32)
    for code in range(len(edges) + 1):
        rows = np.flatnonzero(group == code)
        if len(rows):
            quantiles[code] = np.quantile(seconds[rows], _LEVELS)
            order = np.sort(seconds[rows])
            middle = np.searchsorted(order, seconds[rows], "left") + np.searchsorted(
                order, seconds[rows], "right"
            )
            rank[rows] = middle / (2 * len(rows))
    return rank, edges, quantiles


def mark_levels(rank: FloatArray) -> FloatArray:
    """(n, n_levels) float32: 1 where a rank lies above each of WATCH_LEVELS.

    >>> mark_levels(np.array([0.35]))[0].astype(int).tolist()
    [1, 1, 1, 0, 0, 0, 0, 0, 0]
    """
    marked: FloatArray = (rank[:, None] > np.array(WATCH_LEVELS)).astype(np.float32)
    return marked


def _cut_loops(
    watch_seconds: FloatArray, duration_seconds: FloatArray, params: PredictionParams
) -> FloatArray:
    ceiling = np.where(duration_seconds > 0, duration_seconds * params.watch_ratio_cap, np.inf)
    seconds: FloatArray = np.minimum(watch_seconds, ceiling)
    return seconds
