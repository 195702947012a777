"""Alerts: against the same weekdays, quiet afterwards; a day that is not known never counts as zero."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.alerts.judging import Rule, find_usual, judge

DAYS = [date(2026, 1, 5) + timedelta(days=day) for day in range(42)]
#: A shop that sells ten times as much on Saturdays.
WEEKS = [Decimal(1000 if day.weekday() == 5 else 100) for day in DAYS]


def fire(values: list[Decimal | None], kind: str, threshold: int, quiet_days: int = 0) -> list[date]:
    return [one.day for one in judge(DAYS, values, Rule(kind, Decimal(threshold), quiet_days), DAYS[0])]


def change(at: int, value: int | None) -> list[Decimal | None]:
    values: list[Decimal | None] = list(WEEKS)
    values[at] = None if value is None else Decimal(value)
    return values


def test_a_week_that_repeats_itself_is_no_alert() -> None:
    assert fire(list(WEEKS), "drop", 10) == fire(list(WEEKS), "rise", 10) == []


def test_a_day_is_held_against_the_same_weekdays() -> None:
    saturday = DAYS.index(date(2026, 2, 7))
    assert fire(change(saturday, 500), "drop", 40) == [DAYS[saturday]]
    assert fire(change(saturday, 700), "drop", 40) == []
    assert fire(change(saturday - 1, 500), "rise", 300) == [DAYS[saturday - 1]]


def test_a_day_that_is_not_known_is_neither_low_nor_zero() -> None:
    assert fire(change(30, None), "drop", 10) == fire(change(30, None), "below", 50) == []


def test_silence_is_told_once_it_has_lasted() -> None:
    values: list[Decimal | None] = [*WEEKS[:36], *[None] * 6]
    assert fire(values, "silence", 3) == [DAYS[38]]


@given(st.lists(st.integers(0, 50), min_size=42, max_size=42), st.integers(0, 10))
def test_after_it_spoke_an_alert_is_quiet(numbers: list[int], quiet_days: int) -> None:
    found = fire([Decimal(number) for number in numbers], "below", 25, quiet_days)
    gaps = [(later - earlier).days for earlier, later in pairwise(found)]
    assert all(gap > quiet_days for gap in gaps)


def test_the_usual_needs_two_known_weeks() -> None:
    assert find_usual([Decimal(5)] + [None] * 13 + [Decimal(1)], 14) is None
    assert find_usual([Decimal(5)] + [None] * 6 + [Decimal(7)] + [None] * 6 + [Decimal(1)], 14) == 6


@pytest.mark.parametrize(("kind", "threshold", "count"), [("above", 500, 6), ("below", 500, 36)])
def test_a_fixed_limit(kind: str, threshold: int, count: int) -> None:
    assert len(fire(list(WEEKS), kind, threshold)) == count
