"""Charts: every figure has its table, colours follow the theme's tokens, open ends are dotted."""

import re
from datetime import date, timedelta

from django.utils.translation import override

from merchants.shell import charts
from merchants.shell.charts import Interval, Series
from merchants.shell.drawing import draw_heatmap, draw_intervals, draw_ranking, draw_trend
from ttok_site.places import BASE_DIR

DAYS = [date(2026, 1, 5) + timedelta(days=day) for day in range(5)]


def test_the_colours_of_charts_are_the_light_tokens_of_the_pages() -> None:
    tokens = (BASE_DIR / "merchants/static/merchants/css/tokens.css").read_text()
    assert re.findall(r"--series-\d: light-dark\((#\w{6}),", tokens) == list(charts.LIGHT)


def test_a_line_is_dotted_where_its_figures_are_not_complete() -> None:
    drawn = draw_trend("views", "Views", DAYS, [Series("Views", [3, 1, 4, 1, 5], open_from=4)])
    closed, open_end = drawn.figure["data"]
    assert (list(closed["y"]), closed["line"]["dash"]) == ([3, 1, 4, 1], "solid")
    assert (list(open_end["y"]), open_end["line"]["dash"]) == ([1, 5], "dot")
    assert [row["s0"] for row in drawn.table.rows] == [3, 1, 4, 1, 5]


def test_every_number_of_a_drawing_stands_in_its_table() -> None:
    bars = draw_ranking("funnel", "Funnel", ["shown", "clicked"], [Series("now", [90, 7])])
    assert [row["s0"] for row in bars.table.rows] == [90, 7]
    grid = draw_heatmap("hours", "Hours", ["Mon", "Tue"], ["0", "1", "2"], [[1, 2, 3], [4, 5, None]])
    assert [[row[f"c{hour}"] for hour in range(3)] for row in grid.table.rows] == [[1, 2, 3], [4, 5, None]]
    spread = draw_intervals("reach", "Reach", [Interval("GB", 1, 10, 100, 1000, 10_000)])
    assert spread.table.to_records() == [
        {"label": "GB", "p05": 1, "p25": 10, "p50": 100, "p75": 1000, "p95": 10_000}
    ]


def test_an_interval_is_drawn_from_its_lower_to_its_upper_end() -> None:
    outer, inner, median = draw_intervals(
        "reach", "Reach", [Interval("GB", 1, 10, 100, 1000, 10_000)]
    ).figure["data"]
    assert (outer["base"][0], outer["base"][0] + outer["x"][0]) == (1, 10_000)
    assert (inner["base"][0], inner["base"][0] + inner["x"][0]) == (10, 1000)
    assert list(median["x"]) == [100]


def test_axes_name_months_and_days_in_the_language_of_the_page() -> None:
    with override("zh-hans"):
        named = charts.describe_locale()
    assert (named["format"]["months"][0], named["format"]["days"][0]) == ("一月", "星期日")
    with override("en"):
        assert charts.describe_locale()["format"]["shortDays"][1] == "Mon"
