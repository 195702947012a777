"""The value formula."""

import numpy as np
import pytest

from recommender.contracts import ACTION_INDEX, N_ACTIONS, VALUE_TERMS, Predictions, ValueWeights
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS, value_terms
from tests.worlds import GB, US


def _predictions() -> Predictions:
    probability = np.zeros((2, N_ACTIONS), dtype=np.float32)
    probability[0, ACTION_INDEX["like"]] = 0.5
    probability[1, ACTION_INDEX["not_interested"]] = 0.25
    return Predictions(probability, np.array([10, 20], np.float32), np.array([1.0, 0.5], np.float32))


def test_value_is_the_sum_of_expected_times_worth_in_the_viewers_market() -> None:
    weights = ValueWeights("t", {"like": 2.0, "watch": 0.1}, {US: {"like": 4.0, "not_interested": -8.0}})
    assert value_terms(_predictions(), weights, GB).sum(axis=1).tolist() == [2.0, 2.0]
    assert value_terms(_predictions(), weights, US).sum(axis=1).tolist() == [3.0, 0.0]


def test_an_unknown_term_or_an_infinite_weight_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'smiles' is not known; choose from finish"):
        ValueWeights("t", {"smiles": 1.0})
    with pytest.raises(ValueError, match="'like' is inf"):
        ValueWeights("t", {}, {GB: {"like": float("inf")}})


def test_the_shipped_formula_names_every_term() -> None:
    assert set(DEFAULT_VALUE_WEIGHTS.default) == set(VALUE_TERMS)
    assert DEFAULT_VALUE_WEIGHTS.default["not_interested"] < 0
