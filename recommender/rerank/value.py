"""What a candidate is worth: the sum of likelihood times value, term by term.

Formula: value = sum_a P(a) V(a) + E(watch seconds) V(watch) + affinity V(affinity), the shape of the formula
that The New York Times printed on 5 December 2021 ("How TikTok Reads Your Mind").
"""

from __future__ import annotations

import numpy as np

from recommender.contracts import VALUE_TERMS, FloatArray, Predictions, ValueWeights
from recommender.params import VALUE_TERM_WEIGHTS

#: The formula in force until an operator stores another version.
DEFAULT_VALUE_WEIGHTS = ValueWeights(version="default-1", default=VALUE_TERM_WEIGHTS)


def value_terms(predictions: Predictions, weights: ValueWeights, market: int) -> FloatArray:
    """(n_candidates, len(VALUE_TERMS)) float32 contribution of each term; their sum is the value."""
    expected = np.concatenate(
        [predictions.probability, predictions.watch_seconds[:, None], predictions.affinity[:, None]], axis=1
    )
    terms: FloatArray = expected * weights.for_market(market)
    return terms


def name_contributions(terms: FloatArray) -> dict[str, float]:
    """One candidate's terms by name, largest by size first; zero terms are left out.

    >>> name_contributions(np.array([0, 0.5, 0, 0, 0, 0, 0, 0, -0.75, 0, 0], dtype=np.float32))
    {'p_not_interested': -0.75, 'p_long_watch': 0.5}
    """
    named = [(name, round(size, 5)) for name, size in zip(_TERM_NAMES, terms.tolist(), strict=True) if size]
    return dict(sorted(named, key=lambda term: -abs(term[1])))


_TERM_NAMES = tuple(name if name in ("watch", "affinity") else f"p_{name}" for name in VALUE_TERMS)
