"""How much of one country's taste travels to another: fitted to the overlap of popular tags of 111 countries.

logit overlap(c, d) = base + a_c + a_d + b_language L + b_share J + u_c . u_d, by alternating ridge
regression: L is the overlap of language shares, J the chance that two people share a language, u a few
hidden traits of a country learnt from its overlap with third countries.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.markets import MARKET_CODES

#: Hidden traits, and the ridge that holds them and the country effects: chosen on pairs outside the eight
#: markets.
_TRAITS, _RIDGE, _ROUNDS = 5, 1.0, 12
_FOLDS = 10


@dataclass(frozen=True, slots=True)
class Pairs:
    """Country pairs, one row each."""

    countries: tuple[str, ...]
    first: IntArray  # (n,) index into countries
    second: IntArray  # (n,)
    overlap: FloatArray  # (n,) share of popular tags in common, 0-1
    language: FloatArray  # (n,) overlap of language shares, 0-1
    sharing: FloatArray  # (n,) chance that two people share a language, 0-1

    @property
    def is_target(self) -> BoolArray:
        """(n,) both countries are cart markets: 28 pairs."""
        ours = np.isin(self.countries, MARKET_CODES)
        both: BoolArray = ours[self.first] & ours[self.second]
        return both


def read_pairs(path: Path) -> Pairs:
    """The file of overlaps.

    Raises
    ------
    ValueError
        If it is missing or lacks a column.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        names = tuple(sorted({row[key] for row in rows for key in ("country_a", "country_b")}))
        code = {name: place for place, name in enumerate(names)}
        return Pairs(
            names,
            np.array([code[row["country_a"]] for row in rows]),
            np.array([code[row["country_b"]] for row in rows]),
            *(
                np.array([float(row[key]) for row in rows])
                for key in ("tag_overlap", "language_share_overlap", "p_share_a_language")
            ),
        )
    except (OSError, KeyError) as problem:
        raise ValueError(f"{path} cannot be read as overlaps of country pairs: {problem!r}") from problem


def fit_pairs(pairs: Pairs, rows: BoolArray) -> FloatArray:
    """(n,) predicted logit of every pair, learnt from the rows alone."""
    target = _logit(pairs.overlap)
    n, n_countries = len(target), len(pairs.countries)
    design = np.zeros((n, n_countries + 3))
    place = np.arange(n)
    design[place, pairs.first] += 1
    design[place, pairs.second] += 1
    design[:, -3:] = np.stack([pairs.language, pairs.sharing, np.ones(n)], axis=1)
    ridge = np.diag([1.0] * n_countries + [0.0] * 3)
    rng = np.random.default_rng(0)
    traits = 0.1 * rng.normal(size=(n_countries, _TRAITS))
    together = np.zeros(n)
    for _ in range(_ROUNDS):
        inner = design[rows].T @ design[rows] + ridge
        plain = design @ np.linalg.solve(inner, design[rows].T @ (target - together)[rows])
        rest = target - plain
        for country in range(n_countries):
            mine = np.flatnonzero(rows & ((pairs.first == country) | (pairs.second == country)))
            other = np.where(pairs.first[mine] == country, pairs.second[mine], pairs.first[mine])
            known = traits[other]
            inner = known.T @ known + _RIDGE * np.eye(_TRAITS)
            traits[country] = np.linalg.solve(inner, known.T @ rest[mine]) if len(mine) else 0.0
        together = (traits[pairs.first] * traits[pairs.second]).sum(axis=1)
    predicted: FloatArray = plain + together
    return predicted


def validate_spillover(pairs: Pairs) -> dict[str, Any]:
    """Rank correlation on pairs outside the fit, with a whole country outside, and of language alone."""
    target = pairs.is_target
    unseen = fit_pairs(pairs, ~target)
    left_out, count = np.zeros(len(target)), np.zeros(len(target))
    per_country = {}
    for country, name in enumerate(pairs.countries):
        mine = (pairs.first == country) | (pairs.second == country)
        predicted = fit_pairs(pairs, ~mine)
        left_out[mine] += predicted[mine]
        count[mine] += 1
        per_country[name] = _rank(predicted[mine], pairs.overlap[mine])
    folds = np.random.default_rng(7).integers(0, _FOLDS, len(target))
    crossed = np.zeros(len(target))
    for fold in range(_FOLDS):
        crossed[folds == fold] = fit_pairs(pairs, folds != fold)[folds == fold]
    return {
        "pairs": len(target),
        "target_pairs": int(target.sum()),
        "spearman_target_pairs_outside_fit": _rank(unseen[target], pairs.overlap[target]),
        "spearman_language_alone": _rank(pairs.language[target], pairs.overlap[target]),
        "r2_ten_fold_all_pairs": _explain(crossed, _logit(pairs.overlap)),
        "leave_one_country_out": {
            "spearman_all_pairs": _rank(left_out / count, pairs.overlap),
            "spearman_target_pairs": _rank((left_out / count)[target], pairs.overlap[target]),
            "median_spearman_of_a_country": float(np.median(list(per_country.values()))),
            "markets": {code: per_country[code] for code in MARKET_CODES if code in per_country},
        },
    }


def predict_markets(pairs: Pairs) -> FloatArray:
    """(8, 8) overlap between the markets as the fit on all pairs sees it, 1 on the diagonal."""
    predicted = 1 / (1 + np.exp(-fit_pairs(pairs, np.ones(len(pairs.overlap), dtype=bool))))
    matrix = np.eye(len(MARKET_CODES))
    for row in np.flatnonzero(pairs.is_target):
        first, second = (
            MARKET_CODES.index(pairs.countries[side[row]]) for side in (pairs.first, pairs.second)
        )
        matrix[first, second] = matrix[second, first] = predicted[row]
    return matrix


def _logit(share: FloatArray) -> FloatArray:
    inside = np.clip(share, 1e-3, 1 - 1e-3)
    odds: FloatArray = np.log(inside / (1 - inside))
    return odds


def _rank(predicted: FloatArray, real: FloatArray) -> float:
    return float(spearmanr(predicted, real).statistic)


def _explain(predicted: FloatArray, real: FloatArray) -> float:
    return float(1 - ((real - predicted) ** 2).sum() / ((real - real.mean()) ** 2).sum())
