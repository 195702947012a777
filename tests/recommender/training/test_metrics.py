"""The metrics against independent ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from recommender.training.metrics import (
    auc,
    bootstrap_interval,
    expected_calibration_error,
    gauc,
    ndcg_at_k,
    recall_at_k,
    viewer_auc,
    xauc,
)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=60))
def test_auc_agrees_with_scikit_learn_with_ties_too(rows) -> None:
    labels, scores = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if labels.min() == labels.max():
        assert np.isnan(auc(labels, scores))
    else:
        assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_gauc_is_the_weighted_mean_of_each_viewers_auc() -> None:
    rng = np.random.default_rng(3)
    viewer = rng.integers(0, 40, 700)
    labels, scores = (rng.random(700) < 0.4).astype(float), rng.integers(0, 9, 700).astype(float)
    areas, weights = [], []
    for code in np.unique(viewer):
        mine = viewer == code
        if 0 < labels[mine].mean() < 1:
            areas.append(roc_auc_score(labels[mine], scores[mine]))
            weights.append(mine.sum())
    assert gauc(labels, scores, viewer) == pytest.approx(np.average(areas, weights=weights))
    assert viewer_auc(labels, scores, viewer)[1].tolist() == weights


def test_a_perfect_list_has_ndcg_one_and_a_longer_list_of_targets_less_recall() -> None:
    hits = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=float)
    assert ndcg_at_k(hits, np.array([2, 1]), 4).tolist() == [1.0, 1.0]
    assert recall_at_k(hits, np.array([5, 1]), 2).tolist() == [0.4, 1.0]


def test_honest_probabilities_have_little_calibration_error() -> None:
    rng = np.random.default_rng(5)
    probability = rng.random(40_000)
    labels = (rng.random(40_000) < probability).astype(float)
    assert expected_calibration_error(labels, probability) < 0.01
    assert expected_calibration_error(labels, probability**3) > 0.1


def test_xauc_is_half_for_a_constant_and_zero_for_the_reverse() -> None:
    outcome = np.arange(50.0)
    assert xauc(outcome, np.ones(50), pairs=2000) == 0.5
    assert xauc(outcome, -outcome, pairs=2000) == 0.0


def test_the_interval_covers_the_mean_and_shrinks_with_more_viewers() -> None:
    rng = np.random.default_rng(1)
    wide = bootstrap_interval(rng.random(50), 300, 1)
    narrow = bootstrap_interval(rng.random(5000), 300, 1)
    assert wide[0] < 0.5 < wide[1]
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 3
