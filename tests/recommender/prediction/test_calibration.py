"""Probabilities become frequencies."""

import numpy as np

from recommender.contracts import UNKNOWN
from recommender.params import PredictionParams
from recommender.prediction.calibration import Calibration, fit_calibration
from recommender.training.metrics import expected_calibration_error


def _world(seed: int = 2):
    """Logits that claim too much, in two markets; market 1 really has lower odds."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-1, 1, (12_000, 1))
    market = rng.integers(0, 2, 12_000)
    labels = rng.random((12_000, 1)) < 1 / (1 + np.exp(-(true - 1.0 * (market == 1)[:, None])))
    return true * 2.5 + 1, labels.astype(np.float32), market


def test_overconfident_logits_become_frequencies_in_every_market() -> None:
    logits, labels, market = _world()
    calibration = fit_calibration(logits, labels, market, 8, PredictionParams())
    probability = calibration.apply_rows(logits, market)
    raw = 1 / (1 + np.exp(-logits[:, 0]))
    for code in (0, 1):
        rows = market == code
        assert expected_calibration_error(labels[rows, 0], raw[rows]) > 0.1
        assert expected_calibration_error(labels[rows, 0], probability[rows, 0]) < 0.03


def test_a_market_with_few_rows_uses_the_curve_of_all() -> None:
    logits, labels, market = _world()
    market[:50] = 5
    calibration = fit_calibration(logits, labels, market, 8, PredictionParams())
    np.testing.assert_array_equal(calibration.apply(logits[:50], 5), calibration.apply(logits[:50], UNKNOWN))


def test_too_few_positives_leave_the_logits_alone() -> None:
    flat = fit_calibration(np.zeros((500, 1)), np.zeros((500, 1)), np.zeros(500, int), 8, PredictionParams())
    assert (flat.slope == 1).all()
    assert (flat.offset == 0).all()


def test_a_logit_of_minus_infinity_has_no_probability() -> None:
    flat = Calibration(np.ones((9, 1), np.float32), np.full((9, 1), 5, np.float32))
    assert flat.apply(np.array([[-np.inf], [0.0]]), 0)[0, 0] == 0.0
