"""Figures of one account per day: from imports where they reach, else from the platform's own counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Max, Sum

from merchants.figures.metrics import METRICS, Metric
from merchants.figures.spans import Span
from merchants.models import Account, ActivityDay, DailyMetric, Facet, ImportFile
from recommender.markets import MARKETS

ZERO = Decimal(0)
_MS = Decimal(1000)

#: One order counts once, whatever lines it has; cancelled, unpaid and returned ones do not.
_ORDERS_SQL = """
WITH line AS (
    SELECT DISTINCT ON (o.order_ref, o.sku_ref, o.line) o.order_ref, o.created_on, o.status, o.values
    FROM merchants_order AS o JOIN merchants_importfile AS f ON f.id = o.import_file_id
    WHERE o.account_id = %s AND o.created_on BETWEEN %s AND %s AND f.undone_at IS NULL
    ORDER BY o.order_ref, o.sku_ref, o.line, o.import_file_id DESC
), bought AS (
    SELECT order_ref, min(created_on) AS day,
           coalesce(sum((values ->> 'subtotal')::numeric),
                    max((values ->> 'order_amount')::numeric), 0) AS value
    FROM line WHERE status NOT IN ('cancelled', 'unpaid', 'returned') GROUP BY order_ref
)
SELECT day, count(*), sum(value) FROM bought GROUP BY day
"""

#: Files of lifetime totals: their last day is that of the export, not of a figure.
_LIFETIME_FORMATS = ("studio_content", "download_your_data", "download_your_data_txt")


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over the days of a span; None where it is not known. `source` says where it comes from."""

    metric: Metric
    values: list[Decimal | None]
    source: str  # imported, orders, activity, or '' where there is none
    parts: tuple[list[Decimal], list[Decimal]] | None = field(default=None)  # a ratio's two counts

    @property
    def total(self) -> Decimal | None:
        """The span's figure: a sum, or for a ratio the ratio of its sums; None where no day is known."""
        return self.total_of(len(self.values))

    def total_of(self, n_days: int) -> Decimal | None:
        """The same for the first `n_days`."""
        if self.parts is not None:
            above, below = (sum(part[:n_days], ZERO) for part in self.parts)
            return above / below if below else None
        known = [value for value in self.values[:n_days] if value is not None]
        return sum(known, ZERO) if known else None


def find_latest_day(account: Account) -> date | None:
    """The newest day with any figure of an account."""
    files = ImportFile.objects.filter(account=account, undone_at=None).exclude(format__in=_LIFETIME_FORMATS)
    imported = files.aggregate(day=Max("last_day"))["day"]
    counted = ActivityDay.objects.filter(account=account, facet=Facet.SOURCE).aggregate(day=Max("day"))["day"]
    return max((day for day in (imported, counted) if day), default=None)


def read_series(
    account: Account, keys: Sequence[str], span: Span, markets: Sequence[str] = ()
) -> dict[str, Series]:
    """Figures by key. With `markets` only the platform's counts are read: imports know no markets."""
    metrics = [METRICS[key] for key in keys]
    days = span.days
    imported = {} if markets else _read_imported(account, metrics, span)
    orders = _read_orders(account, span) if not markets and any(one.orders for one in metrics) else {}
    counted = _read_activity(account, span, markets) if any(one.activity for one in metrics) else {}
    return {metric.key: _make_series(metric, days, imported, orders, counted) for metric in metrics}


def find_currency(account: Account) -> str:
    """What the account's orders are paid in, ISO 4217; empty where its country has no cart."""
    return MARKETS[account.market].currency if account.market in MARKETS else ""


def _make_series(
    metric: Metric,
    days: list[date],
    imported: dict[str, dict[date, Decimal]],
    orders: dict[date, tuple[Decimal, Decimal]],
    counted: dict[date, dict[str, Decimal]],
) -> Series:
    for name in metric.imported:
        if found := imported.get(name):
            return Series(metric, [found.get(day) for day in days], "imported")
    if metric.orders and orders:
        at = 0 if metric.orders == "count" else 1
        return Series(metric, [orders[day][at] if day in orders else ZERO for day in days], "orders")
    if not metric.activity or not counted:
        return Series(metric, [None] * len(days), "")
    above = [counted.get(day, {}).get(metric.activity, ZERO) for day in days]
    if metric.activity == "watch_ms":
        above = [value / _MS for value in above]
    if not metric.is_ratio:
        return Series(metric, list(above), "activity")
    below = [counted.get(day, {}).get(metric.per, ZERO) for day in days]
    ratios = [one / two if two else None for one, two in zip(above, below, strict=True)]
    return Series(metric, ratios, "activity", (above, below))


def _read_imported(account: Account, metrics: Iterable[Metric], span: Span) -> dict[str, dict[date, Decimal]]:
    names = [name for metric in metrics for name in metric.imported]
    if not names:
        return {}
    rows = DailyMetric.objects.filter(
        account=account, metric__in=names, hour=-1, day__range=(span.first, span.last)
    ).current()
    found: dict[str, dict[date, Decimal]] = {}
    for name, day, value in rows.values_list("metric", "day", "value"):
        found.setdefault(name, {})[day] = value
    return found


def _read_orders(account: Account, span: Span) -> dict[date, tuple[Decimal, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS_SQL, [account.pk, span.first, span.last])
        return {day: (Decimal(count), value) for day, count, value in cursor.fetchall()}


def _read_activity(account: Account, span: Span, markets: Sequence[str]) -> dict[date, dict[str, Decimal]]:
    """Counts per day; the facet with the fewest rows stands for all, as each adds up to the same."""
    rows = ActivityDay.objects.filter(account=account, facet=Facet.SOURCE, day__range=(span.first, span.last))
    if markets:
        rows = rows.filter(market__in=markets)
    sums = {name: Sum(name) for name in ActivityDay.MEASURES}
    totals = rows.order_by("day").values_list("day").annotate(**sums)
    return {day: dict(zip(sums, map(Decimal, values), strict=True)) for day, *values in totals}
