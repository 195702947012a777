"""'Download your data': posts, the days on which followers came, and the profile's names; nothing else.

The file also holds messages, addresses, log-ins and what its owner watched; whatever is not on the list below
stays in the bytes that are dropped with the request. Refuses files of another structure.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from merchants.imports.amounts import parse_count
from merchants.imports.containers import Entry
from merchants.imports.moments import parse_moment
from merchants.imports.rows import CellError, DayValue, Problem, Reading, RefusedError, Section, VideoRow
from merchants.imports.sheets import MAX_TEXT
from merchants.imports.tables import clean_text, decode_text

#: Top-level keys of the layouts that have been seen; two of them tell a file of this kind.
ROOTS = frozenset({
    "Activity", "App Settings", "Ads and data", "Comment", "Direct Message", "Direct Messages",
    "Income+ Wallet", "Likes and Favorites", "Location Review", "Post", "Profile",
    "Profile And Settings", "Tiktok Live",
    "TikTok Live", "TikTok Shop", "TikTok Shopping", "Video", "Your Activity",
})  # fmt: skip
_POSTS = (("Post", "Posts", "VideoList"), ("Video", "Videos", "VideoList"), ("Post", "Photos", "PhotoList"))
_FOLLOWERS = (
    ("Profile And Settings", "Follower", "FansList"), ("Activity", "Follower List", "FansList"),
    ("Activity", "Follower", "FansList"), ("Your Activity", "Follower", "FansList"),
    ("Profile", "Follower", "FansList"),
)  # fmt: skip
_PROFILES = (
    ("Profile And Settings", "Profile Info", "ProfileMap"),
    ("Profile", "Profile Information", "ProfileMap"),
    ("Profile", "Profile Info", "ProfileMap"),
)
_VIDEO = re.compile(r"https?://[^/]*tiktok[^/]*/.*?/(?:video|photo)/(\d{1,25})")
_TEXT_LINE = re.compile(r"([A-Za-z][\w /?]{0,40}):\s?(.*)")


def is_download(entry: Entry) -> bool:
    """Does the name or the beginning look like a 'Download your data' file?"""
    if re.fullmatch(r"user_data.*\.(json|txt)", entry.name, re.IGNORECASE):
        return True
    return (
        entry.name.lower().endswith((".json", ".txt"))
        or entry.data[:200].lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{"
    )


def read_download(entries: list[Entry], reading: Reading) -> None:
    """Fill `reading` from the JSON file of an upload, or from its text files.

    Raises
    ------
    RefusedError
        Not JSON, or JSON of another structure.
    """
    documents = [entry for entry in entries if not entry.name.lower().endswith(".txt")]
    if not documents:
        reading.format = "download_your_data_txt"
        _read_texts(entries, reading)
        return
    reading.format = "download_your_data"
    for entry in documents:
        _read_document(entry, reading)


def _read_document(entry: Entry, reading: Reading) -> None:
    try:
        root = json.loads(decode_text(entry.name, entry.data), parse_float=Decimal)
    except (json.JSONDecodeError, RecursionError) as error:
        row = getattr(error, "lineno", 1)
        message = "is not complete JSON; download the file again"
        raise RefusedError(Problem(entry.name, row, "", "", message)) from None
    if not isinstance(root, dict) or len(ROOTS & root.keys()) < min(2, len(root)) or not ROOTS & root.keys():
        message = "is JSON, but not a 'Download your data' file; request your data in TikTok, format JSON"
        raise RefusedError(Problem(entry.name, 1, "", "", message))
    reader = _DownloadReader(entry.name, reading)
    for path in _POSTS:
        reader.read_list(root, path, reader.add_post)
    for path in _FOLLOWERS:
        reader.read_list(root, path, reader.add_follower)
    for path in _PROFILES:
        profile = reader.find(root, path, dict)
        if profile:
            reading.handle = clean_text(str(profile.get("userName") or ""))[:64]
            reading.nickname = clean_text(str(profile.get("displayName") or ""))[:128]
    reader.finish()


class _DownloadReader:
    """Collects what is on the list, and the place of whatever does not fit."""

    def __init__(self, file: str, reading: Reading) -> None:
        self.file = file
        self.reading = reading
        self.section = Section(file, reading.format)
        self.followers: Counter[Any] = Counter()
        self.days: list[Any] = []
        self.refs: Counter[str] = Counter()

    def find(self, root: Mapping[str, Any], path: tuple[str, ...], kind: type) -> Any:
        """The value at a path, or None; a value of another type is a problem."""
        value: Any = root
        for key in path:
            if not isinstance(value, dict):
                self._refuse(0, "/".join(path), f"{key!r} is not where it belongs; download the file again")
                return None
            value = value.get(key)
            if value is None:
                return None
        if not isinstance(value, kind):
            self._refuse(0, "/".join(path), f"is not a {kind.__name__}; download the file again")
            return None
        return value

    def read_list(
        self, root: Mapping[str, Any], path: tuple[str, ...], add: Callable[[int, dict[str, str]], None]
    ) -> None:
        """Hand over each entry of a list, keys in lower case."""
        for number, item in enumerate(self.find(root, path, list) or [], start=1):
            if not isinstance(item, dict):
                self._refuse(number, "/".join(path), "is not an entry with a date; download the file again")
                continue
            add(number, {key.casefold(): str(value) for key, value in item.items() if value is not None})

    def add_post(self, number: int, item: Mapping[str, str]) -> None:
        """A video or photo that the account published."""
        posted_at = self._read_moment(number, item)
        if posted_at is None:
            return
        try:
            likes = parse_count(item.get("likes", ""))
        except CellError as error:
            self._refuse(number, "Likes", str(error), item.get("likes", ""))
            return
        title = item.get("title", "")
        link = _VIDEO.search(item.get("link", ""))
        ref = link[1] if link else f"posted {posted_at:%Y-%m-%d %H:%M:%S}"
        self.refs[ref] += 1
        if self.refs[ref] > 1 and not link:
            ref = f"{ref} ({self.refs[ref]})"
        values = {"likes": likes} if likes is not None else {}
        if likes is not None:
            self.section.add_total("Likes", likes)
        day = posted_at.date()
        self.days.append(day)
        self.section.row_count += 1
        title = "" if title == "N/A" else clean_text(title)[:MAX_TEXT]
        address = link[0] if link else ""
        self.section.videos.append(VideoRow("download", ref, day, day, values, title, address, day))

    def add_follower(self, number: int, item: Mapping[str, str]) -> None:
        """The day on which a follower came; who it was is not read."""
        if followed_at := self._read_moment(number, item):
            self.followers[followed_at.date()] += 1
            self.section.row_count += 1

    def _read_moment(self, number: int, item: Mapping[str, str]) -> datetime | None:
        text = item.get("date", "").removesuffix(" UTC")
        try:
            moment = parse_moment(text, "")
        except CellError as error:
            self._refuse(number, "Date", str(error), text)
            return None
        if moment is None:
            self._refuse(number, "Date", "the entry has no date; download the file again", text)
        return moment

    def _refuse(self, number: int, column: str, message: str, value: str = "") -> None:
        self.reading.problems.append(Problem(self.file, number, column, value[:80], message))

    def finish(self) -> None:
        """Turn counted followers into figures per day, and close the section."""
        self.section.day_values = [
            DayValue(day, "followers_gained", Decimal(count)) for day, count in sorted(self.followers.items())
        ]
        if self.followers:
            self.section.add_total("Follower", Decimal(self.followers.total()))
        self.section.cover([*self.days, *self.followers])
        self.reading.sections.append(self.section)
        if not self.section.row_count:
            self.reading.notes.append(
                f"{self.file}: no posts and no followers in it; the rest is private and is not read"
            )


def _read_texts(entries: list[Entry], reading: Reading) -> None:
    """The text variant: blocks of `Date: ...` lines under a heading or in a file of that name."""
    name = entries[0].name if len(entries) == 1 else "text files"
    reader = _DownloadReader(name, reading)
    recognised = False
    for entry in entries:
        heading = entry.name.rsplit(".", 1)[0].casefold()
        for kind, number, block in _split_blocks(heading, decode_text(entry.name, entry.data)):
            recognised = True
            if kind == "post":
                reader.add_post(number, block)
            elif kind == "follower":
                reader.add_follower(number, block)
    if not recognised:
        message = "is not a 'Download your data' text; request your data in TikTok, format JSON"
        raise RefusedError(Problem(name, 1, "", "", message))
    reader.finish()
    reading.notes.append(
        "this is the text variant, which leaves much out; request your data as JSON for all of it"
    )


def _split_blocks(heading: str, text: str) -> list[tuple[str, int, dict[str, str]]]:
    """(kind, line, fields) of each block; `kind` is 'post', 'follower' or '' for what is not ours to read."""
    blocks: list[tuple[str, int, dict[str, str]]] = []
    fields: dict[str, str] = {}
    kind = _find_kind(heading)
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        match = _TEXT_LINE.fullmatch(line.strip())
        if match and match[2]:
            key = match[1].casefold()
            fields["link" if key == "video link" else key] = match[2]
        elif match:
            kind = _find_kind(match[1].casefold())
        elif not line.strip() and "date" in fields:
            blocks.append((kind, number, fields))
            fields = {}
    return blocks


def _find_kind(heading: str) -> str:
    if heading in ("posts", "post", "videos", "video"):
        return "post"
    return "follower" if heading in ("follower", "followers", "follower list", "fans list") else ""
