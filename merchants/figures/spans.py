"""Which days a page is about, and which days they are held against: all of it from the address.

A day that is not over is shown, dotted, and never compared. Spans that are compared begin on the same
weekday, because a shop's week has a shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

#: Values of `range` in days.
PRESETS = (7, 28, 90, 365)
DEFAULT_DAYS = 28
COMPARISONS = ("previous", "year", "none")
MAX_DAYS = 1_100  # three years, as long as figures are kept in days


class SpanError(ValueError):
    """A span that cannot be shown; says which value is wrong and what would do."""


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar days from `first` to `last`, both counted."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """The days, oldest first."""
        return [self.first + timedelta(days=day) for day in range(len(self))]

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def shift(self, days: int) -> Span:
        """The span so many days later, or earlier where negative."""
        return Span(self.first + timedelta(days=days), self.last + timedelta(days=days))


#: Longer than any account.
ALL_DAYS = Span(date(2016, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True, slots=True)
class Range:
    """What a page shows, which of it is over (`closed`), and what that is compared with (`before`)."""

    shown: Span
    closed: Span | None
    before: Span | None
    preset: str  # "7", "28", ... or "custom"
    comparison: str

    @property
    def open_from(self) -> int | None:
        """Place of the first day that is not over, None where all are."""
        closed = len(self.closed) if self.closed else 0
        return closed if closed < len(self.shown) else None


def read_range(query: Mapping[str, str], today: date, latest: date | None) -> Range:
    """The range that an address asks for.

    Parameters
    ----------
    query
        `range` (days, or custom with `from` and `to`), `compare`.
    today
        In the account's zone.
    latest
        The newest day with any figure, None where there is none. Ranges in days end there, so that old
        imports are seen at once; at most today.

    Raises
    ------
    SpanError
        Days that do not exist, in the wrong order, or too many.
    """
    end = min(latest or today - timedelta(days=1), today)
    preset = query.get("range", "") or str(DEFAULT_DAYS)
    if preset == "custom":
        shown = _read_custom(query, today)
    elif preset.isdecimal() and int(preset) in PRESETS:
        shown = Span(end - timedelta(days=int(preset) - 1), end)
    else:
        raise SpanError(f"range {preset!r} is none of {', '.join(map(str, PRESETS))} or custom")
    comparison = query.get("compare", "") or "previous"
    if comparison not in COMPARISONS:
        raise SpanError(f"compare {comparison!r} is none of {', '.join(COMPARISONS)}")
    last_closed = min(shown.last, today - timedelta(days=1))
    closed = Span(shown.first, last_closed) if last_closed >= shown.first else None
    return Range(shown, closed, _find_before(shown, closed, comparison), preset, comparison)


def _read_custom(query: Mapping[str, str], today: date) -> Span:
    days = []
    for name in ("from", "to"):
        text = query.get(name, "")
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            raise SpanError(f"{name} {text!r} is not a day; write it as 2026-01-31") from None
    first, last = days[0], min(days[1], today)
    if first > last:
        raise SpanError(f"from {first} comes after to {last}; turn them round")
    if (last - first).days >= MAX_DAYS:
        raise SpanError(f"{(last - first).days + 1} days are asked for, the limit is {MAX_DAYS}")
    return Span(first, last)


def _find_before(shown: Span, closed: Span | None, comparison: str) -> Span | None:
    """As many closed days, whole weeks earlier: right before the range, or 52 weeks."""
    if closed is None or comparison == "none":
        return None
    weeks = 52 if comparison == "year" else -(-len(shown) // 7)
    return closed.shift(-7 * weeks)
