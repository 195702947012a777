"""Splits, differences, covariates and looks, against answers that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.experiments.readout import check_split, compare_arms, correct_segments, use_covariate
from recommender.experiments.sequential import always_valid_radius, crossing_probability, plan_boundaries
from recommender.experiments.trials import TrialSize, run_planted_effect, run_same_arms

SMALL = TrialSize(runs=400, days=7, units_a_day=60)


def test_a_sound_split_is_believed_and_a_leaking_one_is_not() -> None:
    shares = np.array([0.5, 0.5])
    assert check_split(np.array([50_120, 49_880]), shares) > 0.1
    assert check_split(np.array([50_000, 48_500]), shares) < 1e-4


def test_planned_looks_spend_the_error_they_were_given() -> None:
    fractions = np.array([0.25, 0.5, 0.75, 1.0])
    bounds = plan_boundaries(fractions, 0.05)
    assert crossing_probability(fractions, bounds, 0.0) == pytest.approx(0.05, abs=5e-4)
    assert (bounds > 1.96).all()


def test_known_bounds_of_equal_error_at_two_looks() -> None:
    # alpha 0.025 at the first of two looks: the normal quantile, two-sided.
    assert plan_boundaries(np.array([0.5, 1.0]), 0.05)[0] == pytest.approx(2.2414, abs=0.005)


def test_looks_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValueError, match="do not ascend to 1"):
        plan_boundaries(np.array([0.5, 0.4, 1.0]), 0.05)


def test_daily_looks_keep_the_promised_false_positives() -> None:
    shares = run_same_arms(SMALL, 3)
    assert shares["planned_boundaries"]["low"] < 0.05 < shares["planned_boundaries"]["high"] + 0.02
    assert shares["always_valid"]["share"] <= 0.05
    assert shares["peeked_fixed"]["share"] > 0.1


def test_power_is_what_the_design_calculated() -> None:
    for line in run_planted_effect(SMALL, 3).values():
        found = line["planned_boundaries"]
        assert found["low"] - 0.03 < line["calculated"] < found["high"] + 0.03


def test_a_covariate_takes_the_variance_it_explains() -> None:
    rng = np.random.default_rng(2)
    before = rng.normal(5, 2, 6000)
    metric = before + rng.normal(0, 1, 6000)
    adjusted, kept = use_covariate(metric, before)
    assert kept == pytest.approx(0.2, abs=0.02)
    assert adjusted.mean() == pytest.approx(metric.mean())


def test_a_unit_without_a_past_keeps_its_metric() -> None:
    metric, before = np.array([1.0, 2.0, 3.0, 9.0]), np.array([1.0, 2.0, 3.0, np.nan])
    adjusted, _ = use_covariate(metric, before)
    assert adjusted[3] == 9.0


def test_the_difference_and_its_intervals() -> None:
    rng = np.random.default_rng(1)
    control, treatment = rng.normal(1.0, 1, 4000), rng.normal(1.2, 1, 3000)
    found = compare_arms(control, treatment)
    assert found.difference == pytest.approx(treatment.mean() - control.mean())
    assert found.fixed_interval[0] < 0.2 < found.fixed_interval[1]
    assert found.interval[0] < found.fixed_interval[0] < found.fixed_interval[1] < found.interval[1]


def test_one_unit_makes_no_difference() -> None:
    with pytest.raises(ValueError, match="1 and 3 units"):
        compare_arms(np.ones(1), np.ones(3))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_segment_that_stands_is_never_likelier_chance_than_one_that_falls(p_values: list[float]) -> None:
    values = np.array(p_values)
    stands = correct_segments(values)
    if stands.any() and not stands.all():
        assert values[stands].max() <= values[~stands].min()


@given(st.integers(10, 10**6))
def test_the_always_valid_interval_is_wider_than_the_ordinary_one(n_seen: int) -> None:
    variance = np.array([4.0 / n_seen])
    radius = always_valid_radius(variance, np.array([float(n_seen)]), 0.05, 10_000.0)
    assert radius[0] > 1.96 * np.sqrt(variance[0])
