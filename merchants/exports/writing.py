"""Tables as files: CSV that Excel opens in any language, and workbooks whose cells are numbers.

Values are those of `Table.to_records`, which the screen and the API show too. A text that a spreadsheet would
run as a formula is written with an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from merchants.shell.formats import find_places
from merchants.shell.tables import Column, Table

BYTE_ORDER_MARK = "\ufeff"
#: What spreadsheets take for the start of a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
FORMATS = ("csv", "xlsx")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def make_safe(text: str) -> str:
    """A text that no spreadsheet runs.

    >>> make_safe("=1+1"), make_safe("lipstick")
    ("'=1+1", 'lipstick')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def iterate_csv(table: Table) -> Iterator[str]:
    """Lines of a CSV file, from its mark and headings to its last row."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")

    def take() -> str:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    buffer.write(BYTE_ORDER_MARK)
    writer.writerow([make_safe(name_column(column)) for column in table.columns])
    yield take()
    for row in table.rows:
        writer.writerow([_write_plain(column.read(row)) for column in table.columns])
        yield take()


def write_xlsx(table: Table) -> bytes:
    """A workbook with one sheet; numbers are numbers, days are days, ids stay text."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(str(table.caption)[:31] or "Sheet1")
        bold = book.add_format({"bold": True})
        looks = [book.add_format({"num_format": _pick_number_format(column)}) for column in table.columns]
        for at, column in enumerate(table.columns):
            sheet.write_string(0, at, name_column(column), bold)
            sheet.set_column(at, at, 34 if at == 0 else 15)
        sheet.freeze_panes(1, 1)
        for number, row in enumerate(table.rows, start=1):
            for at, column in enumerate(table.columns):
                _write_cell(sheet, number, at, column.read(row), looks[at])
    return file.getvalue()


def name_column(column: Column) -> str:
    """A heading; money names its currency."""
    return (
        f"{column.title} ({column.currency})"
        if column.kind == "money" and column.currency
        else str(column.title)
    )


def _write_plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return str(value)
    return make_safe(str(value))


def _write_cell(sheet: Any, row: int, column: int, value: Any, look: Any) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), look)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001
    elif isinstance(value, int | Decimal):
        sheet.write_number(row, column, value, look)
    else:
        sheet.write_string(row, column, make_safe(str(value)))


def _pick_number_format(column: Column) -> str:
    match column.kind:
        case "count":
            return "#,##0"
        case "rate":
            return "0.00%"
        case "money":
            places = find_places(column.currency)
            return "#,##0" + ("." + "0" * places if places else "")
        case "seconds":
            return "0.0"
        case "decimal":
            return "0.00"
        case "day":
            return "yyyy-mm-dd"
        case "moment":
            return "yyyy-mm-dd hh:mm"
        case _:
            return "General"
