"""How many views an account's next video will get: quantiles from its own past, before it is posted.

A committee of four small networks draws a straight line plus 24 bends per quantile over the columns of
`account_past` (Taylor, J. Forecasting 2000), held in order, then widened or narrowed by what creators outside
the fit really got (split conformal by group: Romano, Patterson and Candes, NeurIPS 2019).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.forecasts import Posts
from recommender.prediction.account_past import FEATURES, describe_posts, expect_level, summarise_pasts
from recommender.prediction.account_spread import fit_own_spread

#: Quantiles that are fitted; the median is the one in the middle.
LEVELS: tuple[float, ...] = (0.02, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.98)
MIDDLE = LEVELS.index(0.5)
_ENDS = (LEVELS.index(0.05), LEVELS.index(0.95))
#: Settled videos from which an account counts as known, and quantiles of the level that cut the groups.
_KNOWN_FROM = 1
N_GROUPS = 8
#: Features are cut this many deviations from the mean of the fit: no line may run far beyond its data.
_CUT = 5.0
#: Numbers fitted to 24,766 public videos of 895 creators of 2020; see "fitted_to" in the file.
FITTED_FILE = Path(__file__).with_name("account_reach.json")


@dataclass(frozen=True, slots=True)
class Network:
    """One member: a straight line and tanh bends over standardised columns."""

    inner: FloatArray  # (n_features, n_bends)
    inner_bias: FloatArray  # (n_bends,)
    outer: FloatArray  # (n_bends, n_levels)
    straight: FloatArray  # (n_features, n_levels)
    bias: FloatArray  # (n_levels,)

    def quantiles(self, columns: FloatArray) -> FloatArray:
        """(n, n_levels) ascending."""
        bends = np.tanh(columns @ self.inner + self.inner_bias)
        return order_lines(bends @ self.outer + columns @ self.straight + self.bias)


@dataclass(frozen=True, slots=True)
class Committee:
    """Members that differ by the seed they were fitted from; their mean is what counts."""

    mean: FloatArray  # (n_features,)
    spread: FloatArray  # (n_features,) standard deviations
    members: tuple[Network, ...]

    def standardise(self, features: FloatArray) -> FloatArray:
        """(n, n_features) in standard deviations, cut."""
        return np.clip((features - self.mean) / self.spread, -_CUT, _CUT)

    def quantiles(self, features: FloatArray) -> FloatArray:
        """(n, n_levels) ascending: ln views above the level the account starts from."""
        columns = self.standardise(features)
        total: FloatArray = sum(
            (member.quantiles(columns) for member in self.members), np.zeros((len(columns), len(LEVELS)))
        )
        return total / len(self.members)


def order_lines(raw: FloatArray) -> FloatArray:
    """(n, n_levels) ascending quantiles of raw outputs: the middle column and softplus steps away from it."""
    steps = np.logaddexp(0.0, raw)
    below = np.cumsum(steps[:, MIDDLE - 1 :: -1], axis=1)[:, ::-1]
    above = np.cumsum(steps[:, MIDDLE + 1 :], axis=1)
    middle = raw[:, MIDDLE : MIDDLE + 1]
    return np.concatenate([middle - below, middle, middle + above], axis=1)


@dataclass(frozen=True, slots=True)
class AccountForecaster:
    """Quantiles of ln views; learned by `training.reach_fit`, the same for `validate reach` and merchants."""

    prior: FloatArray  # (3,) of account_past.expect_level
    committee: Committee
    edges: FloatArray  # (N_GROUPS / 2 - 1,) level at which the groups are cut
    stretch: FloatArray  # (N_GROUPS, n_levels) distance from the middle, in distances of the committee
    shift: FloatArray  # (N_GROUPS,) of the middle, ln views
    fitted_to: Mapping[str, Any]

    def predict(self, posts: Posts) -> FloatArray:
        """(n, len(LEVELS)) ascending quantiles of ln views of each row, from its own past alone."""
        table = summarise_pasts(posts)
        level, by_size = expect_level(table, posts.followers, self.prior)
        raw = self.committee.quantiles(describe_posts(posts, table, by_size)) + level[:, None]
        calibrated = self.calibrate(raw, self.find_groups(level, table[:, 0]))
        return fit_own_spread(posts, calibrated, MIDDLE, _ENDS)

    def find_groups(self, level: FloatArray, n_settled: FloatArray) -> IntArray:
        """(n,) group of each row: with a known past or without, by the level it starts from."""
        known = (n_settled >= _KNOWN_FROM).astype(np.int64)
        group: IntArray = known * (N_GROUPS // 2) + np.searchsorted(self.edges, level)
        return group

    def calibrate(self, raw: FloatArray, group: IntArray) -> FloatArray:
        """(n, n_levels) raw quantiles, moved and stretched as their group asks for."""
        middle = raw[:, MIDDLE : MIDDLE + 1]
        moved = middle + self.shift[group][:, None] + (raw - middle) * self.stretch[group]
        ordered: FloatArray = np.maximum.accumulate(moved, axis=1)
        return ordered

    def to_dict(self) -> dict[str, Any]:
        """Names and numbers, for a file that can be read."""
        return {
            "fitted_to": dict(self.fitted_to),
            "levels": list(LEVELS),
            "prior": _spell(self.prior),
            "features": {
                name: {"mean": _spell(mean), "spread": _spell(spread)}
                for name, mean, spread in zip(
                    FEATURES, self.committee.mean, self.committee.spread, strict=True
                )
            },
            "members": [
                {name: _spell(getattr(member, name)) for name in _NETWORK_PARTS}
                for member in self.committee.members
            ],
            "group_edges": _spell(self.edges),
            "group_stretch": _spell(self.stretch),
            "group_shift": _spell(self.shift),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> AccountForecaster:
        """The forecaster that `to_dict` wrote.

        Raises
        ------
        ValueError
            If the numbers belong to other columns or quantiles than this code has.
        """
        columns = stored["features"]
        if tuple(columns) != FEATURES or tuple(stored["levels"]) != LEVELS:
            raise ValueError(
                "the fitted reach numbers are of other columns; run `manage.py validate reach --write-fitted`"
            )
        members = [
            Network(**{name: np.array(member[name]) for name in _NETWORK_PARTS})
            for member in stored["members"]
        ]
        return cls(
            prior=np.array(stored["prior"]),
            committee=Committee(
                mean=np.array([column["mean"] for column in columns.values()]),
                spread=np.array([column["spread"] for column in columns.values()]),
                members=tuple(members),
            ),
            edges=np.array(stored["group_edges"]),
            stretch=np.array(stored["group_stretch"]),
            shift=np.array(stored["group_shift"]),
            fitted_to=stored["fitted_to"],
        )


_NETWORK_PARTS = ("inner", "inner_bias", "outer", "straight", "bias")


def _spell(numbers: Any) -> Any:
    """Six significant digits: more than the data knows, fewer than a file wants."""
    rounded = np.vectorize(lambda number: float(f"{number:.6g}"))(numbers)
    return rounded.tolist() if rounded.ndim else float(rounded)


@lru_cache(maxsize=1)
def shipped_forecaster() -> AccountForecaster:
    """The forecaster whose numbers are part of the product."""
    return AccountForecaster.from_dict(json.loads(FITTED_FILE.read_text()))
