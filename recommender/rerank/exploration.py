"""Leave the most valuable video at times, on purpose and by chance, with a propensity that is exact.

Policy at each position: with the share of each lane draw from that lane, otherwise take the best; a lane with
nobody left takes the best. Lanes give new videos their first viewers, keep the floors, and try the tastes of
a viewer nobody knows. The propensity of a row sums over all ways in which it could have been shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.features.order import pick_top
from recommender.params import RerankParams

#: The lane of new videos.
NEW = "exploration"


@dataclass(frozen=True, slots=True)
class Lane:
    """Rows drawn by softmax of value; `lift` moves a row up by so many spreads of value."""

    name: str
    share: float  # of the positions, 0-1
    is_in: BoolArray  # (n,)
    lift: FloatArray | None = None  # (n,)

    def is_open(self, value: FloatArray) -> bool:
        """Is anybody left to be drawn?"""
        return bool((self.is_in & np.isfinite(value)).any())

    def holds(self, row: int) -> bool:
        """May this row be drawn?"""
        return bool(self.is_in[row])

    def chances(self, value: FloatArray, params: RerankParams) -> tuple[IntArray, FloatArray]:
        """Rows that may be drawn now and their chances; none where nobody is left."""
        pool = np.flatnonzero(self.is_in & np.isfinite(value))
        if not len(pool):
            return pool, np.zeros(0)
        moved = value[pool]
        if self.lift is not None:
            moved = moved + self.lift[pool] * max(float(moved.std()), 1e-6)
        if len(pool) > params.exploration_pool:
            kept = pick_top(moved, params.exploration_pool)
            pool, moved = pool[kept], moved[kept]
        return pool, soften(moved, params)


@dataclass(frozen=True, slots=True)
class ArmLane:
    """An arm is drawn, then its most valuable row is shown; arms with nobody left give their chance away."""

    name: str
    share: float
    arm: IntArray  # (n,) arm of each row, -1 = none
    chance: FloatArray  # (n_arms,) of each arm, sums to 1

    def is_open(self, value: FloatArray) -> bool:
        """Is anybody left to be drawn?"""
        return bool(((self.arm >= 0) & np.isfinite(value)).any())

    def holds(self, row: int) -> bool:
        """May this row be drawn?"""
        return bool(self.arm[row] >= 0)

    def chances(self, value: FloatArray, params: RerankParams) -> tuple[IntArray, FloatArray]:
        """The best row of each arm that has one, and the chance of the arm."""
        rows = np.flatnonzero(np.isfinite(value) & (self.arm >= 0))
        if not len(rows):
            return rows, np.zeros(0)
        order = rows[np.lexsort((-value[rows], self.arm[rows]))]
        arms, first = np.unique(self.arm[order], return_index=True)
        odds = self.chance[arms] + 1e-9
        best: IntArray = order[first]
        return best, odds / odds.sum()


class Exploration:
    """Draws for one page."""

    def __init__(
        self, lanes: Sequence[Lane | ArmLane], rng: np.random.Generator, params: RerankParams
    ) -> None:
        self.lanes = [lane for lane in lanes if lane.share > 0]
        together = sum(lane.share for lane in self.lanes)
        #: Lanes that ask for more than every position share what there is.
        self.scale = min(1.0, 1.0 / together) if together > 0 else 0.0
        self.rng = rng
        self.params = params

    def choose(self, value: FloatArray, best: int) -> tuple[int, float, str]:
        """The row shown at this position, its exact propensity given the page so far, and the lane.

        The lane is '' where the best is shown, however it came about.

        Parameters
        ----------
        value : (n,) -inf where a row may not be shown.
        best : the row of the largest value.
        """
        # Most positions take the best: chances are worked out where they are drawn from or name the best.
        open_lanes = [lane for lane in self.lanes if lane.is_open(value)]
        shares = [lane.share * self.scale for lane in open_lanes]
        drawn, row, name = float(self.rng.random()), best, ""
        found: dict[int, tuple[IntArray, FloatArray]] = {}
        for place, share in enumerate(shares):
            if 0.0 <= drawn < share:
                found[place] = open_lanes[place].chances(value, self.params)
                row = int(self.rng.choice(found[place][0], p=found[place][1]))
                name = open_lanes[place].name if row != best else ""
            drawn -= share
        propensity = (1.0 - sum(shares)) if row == best else 0.0
        for place, (lane, share) in enumerate(zip(open_lanes, shares, strict=True)):
            if lane.holds(row):
                rows, odds = found.get(place) or lane.chances(value, self.params)
                propensity += share * float(odds[rows == row].sum())
        return row, max(propensity, 1e-12), name


def spread_chance(lanes: Sequence[Lane | ArmLane], value: FloatArray, params: RerankParams) -> FloatArray:
    """(n,) chance of each row at one place, as `Exploration` draws it; zeros where nothing may be shown.

    `value` is (n,), -inf where a row may not be shown.
    """
    chance = np.zeros(len(value))
    if not np.isfinite(value).any():
        return chance
    wanted = [lane for lane in lanes if lane.share > 0]
    scale = min(1.0, 1.0 / max(sum(lane.share for lane in wanted), 1e-12))
    open_lanes = [lane for lane in wanted if lane.is_open(value)]
    chance[int(value.argmax())] = 1.0 - scale * sum(lane.share for lane in open_lanes)
    for lane in open_lanes:
        rows, odds = lane.chances(value, params)
        chance[rows] += scale * lane.share * odds
    return chance


def soften(value: FloatArray, params: RerankParams) -> FloatArray:
    """(n,) chance of each pool member to be drawn: softmax of (n,) values in units of their spread."""
    heat = max(float(value.std()) * params.exploration_temperature, 1e-9)
    weight = np.exp((value - value.max()).astype(np.float64) / heat)
    odds: FloatArray = weight / weight.sum()
    return odds
