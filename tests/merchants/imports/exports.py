"""Files as the platform writes them, made from known figures: bytes of CSV, XLSX, ZIP and JSON."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from openpyxl import Workbook

OVERVIEW = ("Date", "Video Views", "Profile Views", "Likes", "Comments", "Shares")
VIETNAMESE = (
    "Một", "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Mười Một", "Mười Hai"
)  # fmt: skip
Rows = Sequence[Sequence[Any]]


def list_days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=day) for day in range(count)]


def write_day(day: date, language: str, skeleton: str = "MMMMd") -> str:
    """A day without its year, as the app in this language writes it (`vi` as a word, as seen)."""
    if language == "vi" and skeleton == "MMMMd":
        return f"{day.day} tháng {VIETNAMESE[day.month - 1]}"
    return str(format_skeleton(skeleton, day, locale=language))


def write_csv(rows: Rows, *, quote: int = csv.QUOTE_ALL, mark: str = "\ufeff", separator: str = ",") -> bytes:
    """Studio's CSV: a mark in front, every cell quoted, no line end after the last row."""
    text = io.StringIO()
    csv.writer(text, quoting=quote, lineterminator="\n", delimiter=separator).writerows(rows)  # type: ignore[arg-type]
    return (mark + text.getvalue().rstrip("\n")).encode()


def write_xlsx(rows: Rows, title: str = "Sheet1") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def write_zip(entries: dict[str, bytes], stamp: date | None = None, *, packed: bool = False) -> bytes:
    """An archive; `stamp` is the day it notes for its entries."""
    file = io.BytesIO()
    moment = (stamp.year, stamp.month, stamp.day, 3, 0, 0) if stamp else (1980, 1, 1, 0, 0, 0)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, moment)
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            archive.writestr(info, data)
    return file.getvalue()


def make_overview(days: Sequence[date], language: str = "en", skeleton: str = "MMMMd") -> list[list[str]]:
    """An overview in which day number n has 1000 + n views, n visits, 3n likes, -n comments, 2n shares."""
    return [
        list(OVERVIEW),
        *(
            [write_day(day, language, skeleton), str(1000 + n), str(n), str(3 * n), str(-n), str(2 * n)]
            for n, day in enumerate(days)
        ),
    ]


def name_overview(first: date, handle: str = "lip.studio", exported_on: date | None = None) -> str:
    """The archive's name: first day, unix seconds of the export, handle."""
    days = ((exported_on or first) - date(1970, 1, 1)).days
    return f"Overview_{first}_{days * 86_400 + 3_600}_{handle}.zip"


def make_shop_videos(
    rows: Rows, headers: Sequence[str], span: str = "[Date Range]: 2026-01-01 ~ 2026-01-31"
) -> bytes:
    return write_xlsx([[span], [], list(headers), *rows])


def make_download(posts: list[dict[str, Any]], **private: Any) -> bytes:
    """'Download your data' with posts, and whatever private parts a test puts beside them."""
    root = {
        "Post": {"Posts": {"VideoList": posts or None}},
        "Profile And Settings": {
            "Profile Info": {"ProfileMap": {"userName": "lip.studio", "displayName": "Lip Studio"}}
        },
        "Your Activity": {"Watch History": {"VideoList": None}},
        **private,
    }
    return json.dumps(root, ensure_ascii=False).encode()
