"""The contract of every predictor, and the regression behind it."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.contracts import ACTION_INDEX, ACTIONS, N_ACTIONS
from recommender.features.crosses import SLOTS
from recommender.params import PredictionParams
from recommender.prediction.base_rate import BaseRatePredictor
from recommender.prediction.calibration import Calibration
from recommender.prediction.hybrid import N_OUTPUTS, HybridPredictor, find_constant_actions
from recommender.prediction.inputs import PredictionInputs, Reading
from recommender.prediction.logistic import LinearPart, fit_logistic
from recommender.prediction.network import NetworkPart
from recommender.prediction.watch_time import WatchTimeHead, rank_watch_time
from tests.checks.predictor_check import PredictorCheck

N_ROWS, N_FEATURES = 9, 4


def make_inputs() -> PredictionInputs:
    """Nine rows of four features; feature 1 rises with the row."""
    matrix = np.tile(np.linspace(-1, 1, N_ROWS, dtype=np.float32)[:, None], (1, N_FEATURES))
    matrix[:, 0] = 0.5
    return PredictionInputs(
        matrix=matrix,
        slots=[np.array([[3]]), np.arange(N_ROWS)[None, :] + SLOTS],
        duration_seconds=np.linspace(5, 60, N_ROWS).astype(np.float32),
        fused=np.linspace(1, 0, N_ROWS).astype(np.float32),
        market=2,
    )


def make_hybrid() -> HybridPredictor:
    """Every action rises with feature 1; the choice falls with it; orders have no model."""
    rng = np.random.default_rng(1)
    weights = np.zeros((N_FEATURES, N_OUTPUTS), dtype=np.float32)
    weights[1] = 2.0
    part = LinearPart(
        centre=np.zeros(N_FEATURES, dtype=np.float32),
        spread=np.ones(N_FEATURES, dtype=np.float32),
        weights=weights,
        bias=np.full(N_OUTPUTS, -1.0, dtype=np.float32),
        cross=np.zeros((2 * SLOTS + 1, N_OUTPUTS), dtype=np.float32),
    )
    nothing = np.zeros((1, 1), dtype=np.float32)
    choice = LinearPart(part.centre, part.spread, -weights[:, :1], nothing[0], nothing)
    constant = np.full(N_ACTIONS, np.nan, dtype=np.float32)
    constant[ACTION_INDEX["order"]] = 0.0005
    flat = Calibration(np.ones((9, N_ACTIONS), np.float32), np.zeros((9, N_ACTIONS), np.float32))
    seconds = rng.gamma(2, 8, 600).astype(np.float32)
    head = WatchTimeHead(*rank_watch_time(seconds, seconds * 1.5, PredictionParams())[1:])
    return HybridPredictor(part, choice, flat, head, constant)


def make_network(width: int = 3) -> NetworkPart:
    """Two members over four features, one category column of two known slots, vectors of width 3."""
    rng = np.random.default_rng(2)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    shared = {
        "slot": np.array([0, 1, 2, 2]),
        "column": np.array([0, 0, -1], dtype=np.int32),
        "n_columns": np.array(1),
    }
    members = [
        shared
        | {"embedding": draw(3, 2), "first": draw(N_FEATURES + 2 + 3 * width, 5), "bias": draw(5)}
        | {"deeper": draw(5, 5), "deeper_bias": draw(5), "answer": draw(5, N_OUTPUTS) / 10}
        | {"answer_bias": draw(N_OUTPUTS)}
        for _ in range(2)
    ]
    scale = (np.zeros(N_FEATURES, dtype=np.float32), np.ones(N_FEATURES, dtype=np.float32))
    return NetworkPart.fold(members, scale, np.ones(N_FEATURES, dtype=bool))


def make_reading(n_rows: int = N_ROWS, width: int = 3) -> Reading:
    """One viewer, nine videos; the third category of the column was never met."""
    rng = np.random.default_rng(3)
    codes = [(np.arange(n_rows) % 3)[None, :]]
    return Reading(
        rng.standard_normal((1, width)).astype(np.float32),
        rng.standard_normal((n_rows, width)).astype(np.float32),
        codes,
    )


class TestHybrid(PredictorCheck):
    @pytest.fixture
    def predictor(self) -> HybridPredictor:
        return make_hybrid()

    @pytest.fixture
    def inputs(self) -> PredictionInputs:
        return make_inputs()

    def test_nan_never_wins(self, predictor, inputs) -> None:
        matrix = inputs.matrix.copy()
        matrix[2, 0] = np.nan
        learned = [place for place, name in enumerate(ACTIONS) if name != "order"]
        predicted = predictor.predict(
            PredictionInputs(matrix, inputs.slots, inputs.duration_seconds, inputs.fused, 2)
        )
        for column in (*predicted.probability[:, learned].T, predicted.watch_seconds, predicted.affinity):
            assert np.isfinite(column).all()
            assert column[2] == column.min() == 0

    def test_the_known_answer(self, predictor, inputs) -> None:
        predicted = predictor.predict(inputs)
        expected = 1 / (1 + np.exp(1 - 2 * inputs.matrix[:, 1]))
        np.testing.assert_allclose(predicted.probability[:, 0], expected, rtol=1e-5)
        assert (predicted.probability[:, ACTION_INDEX["order"]] == np.float32(0.0005)).all()
        assert predicted.affinity.argmax() == 0

    def test_arrays_bring_back_the_same_predictor(self, predictor, inputs) -> None:
        again = HybridPredictor.from_arrays(predictor.to_arrays())
        np.testing.assert_array_equal(
            again.predict(inputs).probability, predictor.predict(inputs).probability
        )
        np.testing.assert_array_equal(
            again.predict(inputs).watch_seconds, predictor.predict(inputs).watch_seconds
        )

    def test_a_part_without_arrays_is_absent(self, predictor, inputs) -> None:
        arrays = {
            name: array
            for name, array in predictor.to_arrays().items()
            if not name.startswith(("choice/", "watch/"))
        }
        predicted = HybridPredictor.from_arrays(arrays).predict(inputs)
        assert predicted.affinity.argmax() == inputs.fused.argmax()
        assert not predicted.watch_seconds.any()

    def test_a_category_moves_its_rows_alone(self, inputs) -> None:
        plain = make_hybrid()
        moved = make_hybrid()
        moved.actions.cross[SLOTS + 4] = 1.0
        moved = HybridPredictor.from_arrays(moved.to_arrays())
        change = moved.predict(inputs).probability[:, 0] - plain.predict(inputs).probability[:, 0]
        assert change[4] > 0.05
        assert not np.delete(change, 4).any()


class TestHybridWithNetwork(PredictorCheck):
    @pytest.fixture
    def predictor(self) -> HybridPredictor:
        return replace(make_hybrid(), network=make_network(), share=np.full(N_OUTPUTS, 0.5, dtype=np.float32))

    @pytest.fixture
    def inputs(self) -> PredictionInputs:
        return replace(make_inputs(), reading=make_reading())

    def test_rows_do_not_influence_each_other(self, predictor, inputs) -> None:
        whole = predictor.predict(inputs).probability
        reading = inputs.reading
        part = replace(
            inputs,
            matrix=inputs.matrix[3:5],
            slots=[inputs.slots[0], inputs.slots[1][:, 3:5]],
            duration_seconds=inputs.duration_seconds[3:5],
            fused=inputs.fused[3:5],
            reading=Reading(reading.state, reading.item[3:5], [reading.codes[0][:, 3:5]]),
        )
        np.testing.assert_allclose(predictor.predict(part).probability, whole[3:5], rtol=1e-4)

    def test_nan_never_wins(self, predictor, inputs) -> None:
        matrix = inputs.matrix.copy()
        matrix[2, 0] = np.nan
        predicted = predictor.predict(replace(inputs, matrix=matrix))
        learned = [place for place, name in enumerate(ACTIONS) if name != "order"]
        assert np.isfinite(predicted.probability).all()
        assert not predicted.probability[2, learned].any()
        assert predicted.watch_seconds[2] == 0

    def test_half_a_network_lies_between_none_and_all_of_it(self, predictor, inputs) -> None:
        def log_odds(share: float) -> np.ndarray:
            mixed = replace(predictor, share=np.full(N_OUTPUTS, share, dtype=np.float32))
            probability = mixed.predict(inputs).probability[:, 0].astype(np.float64)
            return np.log(probability / (1 - probability))

        middle = (log_odds(0.0) + log_odds(1.0)) / 2
        np.testing.assert_allclose(log_odds(0.5), middle, rtol=1e-2, atol=1e-2)

    def test_switched_off_it_is_the_regression(self, predictor, inputs) -> None:
        off = predictor.without_network().predict(inputs).probability
        np.testing.assert_array_equal(off, make_hybrid().predict(inputs).probability)

    def test_arrays_bring_it_back(self, predictor, inputs) -> None:
        again = HybridPredictor.from_arrays(predictor.to_arrays())
        np.testing.assert_array_equal(
            again.predict(inputs).probability, predictor.predict(inputs).probability
        )


class TestBaseRate(PredictorCheck):
    @pytest.fixture
    def predictor(self) -> BaseRatePredictor:
        return BaseRatePredictor(np.linspace(0.1, 0.5, N_ACTIONS, dtype=np.float32), 0.4, N_FEATURES)

    @pytest.fixture
    def inputs(self) -> PredictionInputs:
        return make_inputs()


def test_logistic_regression_finds_the_weights_of_a_lopsided_world() -> None:
    rng = np.random.default_rng(5)
    matrix = rng.standard_normal((6000, 3)).astype(np.float32) * np.array([1, 5, 1], dtype=np.float32)
    category = rng.integers(0, 2, 6000)
    logit = 0.8 * matrix[:, 0] - 0.3 * matrix[:, 1] + 1.5 * category - 1
    labels = (rng.random(6000) < 1 / (1 + np.exp(-logit))).astype(np.float32)
    both = np.stack([labels, np.zeros(6000, np.float32)], axis=1)
    part = fit_logistic(matrix, both, [0], (0.1, 0.1), 100, [category[None, :]], 2)
    weights, _ = part.fold()
    np.testing.assert_allclose(weights[:, 0], [0.8, -0.3, 0.0], atol=0.08)
    assert part.cross[1, 0] - part.cross[0, 0] == pytest.approx(1.5, abs=0.15)
    assert not part.weights[:, 1].any()
    assert not part.cross[2].any()


def test_yesterdays_weights_start_todays_fit() -> None:
    rng = np.random.default_rng(6)
    matrix = rng.standard_normal((3000, 5)).astype(np.float32)
    labels = (rng.random(3000) < 1 / (1 + np.exp(-matrix[:, 0]))).astype(np.float32)[:, None]
    full = fit_logistic(matrix, labels, [0], (1.0, 1.0), 100)
    warm = fit_logistic(matrix, labels, [0], (1.0, 1.0), 1, start=full)
    np.testing.assert_allclose(warm.weights, full.weights, atol=1e-3)


def test_an_action_with_too_few_positives_falls_back_to_its_smoothed_rate() -> None:
    labels = np.zeros((999, N_ACTIONS), dtype=np.float32)
    labels[:400, 0] = 1
    labels[:3, 1] = 1
    constant, learned = find_constant_actions(labels, min_positives=10)
    assert learned == [0]
    assert constant[1] == pytest.approx(3.5 / 1000)
    assert constant[2] == pytest.approx(0.5 / 1000)
