"""Drift is seen where it was planted and nowhere else."""

import numpy as np
import pytest

from recommender.contracts import N_ACTIONS
from recommender.markets import encode_market
from recommender.training.drift import largest_gap, measure_drift, stability_index
from recommender.training.online_params import DriftParams

NAMES = ("age", "rate", "zeros")
N_FITTED, N_LIVE = 3000, 1200


def measure(shift: float = 0.0, said: float = 0.3, market: np.ndarray | None = None):
    rng = np.random.default_rng(4)
    fitted = np.stack([rng.normal(size=N_FITTED), rng.random(N_FITTED), np.zeros(N_FITTED)], axis=1)
    live = np.stack([rng.normal(shift, 1, N_LIVE), rng.random(N_LIVE), np.zeros(N_LIVE)], axis=1)
    labels = (rng.random((N_LIVE, N_ACTIONS)) < 0.3).astype(np.float32)
    probability = (
        np.clip(0.3 + 0.02 * rng.normal(size=(N_FITTED, N_ACTIONS)), 0, 1),
        np.clip(said + 0.02 * rng.normal(size=(N_LIVE, N_ACTIONS)), 0, 1),
    )
    market = np.zeros(N_LIVE, dtype=np.int8) if market is None else market
    return measure_drift(NAMES, (fitted, live), probability, labels, market, DriftParams())


def test_the_same_population_raises_no_alarm() -> None:
    assert measure()["alarms"] == []


def test_a_moved_feature_is_named_and_no_other() -> None:
    alarms = measure(shift=1.5)["alarms"]
    assert len(alarms) == 1 and "feature age" in alarms[0]


def test_predictions_above_what_follows_are_named_with_both_figures() -> None:
    found = measure(said=0.6)
    assert found["calibration"]["all"]["like"]["predicted"] == pytest.approx(0.6, abs=0.01)
    assert any(alarm.startswith("like in all: 0.6") for alarm in found["alarms"])
    assert any("predictions of like have moved" in alarm for alarm in found["alarms"])


def test_calibration_is_told_for_each_market_with_enough_rows() -> None:
    market = np.full(N_LIVE, encode_market("US"), dtype=np.int8)
    market[:50] = encode_market("VN")
    assert set(measure(market=market)["calibration"]) == {"all", "US"}


def test_a_short_window_tells_nothing() -> None:
    few = (np.zeros((500, 3)), np.zeros((9, 3)))
    odds = (np.zeros((500, N_ACTIONS)), np.zeros((9, N_ACTIONS)))
    found = measure_drift(NAMES, few, odds, np.zeros((9, N_ACTIONS)), np.zeros(9, np.int8), DriftParams())
    assert found["alarms"] == [] and "9 rows where 200" in found["note"]


def test_a_spike_that_leaves_its_value_is_seen() -> None:
    assert stability_index(np.zeros(100), np.zeros(80)) == pytest.approx(0.0, abs=1e-9)
    assert stability_index(np.zeros(100), np.full(80, 0.5)) > 5
    assert stability_index(np.array([np.nan] * 50 + [1.0] * 50), np.ones(100)) > 0.5


def test_the_gap_of_distributions_is_symmetric() -> None:
    a, b = np.arange(10.0), np.arange(5.0, 12.0)
    assert largest_gap(a, b) == largest_gap(b, a) > 0
