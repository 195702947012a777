"""What another policy would have earned: known worlds, honest intervals, refusals."""

import numpy as np
import pytest

from recommender.experiments.off_policy import (
    NoSupportError,
    estimate_doubly_robust,
    estimate_ips,
    estimate_slate,
    estimate_snips,
    measure_support,
)
from recommender.experiments.trials import TrialSize, run_known_worlds, run_slate_worlds

RATE = np.array([0.1, 0.6])


def make_log(n_rows: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choice 0 three times in four; the policy asked about takes choice 1 nine times in ten: truth 0.55."""
    rng = np.random.default_rng(8)
    choice = (rng.random(n_rows) > 0.75).astype(int)
    reward = (rng.random(n_rows) < RATE[choice]).astype(float)
    return reward, np.array([0.1, 0.9])[choice], np.array([0.75, 0.25])[choice]


@pytest.mark.parametrize("estimate", [estimate_ips, estimate_snips])
def test_the_other_policy_is_told_from_the_log(estimate) -> None:
    found = estimate(*make_log())
    assert found.value == pytest.approx(0.55, abs=0.02)
    assert found.interval[0] < 0.55 < found.interval[1]
    assert 3000 < found.effective_rows < 20_000


def test_right_propensities_make_up_for_wrong_predictions() -> None:
    reward, target, logged = make_log()
    wrong = np.full(len(reward), 0.9)
    assert estimate_doubly_robust(reward, target, logged, wrong, wrong).value == pytest.approx(0.55, abs=0.02)


def test_right_predictions_narrow_the_interval() -> None:
    reward, target, logged = make_log()
    chosen = np.where(target > 0.5, RATE[1], RATE[0])
    robust = estimate_doubly_robust(reward, target, logged, chosen, np.full(len(reward), 0.55))
    plain = estimate_ips(reward, target, logged)
    assert np.diff(robust.interval) < np.diff(plain.interval)


def test_a_policy_outside_the_log_is_refused() -> None:
    support = measure_support(np.array([[0.2, 0.8]]), np.array([[1.0, 0.0]]))
    assert support == pytest.approx(0.2)
    with pytest.raises(NoSupportError, match=r"could have made 20\.0%"):
        estimate_ips(*make_log(), support)


def test_a_handful_of_rows_in_disguise_is_refused() -> None:
    reward, _, logged = make_log()
    few = np.zeros(len(reward))
    few[:20] = 1.0
    with pytest.raises(NoSupportError, match="are worth 15"):
        estimate_snips(reward, few, logged)


def test_a_propensity_of_nothing_is_refused() -> None:
    with pytest.raises(NoSupportError, match="propensity 0"):
        estimate_ips(np.ones(3), np.ones(3), np.array([0.5, 0.0, 0.5]))


def test_one_position_is_no_slate_of_its_own() -> None:
    reward, target, logged = make_log()
    slate = estimate_slate(reward[:, None], target[:, None], logged[:, None], is_cascade=True)
    assert slate.value == pytest.approx(estimate_ips(reward, target, logged).value)


def test_estimates_centre_on_the_truth_where_the_plain_mean_does_not() -> None:
    found = run_known_worlds(TrialSize(worlds=40, rows=2000), 5)
    for name in ("ips", "snips", "doubly_robust"):
        assert abs(found[name]["bias"]) < 0.02
        assert found[name]["covered_by_95_percent"] > 0.8
    assert abs(found["plain_mean_of_the_log"]["bias"]) > 0.1


def test_a_cascade_needs_the_cascade_estimator() -> None:
    found = run_slate_worlds(TrialSize(worlds=20, rows=2000), 5)
    assert abs(found["cascade"]["bias"]) < abs(found["independent_positions"]["bias"])
