"""Expected watch seconds, debiased by duration: predict the quantile within videos of like length.

Formula: watch seconds -> rank within its duration group -> regression -> seconds by the group's quantiles
(D2Q, Zhan et al., KDD 2022). Loops are cut at `watch_ratio_cap` durations before learning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray
from recommender.params import PredictionParams

#: Levels at which the quantile function of each group is stored.
_LEVELS = np.linspace(0.0, 1.0, 41).astype(np.float32)
#: Knots of the map from predicted rank to the seconds that were really watched.
_KNOTS = 12


@dataclass(frozen=True, slots=True)
class WatchTimeHead:
    """Duration groups with the quantiles of their watch seconds, and what a predicted rank means in them."""

    edges: FloatArray  # (n_groups - 1,) float32 seconds
    quantiles: FloatArray  # (n_groups, 41) float32 seconds
    knots: FloatArray  # (n_knots,) float32 predicted ranks, ascending
    medians: FloatArray  # (n_knots,) float32 rank of the median outcome at each knot, ascending
    means: FloatArray  # (n_knots,) float32 mean outcome over the group's mean at each knot, ascending

    def median_seconds(self, rank: FloatArray, duration_seconds: FloatArray) -> FloatArray:
        """(n,) float32 typical watch seconds: what errors in seconds are measured against.

        `rank` is (n,) the predicted place in [0, 1] among videos of like duration.
        """
        group = np.searchsorted(self.edges, duration_seconds, side="right")
        place = np.clip(np.interp(rank, self.knots, self.medians), 0, 1) * (len(_LEVELS) - 1)
        low = np.minimum(place.astype(np.int64), len(_LEVELS) - 2)
        part = place - low
        seconds = self.quantiles[group, low] * (1 - part) + self.quantiles[group, low + 1] * part
        result: FloatArray = seconds.astype(np.float32)
        return result

    def expected_seconds(self, rank: FloatArray, duration_seconds: FloatArray) -> FloatArray:
        """(n,) float32 mean watch seconds: what a value formula adds up."""
        group = np.searchsorted(self.edges, duration_seconds, side="right")
        scale = np.interp(rank, self.knots, self.means)
        seconds: FloatArray = (scale * self.quantiles.mean(axis=1)[group]).astype(np.float32)
        return seconds

    def to_arrays(self) -> dict[str, FloatArray]:
        """Arrays by name, for an artifact."""
        return {f"watch/{name}": getattr(self, name) for name in _HEAD_ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> WatchTimeHead:
        """The head that `to_arrays` wrote."""
        return cls(*(np.asarray(arrays[f"watch/{name}"]) for name in _HEAD_ARRAYS))


_HEAD_ARRAYS = ("edges", "quantiles", "knots", "medians", "means")


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


def fit_watch_time(
    predicted: FloatArray, watch_seconds: FloatArray, duration_seconds: FloatArray, params: PredictionParams
) -> WatchTimeHead:
    """Learn what a predicted rank, (n,) in [0, 1], means in seconds; duration 0 is the shortest group."""
    rank, edges, quantiles = rank_watch_time(watch_seconds, duration_seconds, params)
    group = np.searchsorted(edges, duration_seconds, side="right")
    group_mean = np.maximum(quantiles.mean(axis=1)[group], 1e-3)
    relative = _cut_loops(watch_seconds, duration_seconds, params) / group_mean
    parts = [part for part in np.array_split(np.argsort(predicted, kind="stable"), _KNOTS) if len(part)]
    knots = np.array([predicted[part].mean() for part in parts])
    medians = np.maximum.accumulate([np.median(rank[part]) for part in parts])
    means = np.maximum.accumulate([relative[part].mean() for part in parts])
    return WatchTimeHead(
        edges, quantiles, knots.astype(np.float32), medians.astype(np.float32), means.astype(np.float32)
    )


def _cut_loops(
    watch_seconds: FloatArray, duration_seconds: FloatArray, params: PredictionParams
) -> FloatArray:
    ceiling = np.where(duration_seconds > 0, duration_seconds * params.watch_ratio_cap, np.inf)
    seconds: FloatArray = np.minimum(watch_seconds, ceiling)
    return seconds
