"""Smoothed rates: direction, neutrality, rarity."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.features.content import describe_content
from recommender.features.rates import N_RATES, Counts, label_rows, roll_up_videos, smooth_log_odds
from recommender.params import FeatureParams
from tests.worlds import make_catalogue


@given(st.floats(0.0005, 0.9), st.integers(0, 500), st.integers(0, 500))
def test_more_positives_raise_the_rate_and_more_refusals_lower_it(base: float, taken: int, left: int) -> None:
    def odds(positive: float, negative: float) -> float:
        shown = np.array(positive + negative)
        return float(smooth_log_odds(shown, np.array(positive), np.array(base), 20.0))

    assert odds(taken + 1, left) > odds(taken, left) >= odds(taken, left + 1)


def test_nothing_shown_says_nothing() -> None:
    assert smooth_log_odds(np.zeros(3), np.zeros(3), np.array([0.5, 0.01, 0.0005]), 20.0).tolist() == [
        0,
        0,
        0,
    ]


def test_a_rare_act_that_did_not_happen_in_a_few_impressions_hardly_counts() -> None:
    rare, common = smooth_log_odds(np.full(2, 12.0), np.zeros(2), np.array([0.001, 0.3]), 20.0)
    assert abs(rare) < 0.01 < abs(common)


def test_a_creator_is_judged_by_the_other_videos() -> None:
    catalogue = make_catalogue()
    shown = np.tile(np.arange(len(catalogue), dtype=np.float32)[:, None], (1, N_RATES))
    counts = roll_up_videos(
        describe_content(catalogue, FeatureParams()), catalogue.topics, 3, Counts(shown, shown * 0.5)
    )
    of_the_creator = catalogue.creator_id == catalogue.creator_id[9]
    assert counts["creator"].shown[9, 0] == shown[of_the_creator, 0].sum() - shown[9, 0]
    assert counts["topic"].shown[:, 0].sum() == shown[:, 0].sum()


def test_a_watch_without_a_duration_has_no_share() -> None:
    labels = label_rows(np.array([2, 2]), np.array([5.0, 5.0]), np.array([0.0, 2.5]))
    assert np.isnan(labels[0, -1])
    assert labels[1, -1] == 1.0
