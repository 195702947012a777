"""All figures of an account per day, as one table."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from merchants.figures.metrics import METRICS
from merchants.figures.reading import find_currency, read_series
from merchants.figures.spans import Span
from merchants.models import Account
from merchants.shell.tables import Column, Row, Table


def list_columns(currency: str) -> list[Column]:
    """The day, and every figure."""
    figures = (Column(metric.key, metric.title, metric.kind, currency) for metric in METRICS.values())
    return [Column("day", _("Day"), "day"), *figures]


def tabulate_days(account: Account, span: Span, markets: Sequence[str] = ()) -> Table:
    """One row per day, oldest first; figures that no source tells are left open."""
    series = read_series(account, list(METRICS), span, markets)
    columns = list_columns(find_currency(account))
    rows: list[Row] = [
        {"day": day, **{key: one.values[at] for key, one in series.items()}}
        for at, day in enumerate(span.days)
    ]
    return Table(columns, rows, _("Figures per day"), "day")
