"""Charts of a simulation."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from django.utils.translation import gettext as _

from merchants.reach.wording import name_change, name_outcomes
from merchants.shell.charts import Chart, Interval, make_chart, pick_color
from merchants.shell.drawing import Style, draw_intervals
from merchants.shell.formats import format_market
from merchants.shell.tables import Column, Row, Table

_ENDS = ("q05", "q25", "q50", "q75", "q95")


def draw_markets(forecast: dict[str, Any]) -> Chart:
    """Views in each country: median, 50 and 90 % of the futures."""
    intervals = [
        _read_interval(format_market(market), line["outcomes"]["views"])
        for market, line in sorted(
            forecast["markets"].items(), key=lambda pair: -float(pair[1]["outcomes"]["views"]["q50"])
        )
        if line["outcomes"]["views"]["q95"] >= 1
    ]
    return draw_intervals("reach-markets", _("Views by country"), intervals)


def draw_variants(result: dict[str, Any]) -> Chart:
    """Views of the draft and of each change, over the same futures."""
    lines = [
        (_("As planned"), result["forecast"]),
        *((name_change(v["name"]), v) for v in result["variants"]),
    ]
    intervals = [
        _read_interval(name, line["total"]["outcomes"]["views"], 2 if place else 1)
        for place, (name, line) in enumerate(lines)
    ]
    title = _("Views as planned and with one change")
    return draw_intervals("reach-variants", title, intervals, Style(height="high"))


def draw_histogram(forecast: dict[str, Any]) -> Chart:
    """How likely each size of the outcome is."""
    bins = forecast["total"]["histogram"]
    edges = [10**edge for edge in bins["log10_edges"]]
    middles = [(low * high) ** 0.5 for low, high in pairwise(edges)]
    rows: list[Row] = [
        {"from": low, "to": high, "chance": chance}
        for low, high, chance in zip(edges, edges[1:], bins["chance"], strict=False)
    ]
    columns = [
        Column("from", _("from"), "count"), Column("to", _("to"), "count"),
        Column("chance", _("chance"), "rate"),
    ]  # fmt: skip
    trace = go.Bar(
        x=middles, y=bins["chance"], width=[high - low for low, high in pairwise(edges)],
        marker={"color": pick_color(1, 0.75)}, hovertemplate="%{y:.1%}<extra></extra>",
    )  # fmt: skip
    return make_chart(
        "reach-histogram",
        _("How likely is how much"),
        [trace],
        Table(columns, rows, _("How likely is how much")),
        height="low",
        showlegend=False,
        xaxis={
            "type": "log",
            "tickformat": "~s",
            "dtick": 1,
            "showgrid": False,
            "title": {"text": _("views")},
        },
        yaxis={"tickformat": ".0%", "rangemode": "tozero"},
    )


def draw_path(forecast: dict[str, Any]) -> Chart:
    """Views after each hour, as a band."""
    path = forecast["path"]
    hours = [line["hour"] for line in path]
    rows: list[Row] = [{"hour": line["hour"], **{end: line[end] for end in _ENDS}} for line in path]
    columns = [
        Column("hour", _("hour"), "count"),
        *(Column(end, f"{int(end[1:])} %", "count") for end in _ENDS),
    ]
    traces = [
        *_draw_band(path, hours, "q05", "q95", 0.16, _("90 % of outcomes")),
        *_draw_band(path, hours, "q25", "q75", 0.3, _("50 % of outcomes")),
        go.Scatter(
            x=hours, y=[line["q50"] for line in path], mode="lines", name=_("median"),
            line={"color": pick_color(1), "width": 2.5}, hovertemplate="%{y:,.0f}",
        ),
    ]  # fmt: skip
    return make_chart(
        "reach-path",
        _("Views over the first week"),
        traces,
        Table(columns, rows, _("Views over the first week")),
        hovermode="x unified",
        xaxis={
            "ticksuffix": " h",
            "showgrid": False,
            "tickvals": [1, 24, 48, 72, 96, 120, 144, 168],
        },
        yaxis={"tickformat": "~s", "rangemode": "tozero"},
        showlegend=True,
    )


def _draw_band(
    path: list[dict[str, Any]], hours: list[int], low: str, high: str, opacity: float, words: str
) -> list[Any]:
    edge = {"width": 0, "color": pick_color(1, 0.0)}
    return [
        go.Scatter(
            x=hours, y=[line[low] for line in path], mode="lines", line=edge, showlegend=False,
            hoverinfo="skip",
        ),
        go.Scatter(
            x=hours, y=[line[high] for line in path], mode="lines", line=edge, fill="tonexty", name=words,
            fillcolor=pick_color(1, opacity), hoverinfo="skip",
        ),
    ]  # fmt: skip


def draw_backtest(lines: list[dict[str, Any]]) -> Chart:
    """What was forecast for each earlier video, and what came."""
    labels = [line["label"] for line in lines]
    rows: list[Row] = [
        {"label": line["label"], "views": line["views"], **{end: line[end] for end in _ENDS}}
        for line in lines
    ]
    columns = [
        Column("label", _("Video")), Column("views", _("what came"), "count"),
        *(Column(end, f"{int(end[1:])} %", "count") for end in _ENDS),
    ]  # fmt: skip

    def span(low: str, high: str, width: float, opacity: float, words: str) -> Any:
        return go.Bar(
            x=labels, y=[line[high] - line[low] for line in lines], base=[line[low] for line in lines],
            width=width, name=words, marker={"color": pick_color(1, opacity)}, hoverinfo="skip",
        )  # fmt: skip

    traces = [
        span("q05", "q95", 0.3, 0.22, _("90 % of outcomes")),
        span("q25", "q75", 0.55, 0.4, _("50 % of outcomes")),
        go.Scatter(
            x=labels, y=[line["views"] for line in lines], mode="markers", name=_("what came"),
            marker={"size": 9, "color": pick_color(2)}, hovertemplate="%{y:,.0f}<extra>%{x}</extra>",
        ),
    ]  # fmt: skip
    return make_chart(
        "reach-backtest",
        _("Forecast and what came"),
        traces,
        Table(columns, rows, _("Forecast and what came")),
        height="high",
        barmode="overlay",
        showlegend=True,
        xaxis={"type": "category", "showgrid": False, "nticks": 12},
        yaxis={"type": "log", "tickformat": "~s", "dtick": 1},
    )


def draw_comparison(first: dict[str, Any], second: dict[str, Any], names: tuple[str, str]) -> Chart:
    """Two runs side by side, outcome by outcome."""
    words = name_outcomes()
    intervals = []
    for outcome in ("views", "people", "likes", "comments", "shares", "follows", "cart_clicks", "orders"):
        for place, (result, name) in enumerate(zip((first, second), names, strict=True)):
            line = result["forecast"]["total"]["outcomes"][outcome]
            if line["q95"] >= 1:
                intervals.append(_read_interval(f"{words[outcome]} · {name}", line, place + 1))
    title = _("Two simulations side by side")
    return draw_intervals("reach-comparison", title, intervals, Style(height="high"))


def _read_interval(label: str, line: dict[str, float], color: int = 1) -> Interval:
    """An interval of a result; a log axis has no room below one."""
    low, quarter, middle, upper, high = (max(float(line[end]), 1.0) for end in _ENDS)
    return Interval(label, low, quarter, middle, upper, high, color)
