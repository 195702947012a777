"""Give new videos a first audience, by chance and with a propensity that off-policy evaluation can use.

Policy at each position: with probability `exploration_share` draw from the best new videos by softmax of
value, otherwise take the best; with no new video left, take the best.
"""

from __future__ import annotations

import numpy as np

from recommender.contracts import BoolArray, FloatArray
from recommender.features.order import pick_top
from recommender.params import RerankParams


class Exploration:
    """Draws for one page."""

    def __init__(self, is_new: BoolArray, rng: np.random.Generator, params: RerankParams) -> None:
        self.is_new = is_new
        self.rng = rng
        self.params = params

    def choose(self, value: FloatArray, best: int) -> tuple[int, float, bool]:
        """The row shown at this position, its exact propensity given the page so far, and: was it explored?

        Parameters
        ----------
        value : (n,) -inf where a row may not be shown.
        best : the row of the largest value.
        """
        share = self.params.exploration_share
        pool = np.flatnonzero(self.is_new & np.isfinite(value))
        if share <= 0 or not len(pool):
            return best, 1.0, False
        explored = bool(self.rng.random() < share)
        if not explored and not self.is_new[best]:
            return best, 1.0 - share, False
        if len(pool) > self.params.exploration_pool:
            pool = pool[pick_top(value[pool], self.params.exploration_pool)]
        odds = soften(value[pool], self.params)
        row = int(self.rng.choice(pool, p=odds)) if explored else best
        propensity = (1.0 - share) * (row == best) + share * float(odds[pool == row].sum())
        return row, propensity, explored and row != best


def soften(value: FloatArray, params: RerankParams) -> FloatArray:
    """(n,) chance of each pool member to be drawn: softmax of (n,) values in units of their spread."""
    heat = max(float(value.std()) * params.exploration_temperature, 1e-9)
    weight = np.exp((value - value.max()).astype(np.float64) / heat)
    odds: FloatArray = weight / weight.sum()
    return odds
