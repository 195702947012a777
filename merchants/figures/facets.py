"""Where viewers come from, when they watch, and who they are: sums of an account's activity by one facet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import ExtractIsoWeekDay

from merchants.figures.deltas import Delta, compare
from merchants.figures.spans import Span
from merchants.models import Account, ActivityDay, Facet

#: Spans longer than this are summed by months.
LONG_DAYS = 92
#: The steps from a feed to an order.
FUNNEL = ("impressions", "views", "cart_clicks", "orders")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole, now and in the span it is compared with."""

    key: str
    sums: dict[str, int]
    before: dict[str, int]

    @property
    def change(self) -> Delta:
        """How its views changed; meaningless where nothing is compared."""
        return compare(Decimal(self.sums["views"]), Decimal(self.before["views"]))


def sum_by(
    account: Account,
    field: str,
    facet: Facet,
    span: Span,
    markets: Sequence[str] = (),
    keys: Sequence[str] = (),
) -> dict[str, dict[str, int]]:
    """Sums of every measure by `key` or `market` of one facet, of some keys alone where any are given."""
    if facet == Facet.VIDEO and field == "key" and not markets and len(span) > LONG_DAYS:
        return _sum_long(account, span, keys)
    return _sum(_select(account, facet, span, markets), field, keys)


def _sum(rows: Any, field: str, keys: Sequence[str]) -> dict[str, dict[str, int]]:
    """Sums by a field. Read past the ORM: turning 24,000 exact sums into numbers took it 50 ms."""
    chosen = rows.filter(key__in=keys) if keys else rows
    names = ActivityDay.MEASURES
    grouped = chosen.order_by(field).values_list(field).annotate(**{name: Sum(name) for name in names})
    try:
        inner, params = grouped.query.sql_with_params()
    except EmptyResultSet:
        return {}
    numbers = ", ".join(f'"{name}"::bigint' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{field}", {numbers} FROM ({inner}) AS grouped', params)
        return {str(key): dict(zip(names, sums, strict=True)) for key, *sums in cursor.fetchall()}


def _sum_long(account: Account, span: Span, keys: Sequence[str]) -> dict[str, dict[str, int]]:
    """Videos over a long span: whole months from their own rows, and the days at both ends."""
    start = (span.first + timedelta(days=31 if span.first.day > 1 else 0)).replace(day=1)
    end = (span.last + timedelta(days=1)).replace(day=1)
    whole = ActivityDay.objects.filter(account=account, facet=Facet.VIDEO_MONTH, day__gte=start, day__lt=end)
    days = ActivityDay.objects.filter(account=account, facet=Facet.VIDEO)
    ends = days.filter(day__gte=span.first, day__lt=start) | days.filter(day__gte=end, day__lte=span.last)
    return _merge(_sum(whole, "key", keys), _sum(ends, "key", keys))


def _merge(one: dict[str, dict[str, int]], two: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    for key, sums in two.items():
        known = one.setdefault(key, dict.fromkeys(sums, 0))
        for name, value in sums.items():
            known[name] += value
    return one


def list_parts(
    account: Account,
    field: str,
    facet: Facet,
    span: Span,
    before: Span | None,
    markets: Sequence[str] = (),
    keys: Sequence[str] = (),
) -> list[Part]:
    """Parts by views, most first; a part that is gone is there with zeros."""
    now = sum_by(account, field, facet, span, markets, keys)
    then = sum_by(account, field, facet, before, markets, keys) if before else {}
    nothing = dict.fromkeys(ActivityDay.MEASURES, 0)
    parts = [Part(key, now.get(key, nothing), then.get(key, nothing)) for key in {**now, **then}]
    return sorted(parts, key=lambda part: (-part.sums["views"], part.key))


def sum_hours(
    account: Account, span: Span, markets: Sequence[str] = (), measure: str = "views"
) -> list[list[int]]:
    """A measure by weekday (Monday first) and hour of the viewers' own clocks: 7 lists of 24."""
    grid = [[0] * 24 for _ in range(7)]
    rows = _select(account, Facet.HOUR, span, markets).annotate(weekday=ExtractIsoWeekDay("day"))
    for weekday, hour, total in rows.values_list("weekday", "key").annotate(total=Sum(measure)).order_by():
        grid[weekday - 1][int(hour)] = total
    return grid


def sum_all(account: Account, span: Span, markets: Sequence[str] = ()) -> dict[str, int]:
    """Sums of every measure over a span; zeros where nothing happened."""
    sums = _select(account, Facet.SOURCE, span, markets).aggregate(
        **{name: Sum(name, default=0) for name in ActivityDay.MEASURES}
    )
    return {name: int(value) for name, value in sums.items()}


def sum_parts(parts: Sequence[Part], measure: str = "views") -> int:
    """A measure over all parts."""
    return sum(part.sums[measure] for part in parts)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel: its count, and its part of the step before."""

    key: str
    count: int
    share: Decimal | None


def list_steps(sums: dict[str, int]) -> list[Step]:
    """The steps of the funnel in order; the first has nothing before it."""
    steps = []
    for at, key in enumerate(FUNNEL):
        above = sums[FUNNEL[at - 1]] if at else 0
        steps.append(Step(key, sums[key], Decimal(sums[key]) / above if above else None))
    return steps


def _select(account: Account, facet: Facet, span: Span, markets: Sequence[str]) -> Any:
    rows = ActivityDay.objects.filter(account=account, facet=facet, day__range=(span.first, span.last))
    return rows.filter(market__in=markets) if markets else rows
