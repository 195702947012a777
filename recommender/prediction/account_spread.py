"""Widen or narrow an account's forecasts by how far its own earlier ones missed: its part of the calibration.

Only misses that had settled when the video went out count, shrunk towards the usual miss of all creators. On
creators outside the fit this leaves the pinball loss as it is and brings each creator's own coverage closer
to what was promised (standard deviation over creators of the 50 % coverage: 0.158 to 0.144, 0.165 to 0.152).
"""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray
from recommender.forecasts import Posts
from recommender.prediction.account_past import SETTLED_DAYS

#: Mean miss, in distances from the middle to the 5 or 95 % quantile on its side, cut at 3: real counts of
#: creators outside the fit (0.464 to 0.476 on three splits).
_USUAL_MISS, _LONGEST_MISS = 0.47, 3.0
#: Misses at the usual size that an account's own are shrunk by; 10 to 80 differ little.
_STRENGTH = 30.0
#: Own forecasts below which nothing is changed, and the most that widths change.
_MIN_MISSES, _MOST = 8, 3.0


def fit_own_spread(posts: Posts, quantiles: FloatArray, middle: int, ends: tuple[int, int]) -> FloatArray:
    """(n, n_levels) quantiles with their distances from the middle stretched by the account's own misses.

    Parameters
    ----------
    quantiles : (n, n_levels) ascending ln views; every row is a forecast from the row's own past.
    middle, ends : columns of the median and of the 5 and 95 % quantiles.
    """
    starts = np.flatnonzero(np.diff(posts.creator, prepend=posts.creator[:1] - 1))
    miss = _measure_misses(posts, quantiles, middle, ends)
    stretch = np.ones(len(posts))
    for start, stop in zip(starts, [*starts[1:], len(posts)], strict=True):
        times = posts.published_at[start:stop]
        n_settled = np.searchsorted(times, times - SETTLED_DAYS * 86_400, side="right")
        total = np.concatenate([[0.0], np.cumsum(miss[start:stop])])[n_settled]
        own = (total + _STRENGTH * _USUAL_MISS) / (n_settled + _STRENGTH) / _USUAL_MISS
        stretch[start:stop] = np.where(n_settled >= _MIN_MISSES, np.clip(own, 1 / _MOST, _MOST), 1.0)
    centre = quantiles[:, middle : middle + 1]
    stretched: FloatArray = centre + (quantiles - centre) * stretch[:, None]
    return stretched


def _measure_misses(posts: Posts, quantiles: FloatArray, middle: int, ends: tuple[int, int]) -> FloatArray:
    """(n,) how far each row was missed; a draft, without an outcome, as far as usual."""
    away = np.log(np.maximum(np.nan_to_num(posts.plays, nan=1.0), 1.0)) - quantiles[:, middle]
    low, high = (np.maximum(np.abs(quantiles[:, end] - quantiles[:, middle]), 1e-6) for end in ends)
    miss = np.minimum(np.where(away > 0, away / high, -away / low), _LONGEST_MISS)
    return np.where(np.isfinite(posts.plays), miss, _USUAL_MISS)
