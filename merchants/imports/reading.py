"""The front door of the parsers: the bytes of one upload -> a `Reading`, whatever the file is.

No Django and no disk: bytes in, typed rows and problems out. A reading with problems must not be stored.
"""

from __future__ import annotations

import re
from dataclasses import replace

from merchants.imports.containers import Entry, check_size, check_zip, is_workbook, is_zip, open_zip
from merchants.imports.download import is_download, read_download
from merchants.imports.rows import Problem, Reading, ReadingContext, RefusedError, Section
from merchants.imports.sheets import Sheet, open_sheet
from merchants.imports.shop import read_shop
from merchants.imports.studio import Origin, make_anchor, read_origin, read_studio, refuse_without_rows
from merchants.imports.tables import read_table

MAX_PROBLEMS = 50
#: The history tells the last day of the others in its archive, which cover only a part of the range.
_ORDER = ("studio_follower_history", "studio_overview", "studio_viewers")


def read_upload(name: str, data: bytes, context: ReadingContext) -> Reading:
    """Read an upload of any format.

    Parameters
    ----------
    name
        File name as uploaded; Studio's names carry the first day and the account's handle.
    data
        The bytes, at most `containers.MAX_FILE_BYTES`.
    context
        Today, the account's market, and answers to questions that an earlier try asked.

    Returns
    -------
    Reading
        With `problems` where it is refused; nothing is raised for any content.
    """
    reading = Reading(name)
    try:
        entries = _open_upload(name, data)
        if all(is_download(entry) for entry in entries):
            read_download(entries, reading)
        else:
            _read_tables(name, entries, reading, context)
    except RefusedError as error:
        reading.problems.extend(error.problems)
    if len(reading.problems) > MAX_PROBLEMS:
        rest = len(reading.problems) - MAX_PROBLEMS
        del reading.problems[MAX_PROBLEMS:]
        reading.problems.append(Problem(name, 0, "", "", f"and {rest} further problems; correct these first"))
    return reading


def _open_upload(name: str, data: bytes) -> list[Entry]:
    check_size(name, data)
    if not is_zip(data):
        return [Entry(name, data)]
    check_zip(name, data)
    if is_workbook(data):
        return [Entry(name, data)]
    entries = open_zip(name, data)
    if not entries:
        raise RefusedError(Problem(name, 0, "", "", "the archive holds no file; download it again"))
    return entries


def _read_tables(name: str, entries: list[Entry], reading: Reading, context: ReadingContext) -> None:
    sheets: list[tuple[Sheet, Origin]] = []
    for entry in entries:
        if not re.search(r"\.(csv|xlsx|tsv|txt)$", entry.name, re.IGNORECASE) and len(entries) > 1:
            reading.notes.append(f"{entry.name}: not a table, left out")
            continue
        origin = read_origin(name, entry.stamped_on)
        reading.handle = reading.handle or origin.handle
        try:
            sheets.append((open_sheet(read_table(entry.name, entry.data)), origin))
        except RefusedError as error:
            reading.problems.extend(error.problems)
    if not sheets:
        return
    reading.format = _name_format([sheet for sheet, _ in sheets])
    sheets.sort(key=lambda pair: pair[0].format.key not in _ORDER)
    for sheet, origin in sheets:
        _read_sheet(sheet, origin, reading, context)
    if not reading.problems and not reading.row_count:
        raise refuse_without_rows(name, [sheet for sheet, _ in sheets])


def _read_sheet(sheet: Sheet, origin: Origin, reading: Reading, context: ReadingContext) -> None:
    if reading.last_day and not context.last_day and sheet.format.key == "studio_follower_activity":
        context = replace(context, last_day=reading.last_day)
    try:
        section = (
            read_shop(sheet, context)
            if sheet.format.key.startswith("shop_")
            else read_studio(sheet, make_anchor(origin, context), context)
        )
        reading.sections.append(section)
    except RefusedError as error:
        reading.problems.extend(error.problems)
        section = Section(sheet.file, sheet.format.key)
    if not section.row_count and not sheet.problems and section.format.startswith("studio_follower"):
        sheet.notes.append(f"{sheet.file}: no rows yet, as for an account with few followers")
    reading.problems.extend(sheet.problems)
    reading.notes.extend(sheet.notes)


def _name_format(sheets: list[Sheet]) -> str:
    """The format of the upload: that of its only table, or `studio_followers` for the archive of four."""
    keys = sorted({sheet.format.key for sheet in sheets})
    if len(keys) == 1:
        return keys[0]
    return "studio_followers" if all(key.startswith("studio_follower") for key in keys) else "+".join(keys)
