"""Tables: exact values, rounded once, sorted with the unknown last."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from merchants.shell.tables import Column, Table, read_sort, sort_rows

COLUMNS = [
    Column("title", "Title"),
    Column("views", "Views", "count"),
    Column("finish_rate", "Watched to the end", "rate"),
    Column("gmv", "GMV", "money"),
    Column("day", "Day", "day"),
]
ROWS = [
    {
        "title": "b",
        "views": 1234567,
        "finish_rate": Decimal("0.12345"),
        "gmv": Decimal("10.005"),
        "currency": "GBP",
        "day": date(2026, 1, 31),
    },
    {
        "title": "a",
        "views": None,
        "finish_rate": None,
        "gmv": Decimal("45000"),
        "currency": "VND",
        "day": None,
    },
]


def test_screen_and_files_show_the_same_rounded_values() -> None:
    table = Table(COLUMNS, ROWS)
    assert [[cell.text for cell in row] for row in table.shown_rows] == [
        ["b", "1,234,567", "12.35%", "£10.01", "Jan 31, 2026"],
        ["a", "–", "–", "₫45,000", "–"],
    ]
    assert table.to_records()[0] == {
        "title": "b",
        "views": 1234567,
        "finish_rate": Decimal("0.1235"),
        "gmv": Decimal("10.01"),
        "day": date(2026, 1, 31),
    }


@given(
    st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), max_size=20),
    st.sampled_from(["views", "-views"]),
)
def test_unknown_values_come_last_in_both_directions(values: list[int | None], sort: str) -> None:
    found = [row["views"] for row in sort_rows([{"views": value} for value in values], sort)]
    known = sorted((value for value in values if value is not None), reverse=sort == "-views")
    assert found == known + [None] * (len(values) - len(known))


def test_a_sort_that_names_no_column_is_the_default() -> None:
    assert read_sort("-views", COLUMNS, "day") == "-views"
    assert read_sort("password", COLUMNS, "day") == "day"


def test_a_heading_asks_for_the_largest_first_and_then_the_smallest() -> None:
    fresh, turned = Table(COLUMNS, ROWS, sort="title"), Table(COLUMNS, ROWS, sort="-views")
    assert fresh.headings[1][1:] == ("-views", "none")
    assert turned.headings[1][1:] == ("views", "descending")
