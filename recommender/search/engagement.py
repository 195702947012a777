"""Clicks on search results with the position's share taken out (position-based model)."""

from __future__ import annotations

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.niche.params import SearchParams


def rate_clicks(
    row: IntArray, position: IntArray, is_clicked: BoolArray, n_rows: int, params: SearchParams | None = None
) -> FloatArray:
    """(n_rows,) float64 chance of a click by a viewer who looks, 0 to 1.

    `row` (n,) says which account was shown, `position` (n,) where (0 = first), `is_clicked` (n,) what came
    of it. Every showing counts as the share of a look that its position gets, so a click far down says more
    than one at the top (Joachims et al., WSDM 2017). Rates of few looks are drawn to the prior.

    >>> rates = rate_clicks(np.array([0, 1]), np.array([0, 9]), np.array([True, True]), 3)
    >>> bool(rates[1] > rates[0] > rates[2])
    True
    >>> bool(rates[0] > rates[2]), bool(rates[1] > rates[2])
    (True, True)
    """
    params = params or SearchParams()
    looks = (1.0 / (position + 1.0)) ** params.examination_power
    seen = np.bincount(row, weights=looks, minlength=n_rows)
    clicks = np.bincount(row, weights=is_clicked.astype(np.float64), minlength=n_rows)
    rate: FloatArray = (clicks + params.prior_looks * params.prior_click_rate) / (seen + params.prior_looks)
    return np.minimum(rate, 1.0)
