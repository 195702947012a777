"""Who is seen, and what the floors ask for."""

import numpy as np
import pytest

from recommender.coldstart.exposure import KEPT, find_small, keep_floors, list_floors, measure_exposure
from recommender.coldstart.lanes import PoolTable, place_newcomers
from recommender.contracts import UNKNOWN
from recommender.loop_params import FloorParams

PARAMS = FloorParams()


def test_shares_are_of_each_markets_own_impressions() -> None:
    shown = np.array([[6.0, 0.0], [2.0, 1.0], [2.0, 0.0]])
    found = measure_exposure(
        shown,
        np.ones((3, 2), dtype=bool),
        np.array([False, True, False]),
        np.array([False, False, True]),
        np.array([0, 1, 1]),
    )
    assert found.impressions.tolist() == [10.0, 1.0]
    assert found.shares.tolist() == [[0.2, 0.2, 0.6], [1.0, 0.0, 1.0]]
    assert found.coverage.tolist() == [1.0, pytest.approx(1 / 3)]
    assert 0 < found.gini < 1


def test_small_is_who_is_shown_less_than_the_usual_creator() -> None:
    creator = np.array([0, 0, 1, 2, 3])
    assert find_small(creator, np.array([9.0, 9.0, 1.0, 50.0, 2.0]), PARAMS).tolist() == [
        False, False, True, False, True,
    ]  # fmt: skip


def test_a_floor_that_is_met_asks_for_nothing_and_one_that_is_not_for_what_is_missing() -> None:
    floors = list_floors(PARAMS)
    met = [floors[name] for name in KEPT]
    short = [floors["newcomers"], 0.0, floors["home_market"]]
    asked = keep_floors(np.array([met, short, [np.nan] * 3]), PARAMS)
    assert asked[0] == {} and asked[2] == {}
    assert asked[1] == {"small_creators": pytest.approx(PARAMS.gain * PARAMS.small_creators)}


def test_all_floors_together_leave_most_positions_to_value() -> None:
    asked = keep_floors(np.zeros((1, 3)), FloorParams(small_creators=0.5, home_market=0.8, newcomers=0.5))
    assert sum(asked[0].values()) == pytest.approx(PARAMS.most_share)


def test_a_video_the_table_knows_is_owed_what_the_table_says_and_others_by_their_youth() -> None:
    table = PoolTable(np.array([101, 102]), np.array([0, 0]), np.array([0.0, 0.5], dtype=np.float32))
    is_fresh = np.array([True, True, True, False])
    found = place_newcomers(np.array([0, 3]), table, is_fresh, np.zeros(4, dtype=bool), 2)
    assert found.need_in(0).tolist() == [0.0, 1.0, 1.0, 0.5]
    assert found.need_in(1).tolist() == [0.0, 1.0, 1.0, 0.0]
    assert found.need_in(UNKNOWN).tolist() == [1.0, 1.0, 1.0, 0.0]
