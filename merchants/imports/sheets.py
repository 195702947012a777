"""A table whose format is known: its columns by name, its cells read by kind, its faults collected.

Values of columns that are not listed in `columns` are never looked at, nor repeated in a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeVar

from merchants.imports.amounts import parse_count, parse_money, parse_rates
from merchants.imports.columns import (
    FORMATS,
    Column,
    Format,
    find_foreign,
    find_format,
    find_header_currency,
    fold_header,
    match_headers,
)
from merchants.imports.days import Anchor, UnreadableDayError, resolve_days
from merchants.imports.rows import CellError, Problem, RefusedError, Section
from merchants.imports.tables import Table, is_formula

#: The header stands among the first rows; ranges, titles and blank lines may come before it.
HEADER_ROWS = 10
#: Largest figure that the tables hold exactly.
MAX_VALUE = Decimal(10) ** 15
MAX_TEXT = 2_200  # the platform's own limit of a caption

_Value = TypeVar("_Value")


@dataclass(slots=True)
class Sheet:
    """Rows under a recognised header. `preamble` holds the rows above it."""

    file: str
    format: Format
    header_number: int  # row of the header in the file
    positions: dict[str, int]
    headers: dict[str, str]
    rows: list[list[str]]
    numbers: list[int]
    preamble: list[list[str]]
    notes: list[str]
    problems: list[Problem] = field(default_factory=list)

    def texts(self, name: str) -> list[str]:
        """The cells of a column, stripped; empty strings where the file lacks the column."""
        if name not in self.positions:
            return [""] * len(self.rows)
        position = self.positions[name]
        return [row[position].strip() for row in self.rows]

    def add_problem(self, index: int, name: str, value: str, message: str) -> None:
        """Note what is wrong with row `index` of `rows`."""
        header = self.headers.get(name, name)
        self.problems.append(Problem(self.file, self.numbers[index], header, value[:80], message))

    def parse(self, name: str, reader: Callable[[str], _Value | None]) -> list[_Value | None]:
        """Each cell of a column by `reader`; a cell that it refuses becomes a problem and None."""
        values: list[_Value | None] = []
        for index, text in enumerate(self.texts(name)):
            try:
                values.append(reader(text))
            except CellError as error:
                self.add_problem(index, name, text, str(error))
                values.append(None)
        return values

    def columns_of(self, *kinds: str) -> list[Column]:
        """The columns of these kinds that the file has, in the format's order."""
        return [c for c in self.format.columns if c.kind in kinds and c.name in self.positions]

    def read_numbers(self, section: Section, currency: str = "") -> dict[str, list[Decimal | None]]:
        """All counts, amounts and rates by column; sums of counts and amounts go into `totals`."""
        numbers: dict[str, list[Decimal | None]] = {}
        for column in self.columns_of("count", "money", "rate", "share"):
            header = self.headers[column.name]
            if column.kind == "count":
                values = self.parse(column.name, parse_count)
            elif column.kind == "money":
                unit = find_header_currency(header) or currency
                values = self.parse(column.name, partial(parse_money, currency=unit))
            else:
                values = self._read_rates(column.name)
            self._check_sizes(column.name, values)
            numbers[column.name] = values
            if column.kind != "rate":
                section.add_total(header, sum((v for v in values if v is not None), Decimal(0)))
        return numbers

    def _check_sizes(self, name: str, values: list[Decimal | None]) -> None:
        for index, value in enumerate(values):
            if value is not None and abs(value) >= MAX_VALUE:
                message = f"{value} is too large, the limit is {MAX_VALUE:,}; correct the cell"
                self.add_problem(index, name, str(value), message)

    def _read_rates(self, name: str) -> list[Decimal | None]:
        texts = self.texts(name)
        values: list[Decimal | None] = []
        for index, rate in enumerate(parse_rates(texts)):
            if isinstance(rate, CellError):
                self.add_problem(index, name, texts[index], str(rate))
                rate = None
            values.append(rate)
        return values

    def read_days(self, name: str, anchor: Anchor) -> list[date]:
        """The calendar days of a column of a daily table; one problem and no day where they are unclear."""
        texts = self.texts(name)
        if not texts:
            return []
        try:
            days = resolve_days(texts, anchor)
        except UnreadableDayError as error:
            self.add_problem(error.index, name, texts[error.index], str(error))
            return []
        return days

    def read_texts(self, name: str) -> list[str]:
        """Free texts; one that a spreadsheet would run is refused."""

        def read(text: str) -> str:
            if is_formula(text):
                raise CellError(
                    f"{text[:60]!r} is a formula, not a text; remove the = + - or @ in front and upload again"
                )
            return text[:MAX_TEXT]

        return [text or "" for text in self.parse(name, read)]

    def read_refs(self, name: str) -> list[str]:
        """Ids of the platform, as text: a spreadsheet would round them."""
        return [text or "" for text in self.parse(name, parse_ref)]


def parse_ref(text: str) -> str:
    """An id of up to 25 digits.

    Raises
    ------
    CellError
        Not digits, or digits that a spreadsheet has rounded (`7.66E+18`).
    """
    bare = text.strip().strip("'\"=").strip()
    if re.fullmatch(r"\d{1,25}", bare):
        return bare
    if re.fullmatch(r"\d+[.,]\d+E\+?\d+", bare, re.IGNORECASE):
        raise CellError(f"{text!r} has lost digits in a spreadsheet; upload the file as you downloaded it")
    raise CellError(f"{text!r} is not an id (digits alone); correct the cell or download the file again")


def open_sheet(table: Table) -> Sheet:
    """Find the header and the format of a table.

    Raises
    ------
    RefusedError
        A file we do not read, or one that lacks required columns.
    """
    for index, cells in enumerate(table.rows[:HEADER_ROWS]):
        if fmt := find_format(cells):
            matched = match_headers(fmt, cells)
            if by_shape := _match_by_shape(fmt, cells, matched):
                return _open_by_order(table, index, fmt, by_shape)
            return _make_sheet(table, index, fmt, matched)
    if sheet := _open_by_shape(table):
        return sheet
    raise _refuse_unknown(table)


def _match_by_shape(fmt: Format, cells: list[str], matched: dict[int, Column]) -> dict[int, Column] | None:
    """The columns by their order, where we lack words for some headers and the others agree with it."""
    required = [column for column in fmt.columns if column.required]
    if not fmt.has_fixed_shape or not {column.name for column in required} - {
        c.name for c in matched.values()
    }:
        return None
    for columns in (list(fmt.columns), required):
        by_order = dict(enumerate(columns))
        if len(cells) == len(columns) and all(by_order[at] == column for at, column in matched.items()):
            return by_order
    return None


def _open_by_order(table: Table, index: int, fmt: Format, columns: dict[int, Column]) -> Sheet:
    sheet = _make_sheet(table, index, fmt, columns)
    sheet.notes.append(f"{table.file}: headers in an unlisted language were read by their order; check them")
    return sheet


def _make_sheet(table: Table, index: int, fmt: Format, matched: dict[int, Column]) -> Sheet:
    cells = table.rows[index]
    names = {column.name for column in matched.values()}
    if missing := [column for column in fmt.columns if column.required and column.name not in names]:
        problems = [
            Problem(
                table.file, table.numbers[index], column.headers[0], "",
                f"column {column.headers[0]!r} is missing from {fmt.title}; download the file again",
            )
            for column in missing
        ]  # fmt: skip
        raise RefusedError(*problems)
    sheet = Sheet(
        table.file, fmt, table.numbers[index],
        positions={column.name: position for position, column in matched.items()},
        headers={column.name: cells[position].strip() for position, column in matched.items()},
        rows=table.rows[index + 1 :], numbers=table.numbers[index + 1 :],
        preamble=table.rows[:index], notes=[],
    )  # fmt: skip
    _square_rows(sheet, table, len(cells))
    unknown = [cell.strip() for at, cell in enumerate(cells) if at not in matched and cell.strip()]
    if unknown and fmt.key != "shop_orders":
        sheet.notes.append(f"{table.file}: not read, as we do not know the columns: {', '.join(unknown)}")
    return sheet


def _square_rows(sheet: Sheet, table: Table, width: int) -> None:
    """Let every row be as wide as the header, or say which is not."""
    for index, row in enumerate(sheet.rows):
        while len(row) > width and not row[-1].strip():
            row.pop()
        if len(row) > width or (len(row) < width and not table.is_workbook):
            message = (
                f"the row has {len(row)} cells, the header {width}; correct the row or download it again"
            )
            sheet.problems.append(Problem(sheet.file, sheet.numbers[index], "", str(len(row)), message))
        row.extend([""] * (width - len(row)))


def _open_by_shape(table: Table) -> Sheet | None:
    """A Studio table with headers in a language that we have no words for: its name and its shape tell it."""
    stem = fold_header(re.sub(r"( ?\(\d+\))?\.\w+$", "", table.file.rsplit("/", 1)[-1]))
    for fmt in FORMATS:
        required = [column for column in fmt.columns if column.required]
        if not fmt.has_fixed_shape or fold_header(fmt.entry) != stem or not table.rows:
            continue
        columns = list(fmt.columns) if len(table.rows[0]) == len(fmt.columns) else required
        if len(table.rows[0]) == len(columns) and find_foreign(table.rows[0]) is None:
            return _open_by_order(table, 0, fmt, dict(enumerate(columns)))
    return None


def _refuse_unknown(table: Table) -> RefusedError:
    for index, cells in enumerate(table.rows[:HEADER_ROWS]):
        if foreign := find_foreign(cells):
            header, what, way_out = foreign
            return RefusedError(
                Problem(
                    table.file,
                    table.numbers[index],
                    header.strip(),
                    header.strip(),
                    f"this is {what}; {way_out}",
                )
            )
    message = "the columns belong to no file that we read; upload a TikTok Studio, TikTok Shop or "
    message += "'Download your data' file as the platform gave it to you"
    first = table.rows[0][0].strip()[:80] if table.rows[0] else ""
    return RefusedError(Problem(table.file, table.numbers[0], first, first, message))
