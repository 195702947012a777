"""Several lanes on one page: exact propensities, floors kept, need first."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.params import RerankParams
from recommender.rerank.exploration import ArmLane, Exploration, Lane

VALUE = np.array([3.0, 2.5, 2.0, 1.0, 0.5])


def make_lanes() -> list[Lane | ArmLane]:
    return [
        Lane("exploration", 0.2, np.array([False, False, True, True, False]), np.array([0, 0, 0, 4.0, 0])),
        Lane("floor_home_market", 0.1, np.array([True, False, False, False, True])),
        ArmLane("exploration_taste", 0.3, np.array([0, 1, 1, 2, -1]), np.array([0.2, 0.5, 0.3])),
    ]


def test_the_propensity_sums_over_every_way_to_be_shown() -> None:
    shown: dict[int, set[float]] = {}
    count: Counter[int] = Counter()
    for seed in range(6000):
        draw = Exploration(make_lanes(), np.random.default_rng(seed), RerankParams())
        row, propensity, _ = draw.choose(VALUE, 0)
        shown.setdefault(row, set()).add(round(propensity, 12))
        count[row] += 1
    assert all(len(told) == 1 for told in shown.values())
    for row, told in shown.items():
        assert count[row] / 6000 == pytest.approx(next(iter(told)), abs=0.02)
    assert sum(next(iter(told)) for told in shown.values()) == pytest.approx(1.0)


def test_a_needier_video_is_drawn_more_often_than_a_more_valuable_one() -> None:
    lane = make_lanes()[0]
    rows, odds = lane.chances(VALUE, RerankParams())
    assert dict(zip(rows.tolist(), odds.tolist(), strict=True))[3] > 0.5


def test_lanes_that_ask_for_more_than_there_is_share_the_positions() -> None:
    lanes = [Lane(name, 0.9, np.arange(5) == row) for row, name in ((1, "a"), (2, "b"))]
    rows = [
        Exploration(lanes, np.random.default_rng(seed), RerankParams()).choose(VALUE, 0)[0]
        for seed in range(400)
    ]
    assert set(rows) == {1, 2}
    assert 140 < rows.count(1) < 260


@given(st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=5, max_size=5))
def test_what_may_not_be_shown_is_never_drawn(seed: int, is_open: list[bool]) -> None:
    value = np.where(is_open, VALUE, -np.inf)
    if not any(is_open):
        return
    best = int(value.argmax())
    row, propensity, _ = Exploration(make_lanes(), np.random.default_rng(seed), RerankParams()).choose(
        value, best
    )
    assert is_open[row] and 0 < propensity <= 1.0 + 1e-9
