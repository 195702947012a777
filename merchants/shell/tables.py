"""Tables: rows of exact values, rounded once, so that screen, API, CSV and XLSX agree to the last digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.utils.functional import Promise

from merchants.shell import formats

#: What a column holds. A `rate` is a fraction, shown as a percentage; `money` names its currency.
Kind = Literal["text", "count", "decimal", "money", "rate", "seconds", "day", "moment", "market", "language"]
NUMERIC: frozenset[Kind] = frozenset({"count", "decimal", "money", "rate", "seconds"})
#: Digits after the point that leave the product; a rate of 0.1234 is shown as 12.34 %.
_PLACES: dict[Kind, int] = {"decimal": 2, "rate": 4, "seconds": 1}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: where its values lie in a row, its words, and what they are."""

    key: str
    title: str | Promise
    kind: Kind = "text"
    currency: str = ""  # of money; empty = the row's own, under "currency"
    help: str | Promise = ""
    is_sortable: bool = True
    link: Callable[[Row], str] | None = None

    @property
    def is_numeric(self) -> bool:
        """Is it set to the right, in digits of one width?"""
        return self.kind in NUMERIC

    def read(self, row: Row) -> Any:
        """The exact value of a row as every output carries it; None where it is not known."""
        value = row.get(self.key)
        if value is None or value == "":
            return None
        if self.kind == "count":
            return int(formats.round_to(value, 0))
        if self.kind == "money":
            return formats.round_to(value, formats.find_places(self.find_currency(row)))
        if self.kind in _PLACES:
            return formats.round_to(value, _PLACES[self.kind])
        return value

    def find_currency(self, row: Row) -> str:
        """ISO code of a money cell."""
        return self.currency or str(row.get("currency") or "")

    def show(self, row: Row) -> str:
        """The value as a reader of the current language sees it."""
        value = self.read(row)
        if value is None:
            return formats.UNKNOWN
        match self.kind:
            case "count":
                return formats.format_count(value)
            case "money":
                return formats.format_money(value, self.find_currency(row))
            case "rate":
                return formats.format_percent(value, 2)
            case "seconds" | "decimal":
                return formats.format_decimal(value, _PLACES[self.kind])
            case "day":
                return formats.format_day(value)
            case "moment":
                return formats.format_moment(value)
            case "market":
                return formats.format_market(value)
            case "language":
                return formats.format_language(value)
            case _:
                return str(value)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell on the screen."""

    column: Column
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows. `sort` is a column's key, with '-' in front for falling."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    caption: str | Promise = ""
    sort: str = ""
    total: Row | None = field(default=None)

    def with_rows(self, rows: Sequence[Row]) -> Table:
        """The same table with other rows."""
        return replace(self, rows=rows)

    def cut(self, count: int) -> Table:
        """The first rows alone."""
        return self.with_rows(self.rows[:count])

    @property
    def shown_rows(self) -> list[list[Cell]]:
        """The rows as the screen shows them."""
        return [self._show(row) for row in self.rows]

    @property
    def shown_total(self) -> list[Cell] | None:
        """The row of sums, where there is one."""
        return self._show(self.total) if self.total is not None else None

    def _show(self, row: Row) -> list[Cell]:
        return [
            Cell(column, column.show(row), column.link(row) if column.link else "") for column in self.columns
        ]

    @property
    def headings(self) -> list[tuple[Column, str, str]]:
        """(column, value of `sort` that its heading asks for, aria-sort)."""
        found = []
        for column in self.columns:
            falls, rises = self.sort == f"-{column.key}", self.sort == column.key
            first = f"-{column.key}" if column.is_numeric else column.key
            other = column.key if column.is_numeric else f"-{column.key}"
            asked = other if self.sort == first else first
            found.append((column, asked, "descending" if falls else "ascending" if rises else "none"))
        return found

    def to_records(self) -> list[dict[str, Any]]:
        """The rows as the API, CSV and XLSX carry them, by column key."""
        return [{column.key: column.read(row) for column in self.columns} for row in self.rows]


def read_sort(asked: str, columns: Sequence[Column], default: str) -> str:
    """A `sort` parameter, or the default where it names no sortable column."""
    known = {column.key for column in columns if column.is_sortable}
    return asked if asked.removeprefix("-") in known else default


def sort_rows(rows: Sequence[Row], sort: str) -> list[Row]:
    """Rows by one key, unknown values last in both directions; ties keep their order."""
    key = sort.removeprefix("-")
    known = [row for row in rows if row.get(key) not in (None, "")]
    unknown = [row for row in rows if row.get(key) in (None, "")]
    return sorted(known, key=lambda row: _order(row[key]), reverse=sort.startswith("-")) + unknown


def _order(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, datetime | date | int | float | Decimal):
        return value
    return str(value)
