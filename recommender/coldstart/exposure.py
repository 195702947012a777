"""Who is seen: shares of newcomers, small creators and home creators, inequality, coverage, and the floors.

The same figures are reported to operators, kept by the re-rank, and watched over simulated retrainings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.loop_params import FloorParams

#: What a floor is kept for, in the order of `ExposureShares.shares`.
KEPT: tuple[str, ...] = ("newcomers", "small_creators", "home_market")


@dataclass(frozen=True, slots=True)
class ExposureShares:
    """Exposure of one span, by the viewers' market."""

    impressions: FloatArray  # (m,) in all
    shares: FloatArray  # (m, len(KEPT)) of them, NaN where nothing was shown
    coverage: FloatArray  # (m,) share of the admitted videos shown at least once, NaN without one
    gini: float  # of impressions over videos, 0 = all alike, 1 = one video has all; NaN without impressions


def measure_exposure(
    shown: FloatArray,
    is_admitted: BoolArray,
    is_new: BoolArray,
    is_small: BoolArray,
    home: IntArray,
) -> ExposureShares:
    """Figures of a span.

    Parameters
    ----------
    shown : (n_videos, m) impressions by the viewers' market.
    is_admitted : (n_videos, m) bool what each market's rules let through.
    is_new, is_small : (n_videos,) bool.
    home : (n_videos,) market code of the creator.
    """
    total = shown.sum(axis=0)
    at_home = home[:, None] == np.arange(shown.shape[1])
    parts = (is_new[:, None], is_small[:, None], at_home)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.stack([(shown * part).sum(axis=0) / total for part in parts], axis=1)
        coverage = ((shown > 0) & is_admitted).sum(axis=0) / is_admitted.sum(axis=0)
    return ExposureShares(total, shares, coverage, measure_gini(shown.sum(axis=1)))


def measure_gini(counts: FloatArray) -> float:
    """Gini coefficient of (n,) counts >= 0.

    Formula: sum_i (2 i - n - 1) x_i / (n sum x), x ascending, i from 1.

    >>> measure_gini(np.array([1.0, 1.0, 1.0, 1.0])), measure_gini(np.array([0.0, 0.0, 0.0, 4.0]))
    (0.0, 0.75)
    """
    n, total = len(counts), float(counts.sum())
    if not n or total <= 0:
        return float("nan")
    ranked = np.sort(counts)
    return float(((2 * np.arange(1, n + 1) - n - 1) * ranked).sum() / (n * total))


def find_small(creator: IntArray, shown: FloatArray, params: FloorParams) -> BoolArray:
    """(n_videos,) bool: the video's creator has fewer impressions than the quantile of all creators.

    Parameters
    ----------
    creator : (n_videos,) creator codes from 0.
    shown : (n_videos,) impressions of each video.
    """
    if not len(creator):
        return np.zeros(0, dtype=np.bool_)
    total = np.bincount(creator, weights=shown)
    has_videos = np.bincount(creator) > 0
    bar = float(np.quantile(total[has_videos], params.small_quantile))
    is_small: BoolArray = total[creator] <= bar
    return is_small


def list_floors(params: FloorParams) -> dict[str, float]:
    """Floor by name, in the order of KEPT."""
    return {name: float(getattr(params, name)) for name in KEPT}


def keep_floors(shares: FloatArray, params: FloorParams) -> list[Mapping[str, float]]:
    """Per market: the part of the positions that must be drawn for each floor that is not met.

    Formula: gain x (floor - share) where positive; together at most `most_share`. What nobody has measured
    yet
    (NaN) is drawn for nothing: a first day has no shares.
    """
    floors = np.array(list(list_floors(params).values()))
    missing = params.gain * np.clip(floors - np.nan_to_num(shares, nan=1.0), 0.0, None)
    together = missing.sum(axis=1, keepdims=True)
    missing = missing * np.minimum(1.0, params.most_share / np.maximum(together, 1e-9))
    return [{name: float(part) for name, part in zip(KEPT, row, strict=True) if part > 0} for row in missing]
