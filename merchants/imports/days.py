"""Dates without a year, in any language, made into calendar days.

A day's text is read by each language in turn; what several languages read differently is settled by the
order of the rows, or refused with the question. The year comes from the file's name, a given range or the day
of the export.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from merchants.imports.month_names import LANGUAGES, compile_months, find_months, fold_text
from merchants.imports.rows import CellError

#: A download holds 365 days at most; one more for a leap day.
MAX_SPAN_DAYS = 366
#: How far the first row may lie from the first day that the file's name tells.
MAX_NAME_DRIFT_DAYS = 7

_ASK_RANGE = "say which days the file covers (--first-day or --last-day)"


class DayText(NamedTuple):
    """A date as written: month 1-12, day 1-31, and the year where the text has one."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """What tells the year: the first day where it is known, and the latest day that the last row can be."""

    upper: date
    first: date | None = None
    last: date | None = None


_Reader = Callable[[str], DayText | None]

_ISO = re.compile(r"(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})\s?[日号號일]?(?:[t ].*)?")
_EAST_ASIAN = re.compile(r"(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]?")
_VIETNAMESE = re.compile(r"(?:ngày )?(\d{1,2}) (?:tháng|thg) (\d{1,2})(?:,? (?:năm )?(\d{4}))?")
_NUMERIC = re.compile(r"(\d{1,2})[-/.] ?(\d{1,2})(?:[-/.] ?(\d{4}))?\.?(?: \d{1,2}:.*)?")


def _make(month: int, day: int, year: int | None = None) -> DayText | None:
    if year is not None and 2400 <= year <= 2699:  # Buddhist era, as Thai calendars count
        year -= 543
    longest = 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    if not (1 <= month <= 12 and 1 <= day <= longest) or (year is not None and not 2016 <= year <= 2100):
        return None
    if year is not None and month == 2 and day == 29 and not _is_leap(year):
        return None
    return DayText(month, day, year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _read_unambiguous(text: str) -> DayText | None:
    if match := _ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
        return _make(month, day, year)
    if match := _EAST_ASIAN.fullmatch(text):
        return _make(int(match[1]), int(match[2]))
    if match := _VIETNAMESE.fullmatch(text):
        return _make(int(match[2]), int(match[1]), int(match[3]) if match[3] else None)
    return None


def _read_day_first(text: str) -> DayText | None:
    match = _NUMERIC.fullmatch(text)
    return _make(int(match[2]), int(match[1]), int(match[3]) if match[3] else None) if match else None


def _read_month_first(text: str) -> DayText | None:
    match = _NUMERIC.fullmatch(text)
    return _make(int(match[1]), int(match[2]), int(match[3]) if match[3] else None) if match else None


def _read_named(language: str, text: str) -> DayText | None:
    match = compile_months(language).search(text)
    if match is None:
        return None
    rest = text[: match.start()] + " " + text[match.end() :]
    numbers = [int(number) for number in re.findall(r"\d+", rest)]
    words = re.findall(r"[^\W\d_]+", rest)
    if any(len(word) > 4 for word in words) or not 1 <= len(numbers) <= 2:
        return None
    days = [number for number in numbers if number <= 31]
    years = [number for number in numbers if number > 1900]
    if len(days) != 1 or len(days) + len(years) != len(numbers):
        return None
    return _make(find_months(language)[match[1]], days[0], years[0] if years else None)


def _readers() -> list[_Reader]:
    named: list[_Reader] = [partial(_read_named, name) for name in LANGUAGES]
    return [_read_unambiguous, _read_day_first, _read_month_first, *named]


def read_day_texts(texts: Sequence[str]) -> list[list[DayText]]:
    """Every way in which all texts can be read as days; each a list as long as `texts`.

    Raises
    ------
    UnreadableDayError
        No language reads all of them; `index` is the first that the best language cannot read.
    """
    folded = [fold_text(text) for text in texts]
    distinct = list(dict.fromkeys(folded))
    ways: list[list[DayText]] = []
    best = 0
    for reader in _readers():
        found: dict[str, DayText] = {}
        for text in distinct:
            day = reader(text)
            if day is None:
                break
            found[text] = day
        best = max(best, len(found))
        if len(found) == len(distinct):
            way = [found[text] for text in folded]
            if way not in ways:
                ways.append(way)
    if not ways:
        raise UnreadableDayError(folded.index(distinct[best]), texts[folded.index(distinct[best])])
    return ways


class UnreadableDayError(CellError):
    """A text that no language reads as a day; `index` says which."""

    def __init__(self, index: int, text: str, message: str = "") -> None:
        self.index = index
        super().__init__(
            message or f"{text!r} is not a date; correct the cell or download the file again",
        )


def resolve_days(texts: Sequence[str], anchor: Anchor) -> list[date]:
    """The calendar day of each row of a daily table.

    Rows follow one another day by day, up or down; a day may stand in several rows (hours). See `Anchor` for
    where the year comes from.

    Raises
    ------
    UnreadableDayError
        A text is no date, a day does not exist in the file's range, or the texts can be read in two ways.
    """
    solutions: list[list[date]] = []
    failure: UnreadableDayError | None = None
    for way in read_day_texts(texts):
        try:
            days = _place(way, texts, anchor)
        except UnreadableDayError as error:
            failure = failure or error
            continue
        if days not in solutions:
            solutions.append(days)
    if len(solutions) > 1:
        gaps = [count_gaps(days) for days in solutions]
        solutions = [days for days, gap in zip(solutions, gaps, strict=True) if gap == min(gaps)]
    if len(solutions) > 1 and anchor.first is None:
        # A download ends the day before it is made; a reading that does so beats those that end elsewhere.
        solutions = [days for days in solutions if max(days) == anchor.upper] or solutions
    if len(solutions) > 1:
        first, second = solutions[0][0], solutions[1][0]
        message = f"{texts[0]!r} may be {first} or {second}; {_ASK_RANGE}"
        raise UnreadableDayError(0, texts[0], message)
    if not solutions:
        assert failure is not None
        raise failure
    return solutions[0]


def count_gaps(days: Sequence[date]) -> int:
    """Days that are missing between the first and the last."""
    return (max(days) - min(days)).days + 1 - len(set(days)) if days else 0


def find_latest(day: DayText, upper: date) -> date | None:
    """The last time this day came round until `upper`, or None where that is too long ago."""
    if day.year is not None:
        return date(day.year, day.month, day.day)
    for year in (upper.year, upper.year - 1):
        found = _exact(day, year)
        if found and found <= upper:
            return found if (upper - found).days <= MAX_SPAN_DAYS else None
    return None


def find_nearest(day: DayText, near: date) -> date | None:
    """The occurrence of a day that is closest to `near`."""
    if day.year is not None:
        return date(day.year, day.month, day.day)
    found = [_exact(day, year) for year in (near.year - 1, near.year, near.year + 1)]
    return min((one for one in found if one), key=lambda one: abs((one - near).days), default=None)


def _exact(day: DayText, year: int) -> date | None:
    if day.month == 2 and day.day == 29 and not _is_leap(year):
        return None
    return date(year, day.month, day.day)


def _place(way: list[DayText], texts: Sequence[str], anchor: Anchor) -> list[date]:
    if all(day.year is not None for day in way):
        return [date(day.year or 0, day.month, day.day) for day in way]
    falls = _falls(way)
    ordered = way[::-1] if falls else way
    names = list(texts)[::-1] if falls else list(texts)
    try:
        days = _walk_forward(ordered, names, anchor) if anchor.first else _walk_back(ordered, names, anchor)
        _check_span(days, names)
    except UnreadableDayError as error:
        if falls:
            error.index = len(way) - 1 - error.index
        raise
    return days[::-1] if falls else days


def _check_span(days: list[date], names: list[str]) -> None:
    span = (days[-1] - days[0]).days
    if span > MAX_SPAN_DAYS:
        pairs = enumerate(pairwise(days), start=1)
        index = next(i for i, (earlier, later) in pairs if (later - earlier).days > 1)
        message = f"{names[index]!r} is out of order: the rows would span {span} days, the limit is 365; "
        message += f"correct the order, or {_ASK_RANGE}"
        raise UnreadableDayError(index, names[index], message)


def _falls(way: list[DayText]) -> bool:
    """Do the rows run from the newest day to the oldest?"""
    leap_days = [date(2024, day.month, day.day) for day in way]
    steps = [(later - earlier).days for earlier, later in pairwise(leap_days)]
    up = sum(step in (1, 2, -365, -364) for step in steps)
    down = sum(step in (-1, -2, 365, 364) for step in steps)
    return down > up


def _walk_forward(way: list[DayText], names: list[str], anchor: Anchor) -> list[date]:
    first = anchor.first or anchor.upper
    start = find_nearest(way[0], first)
    if start is None or abs((start - first).days) > MAX_NAME_DRIFT_DAYS:
        message = f"{names[0]!r} is not near {first}, the first day of the file; {_ASK_RANGE}"
        raise UnreadableDayError(0, names[0], message)
    days = [start]
    for index, day in enumerate(way[1:], start=1):
        later = (_exact(day, year) for year in (days[-1].year, days[-1].year + 1))
        found = next((one for one in later if one and one >= days[-1]), None)
        if found is None:
            raise _missing(index, names[index], days[-1])
        days.append(found)
    return days


def _walk_back(way: list[DayText], names: list[str], anchor: Anchor) -> list[date]:
    upper = anchor.last or anchor.upper
    end = find_latest(way[-1], upper)
    if end is None:
        raise _missing(len(way) - 1, names[-1], upper)
    if anchor.last and abs((end - anchor.last).days) > MAX_NAME_DRIFT_DAYS:
        message = f"{names[-1]!r} is not near {anchor.last}, the given last day; correct the given range"
        raise UnreadableDayError(len(way) - 1, names[-1], message)
    days = [end]
    for index in range(len(way) - 2, -1, -1):
        found = find_latest(way[index], days[-1])
        if found is None:
            raise _missing(index, names[index], days[-1])
        days.append(found)
    return days[::-1]


def _missing(index: int, text: str, near: date) -> UnreadableDayError:
    return UnreadableDayError(
        index,
        text,
        f"{text!r} does not exist within a year of {near}; {_ASK_RANGE}, or download the file again",
    )
