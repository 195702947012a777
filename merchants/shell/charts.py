"""Figures: data -> a Plotly figure and the table behind it. Colours and type come from the page's theme.

Series speak of colours by number (1 to 8); the page replaces `LIGHT[n - 1]` by the token `--series-n` of its
theme. `drawing.py` has the kinds of charts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go
from django.utils.functional import Promise
from django.utils.translation import get_language

from merchants.shell import formats
from merchants.shell.tables import Kind, Table

#: The light values of --series-1 to --series-8 (css/tokens.css).
LIGHT = ("#0b7a6a", "#c2720a", "#4a55c9", "#b53a6a", "#1d77b3", "#687a10", "#5f6c68", "#7d4aa8")

Text = str | Promise
Height = Literal["low", "", "high"]
#: How numbers of a kind are written on axes and in hints.
NUMBER_FORMATS: dict[Kind, str] = {"rate": ".1%", "decimal": ",.2f", "seconds": ",.1f", "money": ",.2f"}


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, what it shows in words, and its numbers as a table."""

    name: str  # unique on its page, and the name of the files it is saved as
    title: Text
    figure: dict[str, Any]
    table: Table
    summary: str = ""  # read out instead of the drawing
    height: Height = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over the same labels. `open_from` is the first label whose figures are not complete yet."""

    name: Text
    values: Sequence[float | int | None]
    color: int = 1
    is_before: bool = False  # the span that it is compared with
    open_from: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A distribution to read: its median, and the spans that hold 50 % and 90 % of it."""

    label: Text
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    color: int = 1


def pick_color(number: int, opacity: float = 1.0) -> str:
    """The colour of a series as the page will replace it."""
    value = LIGHT[(number - 1) % len(LIGHT)]
    if opacity >= 1:
        return value
    red, green, blue = (int(value[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def make_chart(
    name: str,
    title: Text,
    traces: Sequence[Any],
    table: Table,
    *,
    height: Height = "",
    summary: str = "",
    **layout: Any,
) -> Chart:
    """A chart of any traces; `layout` is Plotly's."""
    figure = go.Figure(list(traces))
    palette = {value: f"--series-{number}" for number, value in enumerate(LIGHT, start=1)}
    figure.update_layout(template="none", meta={"palette": palette}, **layout)
    return Chart(name, title, figure.to_plotly_json(), table, summary, height)


#: How axes write a year, a month and a day, where it is not `2026`, `Jan 2026` and `5 Jan`.
_DATE_STYLES = {"en": ("%Y", "%b %Y", "%b %-d"), "zh": ("%Y年", "%Y年%-m月", "%-m月%-d日")}


def describe_locale() -> dict[str, Any]:
    """Month and day names and separators of the page's language, as Plotly takes them."""
    locale = formats.current_locale()
    days, months = locale.days["format"], locale.months["format"]
    symbols = locale.number_symbols["latn"]
    order = (6, 0, 1, 2, 3, 4, 5)  # Plotly counts from Sunday
    year, month, day = _DATE_STYLES.get(locale.language, ("%Y", "%b %Y", "%-d %b"))
    return {
        "name": get_language() or "en",
        "separators": symbols["decimal"] + symbols["group"],
        "format": {
            "days": [days["wide"][day] for day in order],
            "shortDays": [days["abbreviated"][day] for day in order],
            "months": [months["wide"][month] for month in range(1, 13)],
            "shortMonths": [months["abbreviated"][month] for month in range(1, 13)],
            "year": year,
            "month": month,
            "dayMonth": day,
            "dayMonthYear": "%Y年%-m月%-d日" if locale.language == "zh" else f"{day} %Y",
            "date": "%-d %b %Y",
            "time": "%H:%M:%S",
            "dateTime": "%-d %b %Y %H:%M",
            "periods": ["AM", "PM"],
            "decimal": symbols["decimal"],
            "thousands": symbols["group"],
            "grouping": [3],
            "currency": ["", ""],
        },
    }
