"""An import as plain JSON: for the command line and the API."""

from datetime import date
from typing import Any

from merchants.imports.storing import ImportResult
from merchants.models import Account


def describe_result(result: ImportResult, account: Account, *, is_preview: bool) -> dict[str, Any]:
    """The report as plain JSON: format, range, rows, totals per column, sections, notes and problems."""
    reading = result.reading
    state = "refused" if result.is_refused else "preview" if is_preview else "stored"
    return {
        "file": reading.name,
        "account": account.handle,
        "state": "already stored" if result.was_known else state,
        "import_id": result.import_file.pk if result.import_file else None,
        "format": reading.format,
        "first_day": _write(reading.first_day),
        "last_day": _write(reading.last_day),
        "rows": reading.row_count,
        "totals": {header: _number(total) for header, total in reading.totals.items()},
        "sections": [
            {
                "file": section.file,
                "format": section.format,
                "first_day": _write(section.first_day),
                "last_day": _write(section.last_day),
                "rows": section.row_count,
                "totals": {header: _number(total) for header, total in section.totals.items()},
            }
            for section in reading.sections
        ],
        "notes": reading.notes,
        "problems": [
            {
                "file": problem.file, "row": problem.row, "column": problem.column, "value": problem.value,
                "message": problem.message, "text": str(problem),
            }
            for problem in reading.problems
        ],
    }  # fmt: skip


def _write(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _number(value: Any) -> int | float:
    """A sum as a JSON number; sums of up to 15 digits are exact."""
    return int(value) if value == value.to_integral_value() else float(value)
