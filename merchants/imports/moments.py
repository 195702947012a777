"""Dates with times in order files: `25/06/2026 13:03:57`, `05/02/2026 2:49:19 PM`, `2026-06-25 13:03`.

Whether the day or the month comes first is told by the whole file, then by the market; where neither tells,
the question is put, never a guess.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from merchants.imports.amounts import is_unknown, normalise_digits
from merchants.imports.rows import CellError

#: How sellers' files in a market write dates; PH is left out: both orders have been seen there.
MARKET_ORDER = {
    "GB": "dmy", "ID": "dmy", "MY": "dmy", "SG": "dmy", "TH": "dmy", "VN": "dmy", "US": "mdy",
    "ES": "dmy", "FR": "dmy", "IT": "dmy", "DE": "dmy", "IE": "dmy", "MX": "dmy", "BR": "dmy",
}  # fmt: skip

_TIME = r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([AaPp])?\.?[Mm]?\.?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _TIME)


def find_order(texts: list[str], market: str, today: date) -> str:
    """'dmy' or 'mdy' for all dates of a file; '' where no date needs it.

    Raises
    ------
    CellError
        Dates that fit neither order together, or that both orders read, with no market to tell.
    """
    pairs = {
        (int(match[1]), int(match[2]), int(match[3]), text)
        for text in texts
        if (match := _YEAR_LAST.fullmatch(normalise_digits(text)))
    }
    if not pairs:
        return ""
    day_first = next((text for first, _, _, text in sorted(pairs) if first > 12), None)
    month_first = next((text for _, second, _, text in sorted(pairs) if second > 12), None)
    if day_first and month_first:
        raise CellError(
            f"{month_first!r} has the month first, {day_first!r} the day; a file has one order: correct "
            "the dates"
        )
    if day_first or month_first:
        return "dmy" if day_first else "mdy"
    possible = [order for order in ("dmy", "mdy") if _is_past(pairs, order, today)]
    if len(possible) == 1:
        return possible[0]
    if market in MARKET_ORDER:
        return MARKET_ORDER[market]
    first, second, year, text = min(pairs)
    if all(one == two for one, two, _, _ in pairs):
        return "dmy"
    raise CellError(
        f"{text!r} may be {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}, and no other date "
        "in the file tells; say which comes first (--date-order dmy or mdy)"
    )


def _is_past(pairs: set[tuple[int, int, int, str]], order: str, today: date) -> bool:
    """Can all dates have come already, read in this order?"""
    limit = today + timedelta(days=1)
    return all(
        date(year, *((second, first) if order == "dmy" else (first, second))) <= limit
        for first, second, year, _ in pairs
    )


def parse_moment(text: str, order: str) -> datetime | None:
    """A wall-clock moment, or None where the cell says that there is none."""
    if is_unknown(text):
        return None
    plain = normalise_digits(text)
    if match := _YEAR_FIRST.fullmatch(plain):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := _YEAR_LAST.fullmatch(plain):
        day, month, year = int(match[1]), int(match[2]), int(match[3])
        if order == "mdy":
            day, month = month, day
    else:
        raise CellError(f"{text!r} is not a date with a time; correct the cell or download the file again")
    hour, minute, second = (int(match[at] or 0) for at in (4, 5, 6))
    if match[7]:
        if not 1 <= hour <= 12:
            raise CellError(f"{text!r} has hour {hour} with AM or PM, the limit is 12; correct the cell")
        hour = hour % 12 + (12 if match[7].lower() == "p" else 0)
    if 2500 <= year <= 2650:  # Buddhist era
        year -= 543
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  the shop's wall clock
    except ValueError:
        raise CellError(
            f"{text!r} is no day of the calendar; correct the cell or download the file again"
        ) from None
