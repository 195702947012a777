"""When an alert fires: closed days alone, held against the same weekdays before, quiet after it spoke.

Plain values in, firings out; the same function judges the night's day and the last ninety days before saving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from merchants.models import AlertKind

#: Weeks whose same weekday makes the usual figure, and how many of them must be known.
WEEKS, MIN_WEEKS = 4, 2
#: Days before the judged ones that a rule needs to see.
LOOK_BACK_DAYS = 7 * WEEKS


@dataclass(frozen=True, slots=True)
class Firing:
    """A day on which a rule fires: the figure, and what it was held against."""

    day: date
    value: Decimal | None
    usual: Decimal | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What to watch for. `threshold` is percent for drop and rise, days for silence, a figure otherwise."""

    kind: str
    threshold: Decimal
    quiet_days: int


def judge(days: Sequence[date], values: Sequence[Decimal | None], rule: Rule, since: date) -> list[Firing]:
    """The firings from `since` on.

    Parameters
    ----------
    days, values
        Closed days without a gap, oldest first, and their figures; None where a day is not known.

    >>> days = [date(2026, 1, day) for day in range(1, 11)]
    >>> judge(days, [Decimal(9)] * 8 + [Decimal(2), None], Rule("below", Decimal(3), 0), days[0])
    [Firing(day=datetime.date(2026, 1, 9), value=Decimal('2'), usual=Decimal('3'))]
    """
    fired: list[Firing] = []
    last: date | None = None
    for at, day in enumerate(days):
        if last is not None and (day - last).days <= rule.quiet_days:
            continue
        found = (
            _judge_silence(days, values, at, rule)
            if rule.kind == AlertKind.SILENCE
            else _judge_day(days, values, at, rule)
        )
        if found is not None:
            last = day
            if day >= since:
                fired.append(found)
    return fired


def _judge_day(days: Sequence[date], values: Sequence[Decimal | None], at: int, rule: Rule) -> Firing | None:
    value = values[at]
    if value is None:
        return None
    if rule.kind in (AlertKind.BELOW, AlertKind.ABOVE):
        is_out = value < rule.threshold if rule.kind == AlertKind.BELOW else value > rule.threshold
        return Firing(days[at], value, rule.threshold) if is_out else None
    usual = find_usual(values, at)
    if not usual:
        return None
    change = (value - usual) / usual * 100
    is_out = change < -rule.threshold if rule.kind == AlertKind.DROP else change > rule.threshold
    return Firing(days[at], value, usual) if is_out else None


def _judge_silence(
    days: Sequence[date], values: Sequence[Decimal | None], at: int, rule: Rule
) -> Firing | None:
    """No figure on so many days in a row, after there were some."""
    length = int(rule.threshold)
    is_silent = at >= length and all(value is None for value in values[at - length + 1 : at + 1])
    return Firing(days[at], None, None) if is_silent and values[at - length] is not None else None


def find_usual(values: Sequence[Decimal | None], at: int) -> Decimal | None:
    """The middle of the same weekday in the weeks before; None where too few are known."""
    places = [at - 7 * week for week in range(1, WEEKS + 1)]
    known = [value for place in places if place >= 0 and (value := values[place]) is not None]
    return Decimal(median(known)) if len(known) >= MIN_WEEKS else None
