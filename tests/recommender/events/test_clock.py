"""The written rules of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events.clock import DAY, SECOND, Clock

NOW = 1_795_176_000 * SECOND
DRIFT = st.integers(-400 * DAY, 400 * DAY)


@given(offset=DRIFT, age=st.integers(0, 300 * DAY))
def test_a_senders_wrong_clock_cancels_out(offset: int, age: int) -> None:
    clock = Clock.for_batch(NOW, NOW + offset)
    assert clock.settle(NOW + offset - age) == (NOW - age, False)


def test_without_sent_at_the_senders_clock_is_believed() -> None:
    assert Clock.for_batch(NOW, None).settle(NOW - 7 * SECOND) == (NOW - 7 * SECOND, False)


@pytest.mark.parametrize(
    ("ahead", "settled"),
    [
        (300 * SECOND, (NOW + 300 * SECOND, False)),
        (300 * SECOND + 1, (NOW, True)),
        (DAY, (NOW, True)),
    ],
)
def test_a_time_ahead_is_kept_cut_or_refused_by_its_distance(ahead: int, settled: tuple[int, bool]) -> None:
    assert Clock.for_batch(NOW, None).settle(NOW + ahead) == settled


@pytest.mark.parametrize("happened", [NOW + DAY + SECOND, 4_070_908_800 * SECOND])
def test_a_time_more_than_a_day_ahead_is_refused_with_the_next_step(happened: int) -> None:
    with pytest.raises(ValueError, match=r"limit is 86400 s; set the sender's clock"):
        Clock.for_batch(NOW, None).settle(happened)


def test_four_hundred_days_are_not_too_late_and_a_second_more_is() -> None:
    clock = Clock.for_batch(NOW, None)
    assert clock.settle(NOW - 400 * DAY) == (NOW - 400 * DAY, False)
    for happened in (NOW - 400 * DAY - SECOND, 0):
        with pytest.raises(ValueError, match=r"limit is 400 days"):
            clock.settle(happened)


def test_an_archive_may_be_old_but_not_older_than_short_video() -> None:
    clock = Clock.for_archive(NOW)
    assert clock.settle(1_649_347_200 * SECOND) == (1_649_347_200 * SECOND, False)
    with pytest.raises(ValueError, match="days back"):
        clock.settle(0)
