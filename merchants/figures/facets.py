"""Where viewers come from, when they watch, and who they are: sums of an account's activity by one facet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.db.models.functions import ExtractIsoWeekDay

from merchants.figures.deltas import Delta, compare
from merchants.figures.spans import Span
from merchants.models import Account, ActivityDay, Facet

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
    rows = _select(account, facet, span, markets)
    if keys:
        rows = rows.filter(key__in=keys)
    sums = {name: Sum(name) for name in ActivityDay.MEASURES}
    return {str(row.pop(field)): row for row in rows.order_by(field).values(field).annotate(**sums)}


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
