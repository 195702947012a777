"""Arms by hash: stable, in the planned shares, exclusive within a layer, independent across layers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.contracts import UNKNOWN
from recommender.experiments.assignment import (
    N_BUCKETS,
    Design,
    assign,
    assign_one,
    check_layer,
    find_slot,
    slice_time,
)

VIEWERS = np.arange(60_000) * 7 + 3


def test_shares_are_kept() -> None:
    arms = assign(Design("three", "feed", 0, N_BUCKETS, (0.5, 0.3, 0.2)), VIEWERS)
    np.testing.assert_allclose(np.bincount(arms) / len(VIEWERS), [0.5, 0.3, 0.2], atol=0.01)


def test_experiments_of_a_layer_exclude_each_other() -> None:
    one = assign(Design("one", "feed", 0, 6000, (0.5, 0.5)), VIEWERS)
    other = assign(Design("other", "feed", 6000, N_BUCKETS, (0.5, 0.5)), VIEWERS)
    assert not ((one != UNKNOWN) & (other != UNKNOWN)).any()
    assert ((one != UNKNOWN) | (other != UNKNOWN)).all()
    assert abs((one != UNKNOWN).mean() - 0.6) < 0.01


def test_layers_know_nothing_of_each_other() -> None:
    one = assign(Design("one", "feed", 0, N_BUCKETS, (0.5, 0.5)), VIEWERS)
    other = assign(Design("other", "search", 0, N_BUCKETS, (0.5, 0.5)), VIEWERS)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02


def test_two_experiments_cannot_want_the_same_units() -> None:
    with pytest.raises(ValueError, match="'one' and 'other' share buckets of layer 'feed' from 5999"):
        check_layer(
            [
                Design("other", "feed", 5999, N_BUCKETS, (0.5, 0.5)),
                Design("one", "feed", 0, 6000, (0.5, 0.5)),
            ]
        )


@pytest.mark.parametrize("shares", [(1.0,), (0.5, 0.6), (1.2, -0.2)])
def test_arms_that_are_no_split_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="experiment 'x' has arms"):
        Design("x", "feed", 0, N_BUCKETS, shares)


@given(st.integers(0, 2**62), st.integers(0, 20))
def test_a_unit_keeps_its_arm_whoever_is_asked_with_it(unit: int, others: int) -> None:
    design = Design("steady", "feed", 0, N_BUCKETS, (0.5, 0.5))
    crowd = np.concatenate([np.arange(others), [unit]])
    assert assign(design, np.array([unit]))[0] == assign(design, crowd)[-1]


def test_a_switchback_gives_everybody_in_a_slice_the_same_arm() -> None:
    design = Design("hourly", "feed", 0, N_BUCKETS, (0.5, 0.5))
    moments = np.arange(0, 40 * 3600, 600)
    arms = assign(design, slice_time(moments, 3600)).reshape(40, 6)
    assert (arms == arms[:, :1]).all()
    assert 8 < arms[:, 0].sum() < 32


@given(
    st.lists(st.integers(1, 4000), min_size=1, max_size=8),
    st.lists(st.integers(0, 2**62), min_size=1, max_size=50, unique=True),
)
def test_slots_of_a_layer_never_share_a_unit(widths: list[int], units: list[int]) -> None:
    taken: list[tuple[int, int]] = []
    for width in widths:
        slot = find_slot(taken, width)
        if slot is not None:
            assert slot[1] - slot[0] == width
            taken.append(slot)
    designs = [
        Design(str(number), "feed", *slot, (0.5, 0.5), salt=f"salt {number}")
        for number, slot in enumerate(taken)
    ]
    check_layer(designs)
    placed = np.stack([assign(design, np.array(units)) for design in designs])
    assert ((placed != UNKNOWN).sum(axis=0) <= 1).all()


@given(st.integers(0, 2**62), st.text(min_size=1, max_size=10))
def test_a_unit_has_the_same_arm_every_time_and_alone_or_among_others(unit: int, salt: str) -> None:
    design = Design("one", "feed", 0, 10_000, (0.2, 0.3, 0.5), salt=salt)
    among = assign(design, np.array([5, unit, 7]))[1]
    assert assign(design, np.array([unit])).tolist() == [among]
    assert assign_one(design, unit) == among


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=60), st.floats(0.1, 0.6))
def test_one_unit_is_placed_as_many_are(units: list[int], share: float) -> None:
    design = Design("one", "feed", 1000, 8000, (share, 0.3, 0.7 - share))
    assert [assign_one(design, unit) for unit in units] == assign(design, np.array(units)).tolist()


def test_the_salt_spreads_units_anew() -> None:
    units = np.arange(2000)
    first, second = (assign(Design("a", "feed", 0, 10_000, (0.5, 0.5), salt=s), units) for s in ("x", "y"))
    assert 0.4 < (first == second).mean() < 0.6
