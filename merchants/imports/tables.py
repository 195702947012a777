"""Bytes of a CSV or XLSX file -> rows of text, whatever the encoding, separator or writing program.

Refuses unescaped quotes, rows of the wrong width and formulas, naming file, row, column and value.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from merchants.imports.containers import check_size, check_zip, is_zip
from merchants.imports.rows import Problem, RefusedError

MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 32_767  # Excel's own limit

_SEPARATORS = ",;\t"
#: What a spreadsheet would run: a call, a reference, arithmetic, or a command behind a pipe.
_FORMULA = re.compile(
    r"^[\t\r]*(?:[=+\-@]\s*[A-Za-z_][\w.]*\s*[(|]|=\s*[+\-]?(?:\d|[\"'$]|[A-Za-z]{1,3}\$?\d))"
)
_FULL_WIDTH = str.maketrans("＝＋－＠（｜", "=+-@(|")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; `rows[i]` stands in row `numbers[i]` of the file. Widths may differ."""

    file: str
    rows: list[list[str]]
    numbers: list[int]
    is_workbook: bool = False


def read_table(name: str, data: bytes) -> Table:
    """The rows of a CSV or XLSX file that are not blank.

    Raises
    ------
    RefusedError
        Empty, too large, damaged, neither format, or a line that cannot be split into cells.
    """
    check_size(name, data)
    table = _read_workbook(name, data) if is_zip(data) else _read_text(name, data)
    if not table.rows:
        raise RefusedError(Problem(name, 1, "A", "", "the file has no row; download it again"))
    return table


def is_formula(text: str) -> bool:
    """Would a spreadsheet run this cell? A caption that only starts with = + - or @ is none.

    A cell such as `@lip.studio new shade` or `=)` is an ordinary caption.
    """
    return bool(_FORMULA.match(text.lstrip(" ").translate(_FULL_WIDTH)))


def clean_text(text: str) -> str:
    """Text that a database can hold: without NUL and without halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def decode_text(name: str, data: bytes) -> str:
    """UTF-8 or UTF-16, with or without a mark in front, or what Chinese Excel writes (GB18030)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode(name, data, "utf-16")
    if b"\0" in data[:200]:
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        return _decode(name, data, encoding)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode(name, data, "gb18030")


def _decode(name: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        message = "the file is neither UTF-8, UTF-16 nor GB18030 text; download it again, or save it as UTF-8"
        raise RefusedError(Problem(name, 1, "", "", message)) from None


def _read_text(name: str, data: bytes) -> Table:
    text = decode_text(name, data)
    if "\0" in text:
        raise RefusedError(Problem(name, 1, "", "", "the file is not a table; upload CSV, XLSX or ZIP"))
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    number = 0
    start_line = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return Table(name, rows, numbers)
        except csv.Error:
            raise _describe_quote(name, text, separator, number, start_line) from None
        start_line = reader.line_num
        _check_shape(name, number, len(cells))
        if any(cell.strip() for cell in cells):
            rows.append(cells)
            numbers.append(number)


def _describe_quote(name: str, text: str, separator: str, row: int, start_line: int) -> RefusedError:
    """Find the cell whose quotes are not doubled. Its text is not repeated: it may be a buyer's message."""
    header = next(csv.reader([text.lstrip("\r\n").split("\n", 1)[0]], delimiter=separator), [])
    lines = text.split("\n")
    line = lines[start_line] if start_line < len(lines) else ""
    column, start = 0, 0
    cell = re.compile(rf'(?:"(?:[^"]|"")*"|[^{separator}"]*)(?={re.escape(separator)}|\r?$)')
    while start <= len(line) and (match := cell.match(line, start)):
        column, start = column + 1, match.end() + 1
    title = header[column] if column < len(header) else f"{column + 1}"
    found = re.match(r'"[^"]*"[^"' + separator + r']{0,40}"?', line[start:])
    value = found.group().strip('"') if found and title.strip().casefold() == "video title" else ""
    message = 'a quote inside the text is not doubled (""), so the cells cannot be told apart; '
    message += "put two quotes there, or download the file again as XLSX"
    return RefusedError(Problem(name, row, title, value, message))


def _check_shape(name: str, row: int, width: int) -> None:
    if row > MAX_ROWS:
        message = f"has more than {MAX_ROWS:,} rows, the limit; export a shorter range"
        raise RefusedError(Problem(name, row, "", str(row), message))
    if width > MAX_COLUMNS:
        message = f"has {width} columns, the limit is {MAX_COLUMNS}; download the file again"
        raise RefusedError(Problem(name, row, "", str(width), message))


def _read_workbook(name: str, data: bytes) -> Table:
    check_zip(name, data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            return _read_sheets(name, book)
        finally:
            book.close()
    except (
        InvalidFileException, DefusedXmlException, zipfile.BadZipFile, ParseError, KeyError, ValueError,
        TypeError, AttributeError, IndexError, OSError,
    ) as error:  # fmt: skip
        if isinstance(error, RefusedError):
            raise
        message = f"is not a workbook that can be read ({type(error).__name__}); download it again"
        raise RefusedError(Problem(name, 0, "", "", message)) from None


def _read_sheets(name: str, book: Any) -> Table:
    """The first sheet that holds anything."""
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # exporters write wrong sizes there, and rows would be cut silently
        rows: list[list[str]] = []
        numbers: list[int] = []
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            _check_shape(name, number, len(cells))
            texts = [_write_cell(name, number, cell) for cell in cells]
            while texts and not texts[-1]:
                texts.pop()
            if texts:
                rows.append(texts)
                numbers.append(number)
        if rows:
            return Table(name, rows, numbers, is_workbook=True)
    return Table(name, [], [], is_workbook=True)


def _write_cell(name: str, row: int, cell: Any) -> str:
    """A cell as the text that a CSV file would have."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        kind = "a formula" if cell.data_type == "f" else "an error value"
        column = getattr(cell, "column_letter", "")
        message = f"holds {kind}; the platform writes plain values: upload the file as you downloaded it"
        raise RefusedError(Problem(name, row, str(column), str(value)[:80], message))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return clean_text(str(value))[:MAX_CELL]
