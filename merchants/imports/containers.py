"""The door of every upload: sizes and names are judged before a byte is inflated.

Refuses bombs, names that climb out of the folder, links, encryption, overlapping and too many entries.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date

from merchants.imports.rows import Problem, RefusedError

MAX_FILE_BYTES = 64 * 1024 * 1024  # an upload as it arrives
MAX_INFLATED_BYTES = 64 * 1024 * 1024  # all entries of one archive together
MAX_ENTRIES = 500  # "Download your data" as text has about a hundred
MAX_RATIO = 1000  # deflate reaches 1,032 at best, on nothing but repetition

_END_OF_DIRECTORY = b"PK\x05\x06"
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an upload; `stamped_on` is the day its archive notes for it, where it notes one."""

    name: str
    data: bytes
    stamped_on: date | None = None


def is_zip(data: bytes) -> bool:
    """Does the file start like an archive (xlsx is one too)?"""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def is_workbook(data: bytes) -> bool:
    """Is it an Excel workbook? Call only after `check_zip`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "[Content_Types].xml" in archive.namelist()


def check_size(name: str, data: bytes) -> None:
    """Refuse a file that is empty or larger than `MAX_FILE_BYTES`."""
    if not data:
        raise RefusedError(Problem(name, 1, "A", "", "the file is empty; download it again"))
    if len(data) > MAX_FILE_BYTES:
        size = f"{len(data) / 1024**2:.0f} MiB"
        limit = f"{MAX_FILE_BYTES // 1024**2} MiB"
        raise RefusedError(
            Problem(name, 0, "", size, f"the file has {size}, the limit is {limit}; export a shorter range")
        )


def check_zip(name: str, data: bytes) -> list[zipfile.ZipInfo]:
    """The entries of an archive that is safe to inflate.

    Raises
    ------
    RefusedError
        Too many entries, too large when inflated, a name that leaves the folder, a link, an encrypted or
        overlapping entry, or damage. Nothing has been inflated by then.
    """
    check_size(name, data)
    count = _count_entries(data)
    if count is None:
        raise RefusedError(Problem(name, 0, "", "", "the archive is damaged; download it again"))
    if count > MAX_ENTRIES:
        raise _refuse(name, "", str(count), f"holds {count} files, the limit is {MAX_ENTRIES}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        raise RefusedError(
            Problem(name, 0, "", "", f"the archive is damaged ({error}); download it again")
        ) from None
    for info in infos:
        _check_entry(name, info)
    inflated = sum(info.file_size for info in infos)
    if inflated > MAX_INFLATED_BYTES:
        size, limit = f"{inflated / 1024**2:.0f} MiB", f"{MAX_INFLATED_BYTES // 1024**2} MiB"
        raise _refuse(name, "", size, f"would inflate to {size}, the limit is {limit}")
    _check_overlap(name, infos)
    return [info for info in infos if not info.is_dir()]


def open_zip(name: str, data: bytes) -> list[Entry]:
    """Every file of a safe archive, inflated; what operating systems add by themselves is left out."""
    entries = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in check_zip(name, data):
            if info.filename.startswith(_JUNK) or info.filename.endswith(_JUNK):
                continue
            try:
                content = archive.read(info)
            except (
                zipfile.BadZipFile,
                zlib.error,
                EOFError,
                OSError,
                ValueError,
                NotImplementedError,
            ) as error:
                message = f"is damaged inside {name} ({error}); download it again"
                raise RefusedError(Problem(info.filename, 0, "", "", message)) from None
            entries.append(Entry(info.filename.rsplit("/", 1)[-1], content, _read_stamp(info)))
    return entries


def _count_entries(data: bytes) -> int | None:
    """What the archive's last record says, before the (possibly huge) directory is read."""
    at = data.rfind(_END_OF_DIRECTORY, max(0, len(data) - 65_557))
    if at < 0 or len(data) < at + 22:
        return None
    (count,) = struct.unpack_from("<H", data, at + 10)
    return int(count)


def _check_entry(name: str, info: zipfile.ZipInfo) -> None:
    entry = info.filename
    parts = entry.replace("\\", "/").split("/")
    if entry.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\\" in entry or "\0" in entry:
        raise _refuse(name, entry, entry, f"holds {entry!r}, a name that leaves its folder")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _refuse(name, entry, entry, f"holds {entry!r}, a link to another file")
    if info.flag_bits & 0x1:
        raise _refuse(name, entry, entry, f"holds {entry!r}, which is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refuse(name, entry, str(info.compress_type), f"holds {entry!r}, packed in an unusual way")
    if info.file_size > MAX_RATIO * max(info.compress_size, 1) + 1024:
        raise _refuse(name, entry, str(info.file_size), f"holds {entry!r}, which would inflate without end")


def _check_overlap(name: str, infos: list[zipfile.ZipInfo]) -> None:
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise _refuse(name, info.filename, info.filename, "holds entries that share their bytes")
        end = info.header_offset + 30 + info.compress_size


def _refuse(archive: str, entry: str, value: str, what: str) -> RefusedError:
    file = f"{archive}/{entry}" if entry else archive
    return RefusedError(
        Problem(file, 0, "", value, f"the archive {what}; upload the file as the platform gave it to you")
    )


def _read_stamp(info: zipfile.ZipInfo) -> date | None:
    """The day in the archive; writers that know no clock put 1980 there."""
    try:
        stamp = date(*info.date_time[:3])
    except ValueError:
        return None
    return stamp if stamp.year >= 2016 else None
