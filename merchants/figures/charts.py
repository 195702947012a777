"""The overview's and the videos' charts: figures in, a drawing and its table out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import plotly.graph_objects as go
from babel.dates import get_day_names
from django.utils.translation import gettext as _

from merchants.figures.facets import FUNNEL, Part
from merchants.figures.metrics import METRICS
from merchants.figures.reading import read_series
from merchants.figures.scope import Scope
from merchants.figures.videos import read_daily_views
from merchants.models import Annotation
from merchants.shell import formats
from merchants.shell.charts import Chart, Series, make_chart, pick_color
from merchants.shell.drawing import Style, draw_heatmap, draw_ranking, draw_trend
from merchants.shell.tables import Column, Row, Table


def draw_metric(scope: Scope, key: str, notes: Sequence[tuple[date, str]] = ()) -> Chart | None:
    """One figure per day beside the span it is compared with; None where no day is known."""
    metric = METRICS[key]
    now = read_series(scope.account, [key], scope.range.shown, scope.markets)[key]
    if now.total is None:
        return None
    lines = [Series(metric.title, _plain(now.values), open_from=scope.range.open_from)]
    if scope.range.before:
        then = read_series(scope.account, [key], scope.range.before, scope.markets)[key]
        if then.total is not None and then.source == now.source:
            rest = [None] * (len(scope.range.shown) - len(then.values))
            name = _("52 weeks before") if scope.range.comparison == "year" else _("before")
            lines.append(Series(name, [*_plain(then.values), *rest], is_before=True))
    style = Style(metric.kind, scope.currency)
    return draw_trend(f"trend-{key}", metric.title, scope.range.shown.days, lines, style, notes)


def draw_funnel(sums: dict[str, int]) -> Chart:
    """From a feed to an order, each step with its part of the one before in the words beside it."""
    labels = [METRICS[key].title for key in FUNNEL]
    values = [sums[key] for key in FUNNEL]
    return draw_ranking(
        "funnel", _("From the feed to an order"), labels, [Series(_("Count"), values)], Style(height="low")
    )


def draw_hours(grid: Sequence[Sequence[int]]) -> Chart:
    """Views by weekday and hour of the viewers' own clocks."""
    names = get_day_names("abbreviated", locale=formats.current_locale())
    days = [names[day] for day in range(7)]
    hours = [f"{hour:02}" for hour in range(24)]
    return draw_heatmap("hours", _("When viewers watch"), days, hours, grid, Style(label_title=_("Weekday")))


def draw_parts(name: str, title: str, parts: Sequence[Part], labels: Sequence[str], measure: str) -> Chart:
    """Parts of a whole, most first."""
    values = [part.sums[measure] for part in parts]
    series = [Series(METRICS[measure].title, values)]
    return draw_ranking(name, title, labels, series, Style(height="low" if len(parts) < 5 else ""))


def draw_retention(steps: Sequence[tuple[float, int]]) -> Chart:
    """Which part of the viewers is still there, by how much of the video has run."""
    total = steps[0][1]
    labels = [formats.format_percent(share, 0) for share, _count in steps]
    shares = [count / total for _share, count in steps]
    style = Style("rate", label_title=_("Of the video"))
    return _draw_curve("retention", _("Still watching"), labels, shares, style)


def _draw_curve(name: str, title: str, labels: list[str], values: list[float], style: Style) -> Chart:
    trace = go.Scatter(
        x=labels,
        y=values,
        mode="lines",
        fill="tozeroy",
        fillcolor=pick_color(1, 0.14),
        line={"color": pick_color(1), "width": 2.25},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )
    rows: list[Row] = [{"label": label, "s0": value} for label, value in zip(labels, values, strict=True)]
    table = Table([style.head(), Column("s0", title, "rate")], rows, title)
    axes = {"type": "category", "showgrid": False, "nticks": 6}
    return make_chart(
        name, title, [trace], table, xaxis=axes, yaxis={**style.axis, "range": [0, 1.02]}, showlegend=False
    )


def draw_video(scope: Scope, video_ref: str) -> Chart | None:
    """One video's views per day of the range; None where there are none."""
    found = read_daily_views(scope.account, video_ref, scope.range.shown)
    days = scope.range.shown.days
    series = Series(
        METRICS["views"].title, [found.get(day, 0) for day in days], open_from=scope.range.open_from
    )
    return draw_trend("video-views", METRICS["views"].title, days, [series]) if found else None


def list_notes(scope: Scope) -> list[Annotation]:
    """The notes within the range, oldest first."""
    span = scope.range.shown
    found = Annotation.objects.filter(account=scope.account, day__range=(span.first, span.last))
    return list(found.select_related("made_by").order_by("day", "pk"))


def _plain(values: Sequence[Decimal | None]) -> list[float | None]:
    return [None if value is None else float(value) for value in values]
