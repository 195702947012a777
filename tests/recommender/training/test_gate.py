"""What the gate promotes and refuses."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.contracts import N_ACTIONS
from recommender.params import TrainingParams
from recommender.training.evaluate import WindowLosses
from recommender.training.gate import Provenance, compare
from recommender.training.metrics import row_log_loss

PARAMS = replace(TrainingParams(), gate_min_rows=300, bootstrap_draws=200)


def make_losses(shift: float = 0.0, n_rows: int = 4000, noise: float = 0.0, seed: int = 1) -> WindowLosses:
    """Predictions whose log-odds are off by `shift`; the right rate of every action is 0.3."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((n_rows, N_ACTIONS)) < 0.3).astype(np.float32)
    logit = np.log(0.3 / 0.7) + shift + noise * np.random.default_rng(9).standard_normal(labels.shape)
    probability = 1 / (1 + np.exp(-logit))
    return WindowLosses(
        log_loss=row_log_loss(labels, probability),
        watch_error=np.ones(n_rows),
        probability=probability,
        labels=labels,
        viewer=np.arange(n_rows) % 97,
        market=(np.arange(n_rows) % 4).astype(np.int8),
    )


def test_a_better_version_is_promoted_with_its_figures() -> None:
    decision = compare(make_losses(), make_losses(noise=0.8), PARAMS)
    assert decision.promote
    assert decision.figures["improvement_interval"][0] > 0


def test_an_equal_version_is_promoted() -> None:
    assert compare(make_losses(), make_losses(), PARAMS).promote


def test_a_worse_version_is_refused() -> None:
    decision = compare(make_losses(noise=0.8), make_losses(), PARAMS)
    assert not decision.promote
    assert "worse" in decision.reason


def test_one_missing_number_is_enough_to_refuse() -> None:
    candidate = make_losses()
    candidate.log_loss[3, 2] = np.nan
    decision = compare(candidate, make_losses(noise=1.0), PARAMS)
    assert not decision.promote
    assert "99.98%" in decision.reason


def test_a_badly_calibrated_version_is_refused_even_when_it_beats_a_worse_one() -> None:
    decision = compare(make_losses(shift=0.8), make_losses(shift=2.5), PARAMS)
    assert not decision.promote
    assert "calibrated" in decision.reason


def test_harm_in_one_market_is_harm() -> None:
    candidate, live = make_losses(), make_losses(noise=0.6)
    worse = make_losses(noise=0.8, seed=1)
    here = candidate.market == 2
    candidate.log_loss[here] = worse.log_loss[here]
    live.log_loss[here] = make_losses().log_loss[here]
    decision = compare(candidate, live, PARAMS)
    assert not decision.promote
    assert "ID" in decision.reason


def test_a_short_window_decides_nothing() -> None:
    decision = compare(make_losses(n_rows=100), make_losses(n_rows=100), PARAMS)
    assert not decision.promote
    assert "100 rows where 300" in decision.reason


def test_different_rows_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="different rows"):
        compare(make_losses(n_rows=400), make_losses(n_rows=500), PARAMS)


def test_a_version_that_has_seen_the_window_is_refused() -> None:
    made = Provenance(window_from=100.0, learnt_until=200.0)
    decision = compare(make_losses(), make_losses(noise=0.8), PARAMS, made)
    assert not decision.promote and "held-out window" in decision.reason


def test_viewers_who_taught_nothing_may_judge_within_learnt_time() -> None:
    made = Provenance(window_from=100.0, learnt_until=200.0, is_kept_apart=True, live_learnt_until=150.0)
    assert compare(make_losses(), make_losses(), PARAMS, made).promote


def test_an_update_may_be_as_badly_calibrated_as_what_it_mends_and_no_worse() -> None:
    made = Provenance(is_kept_apart=True)
    mended, live = make_losses(shift=0.8), make_losses(shift=2.5)
    assert compare(mended, live, PARAMS, made).promote
    assert not compare(live, mended, PARAMS, made).promote


def test_a_version_that_knows_less_than_the_live_one_is_stale() -> None:
    made = Provenance(learnt_until=0.0, live_learnt_until=7200.0)
    decision = compare(make_losses(), make_losses(), PARAMS, made)
    assert not decision.promote and "120 minutes more" in decision.reason


def test_bad_calibration_in_one_market_is_refused_where_the_live_version_is_sound() -> None:
    candidate, live = make_losses(n_rows=8000), make_losses(n_rows=8000, noise=0.5)
    here = candidate.market == 2
    candidate.probability[here, 0] = 0.1  # the losses are left alone: calibration is judged by itself
    decision = compare(candidate, live, PARAMS)
    assert not decision.promote and "finish is badly calibrated" in decision.reason
