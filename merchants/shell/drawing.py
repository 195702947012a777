"""The kinds of charts: lines per day, bars, grids and distributions, each with the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import plotly.graph_objects as go
from django.utils.translation import gettext as _

from merchants.shell.charts import (
    NUMBER_FORMATS,
    Chart,
    Height,
    Interval,
    Series,
    Text,
    make_chart,
    pick_color,
)
from merchants.shell.tables import Column, Kind, Row, Table


@dataclass(frozen=True, slots=True)
class Style:
    """What a chart's numbers are, how tall it stands, and what its labels are called in the table."""

    kind: Kind = "count"
    currency: str = ""
    height: Height = ""
    label_title: Text = ""

    @property
    def number_format(self) -> str:
        """Of axes and hints, as d3 writes it."""
        return NUMBER_FORMATS.get(self.kind, ",.0f")

    @property
    def axis(self) -> dict[str, Any]:
        """An axis of numbers."""
        short = ".0%" if self.kind == "rate" else NUMBER_FORMATS.get(self.kind, "~s")
        return {"tickformat": short, "rangemode": "tozero"}

    def head(self) -> Column:
        """The table's column of labels."""
        return Column("label", self.label_title or _("Name"))

    def name_columns(self, series: Sequence[Series]) -> list[Column]:
        """The table's columns of values."""
        return [Column(f"s{number}", one.name, self.kind, self.currency) for number, one in enumerate(series)]


COUNTS = Style()
_NAMES: dict[str, Any] = {"type": "category", "showgrid": False, "automargin": True}
_NAMES_DOWN = {**_NAMES, "autorange": "reversed"}


def draw_trend(
    name: str,
    title: Text,
    days: Sequence[date],
    series: Sequence[Series],
    style: Style = COUNTS,
    notes: Sequence[tuple[date, str]] = (),
) -> Chart:
    """Values per day as lines: what is not complete is dotted, what is compared with is dashed."""
    rows: list[Row] = [{"day": day, **_collect(series, index)} for index, day in enumerate(days)]
    table = Table([Column("day", _("Day"), "day"), *style.name_columns(series)], rows, title)
    return make_chart(
        name,
        title,
        [trace for one in series for trace in _draw_line(days, one, style)],
        table,
        height=style.height,
        shapes=[_mark_day(day) for day, _text in notes],
        annotations=[_write_note(day, text) for day, text in notes],
        xaxis={"type": "date", "showgrid": False},
        yaxis=style.axis,
        showlegend=len(series) > 1,
        hovermode="x unified",
    )


def draw_bars(
    name: str, title: Text, labels: Sequence[Text], series: Sequence[Series], style: Style = COUNTS,
    *, is_stacked: bool = False,
) -> Chart:  # fmt: skip
    """Values per label as upright bars, next to one another or stacked."""
    words = [str(label) for label in labels]
    traces = [go.Bar(x=words, y=list(one.values), name=str(one.name), marker=_paint(one)) for one in series]
    return make_chart(
        name,
        title,
        traces,
        _tabulate(title, words, series, style),
        height=style.height,
        barmode="stack" if is_stacked else "group",
        bargap=0.32,
        showlegend=len(series) > 1,
        xaxis=_NAMES,
        yaxis=style.axis,
    )


def draw_ranking(
    name: str, title: Text, labels: Sequence[Text], series: Sequence[Series], style: Style = COUNTS
) -> Chart:
    """Values per label as lying bars, read from the top, each with its number."""
    words = [str(label) for label in labels]
    numbers = "%{value:" + NUMBER_FORMATS.get(style.kind, ",.3~s") + "}"
    traces = [
        go.Bar(
            x=list(one.values),
            y=words,
            orientation="h",
            name=str(one.name),
            marker=_paint(one),
            texttemplate=numbers,
            textposition="auto",
            cliponaxis=False,
        )
        for one in series
    ]
    return make_chart(
        name,
        title,
        traces,
        _tabulate(title, words, series, style),
        height=style.height,
        bargap=0.32,
        showlegend=len(series) > 1,
        xaxis={**style.axis, "showticklabels": False, "showgrid": False},
        yaxis=_NAMES_DOWN,
    )


def draw_heatmap(
    name: str,
    title: Text,
    row_labels: Sequence[Text],
    column_labels: Sequence[Text],
    values: Sequence[Sequence[float | int | None]],
    style: Style = COUNTS,
) -> Chart:
    """A grid of values, rows from the top; the deeper the colour, the more."""
    down, across = [str(label) for label in row_labels], [str(label) for label in column_labels]
    trace = go.Heatmap(
        z=[list(row) for row in values],
        x=across,
        y=down,
        xgap=2,
        ygap=2,
        showscale=False,
        colorscale=[[0, pick_color(1, 0.06)], [1, pick_color(1)]],
        hovertemplate="%{y} %{x}: %{z:" + style.number_format + "}<extra></extra>",
    )
    rows: list[Row] = [
        {"label": label, **{f"c{number}": value for number, value in enumerate(row)}}
        for label, row in zip(down, values, strict=True)
    ]
    heads = [Column(f"c{number}", label, style.kind) for number, label in enumerate(across)]
    table = Table([style.head(), *heads], rows, title)
    axes: dict[str, Any] = {"xaxis": {**_NAMES, "nticks": 12}, "yaxis": _NAMES_DOWN}
    return make_chart(name, title, [trace], table, height=style.height, showlegend=False, **axes)


def draw_intervals(
    name: str, title: Text, intervals: Sequence[Interval], style: Style = COUNTS, *, is_log: bool = True
) -> Chart:
    """Distributions side by side: a thin bar holds 90 %, a thick one 50 %, a mark stands at the median."""
    points = ("p05", "p25", "p50", "p75", "p95")
    rows: list[Row] = [
        {"label": str(one.label), **{key: getattr(one, key) for key in points}} for one in intervals
    ]
    heads = [Column(key, f"{int(key[1:])} %", style.kind) for key in points]
    traces = [
        _draw_span(intervals, "p05", "p95", 0.16, 0.28, _("90 % of outcomes")),
        _draw_span(intervals, "p25", "p75", 0.42, 0.45, _("50 % of outcomes")),
        _draw_medians(intervals),
    ]
    return make_chart(
        name,
        title,
        traces,
        Table([style.head(), *heads], rows, title),
        height=style.height,
        barmode="overlay",
        showlegend=True,
        xaxis={"type": "log" if is_log else "linear", "tickformat": "~s", "dtick": 1 if is_log else None},
        yaxis=_NAMES_DOWN,
    )


def _draw_span(
    intervals: Sequence[Interval], low: str, high: str, width: float, opacity: float, words: str
) -> Any:
    starts, ends = [getattr(one, low) for one in intervals], [getattr(one, high) for one in intervals]
    return go.Bar(
        y=[str(one.label) for one in intervals],
        x=[end - start for start, end in zip(starts, ends, strict=True)],
        base=starts,
        orientation="h",
        width=width,
        name=words,
        customdata=list(zip(starts, ends, strict=True)),
        marker={"color": [pick_color(one.color, opacity) for one in intervals]},
        hovertemplate="%{customdata[0]:,.0f} – %{customdata[1]:,.0f}<extra>" + words + "</extra>",
    )


def _draw_medians(intervals: Sequence[Interval]) -> Any:
    colors = [pick_color(one.color) for one in intervals]
    return go.Scatter(
        y=[str(one.label) for one in intervals],
        x=[one.p50 for one in intervals],
        mode="markers",
        name=_("median"),
        marker={"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": colors}},
        hovertemplate="%{x:,.0f}<extra>" + _("median") + "</extra>",
    )


def _draw_line(days: Sequence[date], one: Series, style: Style) -> list[Any]:
    """One trace, or two where its end is not complete."""
    texts = [day.isoformat() for day in days]
    cut = len(days) if one.open_from is None else one.open_from
    line = {"color": pick_color(7 if one.is_before else one.color), "width": 1.5 if one.is_before else 2.25}
    hover = "%{y:" + style.number_format + "}"
    made = [
        go.Scatter(
            x=texts[:cut],
            y=list(one.values[:cut]),
            name=str(one.name),
            mode="lines" if cut > 1 else "markers",
            line={**line, "dash": "dash" if one.is_before else "solid"},
            hovertemplate=hover,
        )
    ]
    if cut < len(days):
        start = max(cut - 1, 0)
        made.append(
            go.Scatter(
                x=texts[start:],
                y=list(one.values[start:]),
                name=_("not complete yet"),
                mode="lines",
                line={**line, "dash": "dot"},
                showlegend=False,
                hovertemplate=hover,
            )
        )
    return made


def _paint(one: Series) -> dict[str, Any]:
    return {"color": pick_color(one.color), "opacity": 0.4 if one.is_before else 1}


def _collect(series: Sequence[Series], index: int) -> dict[str, Any]:
    return {f"s{number}": one.values[index] for number, one in enumerate(series)}


def _tabulate(title: Text, words: Sequence[str], series: Sequence[Series], style: Style) -> Table:
    rows: list[Row] = [{"label": word, **_collect(series, index)} for index, word in enumerate(words)]
    return Table([style.head(), *style.name_columns(series)], rows, title)


def _mark_day(day: date) -> dict[str, Any]:
    line = {"width": 1, "dash": "dot", "color": pick_color(7)}
    text = day.isoformat()
    return {"type": "line", "x0": text, "x1": text, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _write_note(day: date, text: str) -> dict[str, Any]:
    at = {"x": day.isoformat(), "y": 1, "yref": "paper", "yanchor": "bottom"}
    return {**at, "text": text[:24], "showarrow": False, "font": {"size": 11}}
