"""The back-test of a rule, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from merchants.alerts.judging import Firing
from merchants.figures.metrics import METRICS
from merchants.shell.charts import Chart, Series
from merchants.shell.drawing import Style, draw_trend


def draw_test(
    metric: str,
    currency: str,
    days: Sequence[date],
    values: Sequence[Decimal | None],
    fired: Sequence[Firing],
) -> Chart:
    """The figure over the tested days, with a mark where the rule would have spoken."""
    series = Series(METRICS[metric].title, [None if value is None else float(value) for value in values])
    style = Style(METRICS[metric].kind, currency)
    return draw_trend(
        "alert-test", METRICS[metric].title, days, [series], style, [(one.day, _("alert")) for one in fired]
    )
