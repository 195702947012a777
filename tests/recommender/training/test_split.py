"""Cuts by time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.training.split import floor_to_refresh, plan_cuts, split_by_time
from tests.worlds import DAY_SECONDS, NOW, make_dataset, make_params


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(1, 1e5))
def test_a_row_never_knows_its_own_future(stamps: list[float], refresh: float) -> None:
    happened_at = np.sort(np.array(stamps))
    assert (floor_to_refresh(happened_at, refresh) <= happened_at).all()


def test_a_split_puts_every_impression_on_one_side() -> None:
    dataset = make_dataset()
    known, later = split_by_time(dataset, NOW - DAY_SECONDS)
    assert len(known.impressions) + len(later) == len(dataset.impressions)
    assert known.impressions.happened_at.max() < NOW - DAY_SECONDS <= later.happened_at.min()
    assert known.cut_at == NOW - DAY_SECONDS


def test_without_a_history_the_oldest_impressions_build_up_state() -> None:
    dataset = make_dataset()
    cuts = plan_cuts(dataset, make_params().training)
    share = (dataset.impressions.happened_at < cuts.learn_from).mean()
    assert abs(share - make_params().training.warm_up_share) < 0.01
    assert cuts.choose_at > cuts.learn_from
