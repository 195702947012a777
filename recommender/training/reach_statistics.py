"""Statistics that hold a simulated world against real counts: spread, concentration, tail, rank-size."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.stats import spearmanr

from recommender.contracts import FloatArray

#: Smallest part of the counts, from the top, that may be called the tail.
_TAIL_PARTS = np.geomspace(0.01, 0.5, 25)
#: Shares of the videos, from the largest, at which rank-size curves are compared.
RANKS = np.geomspace(0.002, 1.0, 60)


def measure_gini(views: FloatArray) -> float:
    """0 = all alike, 1 = one has everything.

    >>> measure_gini(np.array([1.0, 1.0, 1.0, 1.0])), measure_gini(np.array([0.0, 0.0, 0.0, 1.0]))
    (0.0, 0.75)
    """
    ordered = np.sort(views)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def share_of_top(views: FloatArray, part: float) -> float:
    """Share of all views that the largest `part` of the videos has."""
    ordered = np.sort(views)[::-1]
    return float(ordered[: max(round(part * len(views)), 1)].sum() / ordered.sum())


def fit_tail(views: FloatArray) -> float:
    """Exponent of the complementary distribution's tail: Hill's estimate above the start that fits best.

    The start has the smallest Kolmogorov-Smirnov distance (Clauset, Shalizi and Newman, SIAM Review 2009).
    """
    ordered = np.log(np.sort(views[views > 0])[::-1])
    best = (np.inf, np.nan)
    for part in _TAIL_PARTS:
        k = max(int(part * len(ordered)), 20)
        excess = ordered[:k] - ordered[min(k, len(ordered) - 1)]
        exponent = k / max(excess.sum(), 1e-12)
        distance = np.abs(np.exp(-exponent * excess) - np.arange(1, k + 1) / k).max()
        best = min(best, (float(distance), float(exponent)))
    return best[1]


def rank_size(views: FloatArray) -> FloatArray:
    """(len(RANKS),) ln views of the video at each rank."""
    curve: FloatArray = np.quantile(np.log(np.maximum(views, 1.0)), 1 - RANKS)
    return curve


World = Mapping[str, FloatArray]


def measure_rates(world: World, name: str) -> FloatArray:
    """(n,) ln odds of a count per view, half a count added."""
    share = (world[name] + 0.5) / (world["plays"] + 1)
    odds: FloatArray = np.log(share / np.maximum(1 - share, 1e-3))
    return odds


def _pair_rates(first: str, second: str) -> Callable[[World], float]:
    def correlate(world: World) -> float:
        return float(np.corrcoef(measure_rates(world, first), measure_rates(world, second))[0, 1])

    return correlate


def _quantile_of_rate(name: str, level: float) -> Callable[[World], float]:
    return lambda world: float(np.quantile((world[name] + 0.5) / (world["plays"] + 1), level))


#: name -> the statistic of a world with columns plays, likes, comments, shares.
STATISTICS: dict[str, Callable[[World], float]] = {
    "sd_ln_views": lambda world: float(np.log(np.maximum(world["plays"], 1.0)).std()),
    "median_views": lambda world: float(np.median(world["plays"])),
    "gini": lambda world: measure_gini(world["plays"]),
    "top_1_percent": lambda world: share_of_top(world["plays"], 0.01),
    "top_10_percent": lambda world: share_of_top(world["plays"], 0.10),
    "tail_exponent": lambda world: fit_tail(world["plays"]),
    **{
        f"{name[:-1]}_rate_q{round(100 * level):02d}": _quantile_of_rate(name, level)
        for name in ("likes", "comments", "shares")
        for level in (0.05, 0.25, 0.5, 0.75, 0.95)
    },
    "correlation_like_comment": _pair_rates("likes", "comments"),
    "correlation_like_share": _pair_rates("likes", "shares"),
    "correlation_comment_share": _pair_rates("comments", "shares"),
    "spearman_views_comment_rate": lambda world: float(
        spearmanr(world["plays"], measure_rates(world, "comments")).statistic
    ),
}
