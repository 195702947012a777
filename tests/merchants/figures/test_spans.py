"""Ranges of an address: closed days alone are compared, from the same weekday on, and nonsense is refused."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.figures.spans import PRESETS, Span, SpanError, read_range

TODAY = date(2026, 11, 25)


@given(
    st.sampled_from(PRESETS),
    st.sampled_from(["previous", "year"]),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)
def test_what_is_compared_is_as_long_and_begins_on_the_same_weekday(
    days: int, comparison: str, latest: date
) -> None:
    found = read_range({"range": str(days), "compare": comparison}, TODAY, latest)
    assert found.closed is not None and found.before is not None
    assert found.closed.last < TODAY
    assert len(found.before) == len(found.closed)
    assert found.before.first.weekday() == found.closed.first.weekday()
    assert found.before.last < found.closed.first or days == 365
    assert len(found.shown) == days


def test_today_is_shown_and_never_compared() -> None:
    found = read_range({"range": "7"}, TODAY, TODAY)
    assert found.shown == Span(TODAY - timedelta(days=6), TODAY)
    assert found.closed == Span(TODAY - timedelta(days=6), TODAY - timedelta(days=1))
    assert found.open_from == 6


def test_old_imports_are_seen_at_once() -> None:
    found = read_range({}, TODAY, date(2026, 1, 29))
    assert found.shown == Span(date(2026, 1, 2), date(2026, 1, 29))
    assert found.open_from is None


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"range": "8"}, "range '8'"),
        ({"compare": "never"}, "compare 'never'"),
        ({"range": "custom", "from": "2026-02-30", "to": "2026-03-01"}, "from '2026-02-30'"),
        ({"range": "custom", "from": "2026-03-02", "to": "2026-03-01"}, "turn them round"),
        ({"range": "custom", "from": "2016-01-01", "to": "2026-03-01"}, "the limit is 1100"),
    ],
)
def test_a_range_that_cannot_be_is_refused_by_name(query: dict[str, str], word: str) -> None:
    with pytest.raises(SpanError, match=word):
        read_range(query, TODAY, TODAY)
