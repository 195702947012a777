"""Reads the KuaiRand-Pure archive (Gao et al., CIKM 2022) as creators, videos, viewers and events.

Takes its published CSV files and their parquet form alike. Refuses, by file and column, what is missing or
broken. The totals in `video_statistics` are never read: they contain the future.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

VIDEO_COLUMNS = ("video_id", "author_id", "upload_dt", "video_duration", "music_id", "tag")
VIDEO_CODES = ("video_type", "upload_type", "music_type")
VIEWER_CODES = (
    "user_active_degree",
    "is_live_streamer",
    "is_video_author",
    "follow_user_num_range",
    "fans_user_num_range",
    "friend_user_num_range",
    "register_days_range",
    *(f"onehot_feat{number}" for number in range(18)),
)
LOG_FLAGS = ("is_like", "is_follow", "is_comment", "is_forward", "is_hate", "is_profile_enter", "long_view")
LOG_COLUMNS = ("user_id", "video_id", "time_ms", "play_time_ms", "duration_ms", *LOG_FLAGS)
HISTORY_COLUMNS = ("user_id", "history_len", "last_time_ms", "watch_seq", "like_seq", "long_watch_seq")
#: Rows of a log, and viewers of a history, that are read and stored together.
LOG_CHUNK = 2_000
HISTORY_CHUNK = 100
#: The days of `upload_dt` are Beijing days.
SHANGHAI_OFFSET_SECONDS = 8 * 3600


class ArchiveError(ValueError):
    """A folder, file or column that cannot be read; the text names it and what to do."""


@dataclass(frozen=True, slots=True)
class VideoRecord:
    """A video of the archive; `published_at` aware UTC, `codes` as in `Video.attributes`."""

    video_id: int
    creator_id: int
    published_at: datetime
    duration_seconds: float | None
    sound_id: int | None
    topics: list[str]
    codes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file by column: lists in step; `first` is the 0-based number of the first row."""

    stem: str
    first: int
    columns: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.columns["user_id"])


def find_file(folder: Path, stem: str) -> Path:
    """The parquet or CSV file of a name."""
    for suffix in (".parquet", ".csv"):
        if (folder / f"{stem}{suffix}").is_file():
            return folder / f"{stem}{suffix}"
    raise ArchiveError(f"{folder} has no {stem}.csv; it is part of the published archive, put it there")


def find_activity(folder: Path) -> tuple[list[Path], list[Path]]:
    """The history files and the log files of a folder, in the order of their names."""
    if not folder.is_dir():
        raise ArchiveError(f"{folder} is not a folder; give the folder that holds the KuaiRand-Pure files")
    found = [path for path in sorted(folder.iterdir()) if path.suffix in (".parquet", ".csv")]
    histories = [path for path in found if path.name.startswith("history_to_")]
    logs = [path for path in found if path.name.startswith("log_")]
    if not histories and not logs:
        raise ArchiveError(f"{folder} has no log_*.csv and no history_to_*.parquet; put at least one there")
    return histories, logs


def read_videos(folder: Path) -> list[VideoRecord]:
    """Every video of `video_features_basic_pure`."""
    path = find_file(folder, "video_features_basic_pure")
    table = _read_table(path, (*VIDEO_COLUMNS, *VIDEO_CODES))
    days = pc.cast(_cast(path, table, "upload_dt", pa.date32()), pa.int32()).to_pylist()
    codes = {name: _encode(table[name]) for name in VIDEO_CODES}
    durations = _cast(path, table, "video_duration", pa.float64()).to_pylist()
    sounds = _cast(path, table, "music_id", pa.int64()).to_pylist()
    tags = pc.cast(table["tag"], pa.string()).to_pylist()
    ids = _cast(path, table, "video_id", pa.int64()).to_pylist()
    creators = _cast(path, table, "author_id", pa.int64()).to_pylist()
    return [
        VideoRecord(
            video_id=ids[row],
            creator_id=creators[row],
            published_at=datetime.fromtimestamp(days[row] * 86_400 - SHANGHAI_OFFSET_SECONDS, tz=UTC),
            duration_seconds=durations[row] / 1_000 if durations[row] else None,
            sound_id=sounds[row] if sounds[row] and sounds[row] > 0 else None,
            topics=[f"kuairand:{word}" for word in (tags[row] or "").split(",") if word],
            codes={name: code[row] for name, code in codes.items()},
        )
        for row in range(len(ids))
    ]


def read_viewers(folder: Path) -> dict[int, dict[str, int]]:
    """Viewer id -> codes, ascending, of `user_features_pure`."""
    path = find_file(folder, "user_features_pure")
    table = _read_table(path, ("user_id", *VIEWER_CODES))
    codes = {name: _encode(table[name]) for name in VIEWER_CODES}
    ids = _cast(path, table, "user_id", pa.int64()).to_pylist()
    return {
        viewer_id: {name: code[row] for name, code in codes.items()}
        for row, viewer_id in sorted(enumerate(ids), key=lambda pair: int(pair[1]))
    }


def count_rows(path: Path) -> int:
    """Rows of a file, without reading it whole."""
    if path.suffix == ".parquet":
        try:
            return int(pa_parquet.ParquetFile(path).metadata.num_rows)
        except (pa.ArrowInvalid, OSError) as problem:
            raise ArchiveError(f"{path.name} cannot be read: {problem}; fetch it again") from None
    with open(path, "rb") as file:
        return max(0, sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1)


def read_log(path: Path) -> Iterator[Chunk]:
    """A log, chunk by chunk, numbers as integers (missing ones 0)."""
    for chunk in _read_chunks(path, LOG_COLUMNS, LOG_CHUNK):
        columns = {}
        for name in LOG_COLUMNS:
            values = pc.fill_null(_cast(path, chunk.table, name, pa.float64()), 0.0).to_numpy(
                zero_copy_only=False
            )
            columns[name] = np.nan_to_num(values).astype(np.int64).tolist()
        yield Chunk(path.stem, chunk.first, columns)


def read_history(path: Path) -> Iterator[Chunk]:
    """A history, some viewers at a time; the sequences are lists of video ids."""
    if path.suffix != ".parquet":
        raise ArchiveError(f"{path.name} holds sequences, which CSV cannot; use its parquet form")
    for chunk in _read_chunks(path, HISTORY_COLUMNS, HISTORY_CHUNK):
        yield Chunk(path.stem, chunk.first, {name: chunk.table[name].to_pylist() for name in HISTORY_COLUMNS})


@dataclass(frozen=True, slots=True)
class _Slice:
    first: int
    table: pa.Table


def _read_chunks(path: Path, columns: Sequence[str], size: int) -> Iterator[_Slice]:
    """A file in slices of `size` rows with the given columns."""
    first = 0
    rest: pa.Table | None = None
    for batch in _open_batches(path, columns):
        table = pa.Table.from_batches([batch]).select(columns)
        rest = table if rest is None else pa.concat_tables([rest, table])
        while len(rest) >= size:
            yield _Slice(first, rest.slice(0, size))
            first, rest = first + size, rest.slice(size)
    if rest is not None and len(rest):
        yield _Slice(first, rest)


def _open_batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    try:
        if path.suffix == ".parquet":
            file = pa_parquet.ParquetFile(path)
            _check_columns(path, file.schema_arrow.names, columns)
            yield from file.iter_batches(batch_size=65_536, columns=list(columns))
        else:
            options = pa_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.float64()))
            with pa_csv.open_csv(path, convert_options=options) as reader:
                _check_columns(path, reader.schema.names, columns)
                yield from reader
    except (pa.ArrowInvalid, OSError) as problem:
        raise ArchiveError(f"{path.name} cannot be read: {problem}; mend the row or fetch it again") from None


def _read_table(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        table = pa_parquet.read_table(path) if path.suffix == ".parquet" else pa_csv.read_csv(path)
    except (pa.ArrowInvalid, OSError) as problem:
        raise ArchiveError(f"{path.name} cannot be read: {problem}; fetch it again") from None
    _check_columns(path, table.column_names, columns)
    return table


def _check_columns(path: Path, present: Sequence[str], needed: Sequence[str]) -> None:
    for name in needed:
        if name not in present:
            raise ArchiveError(f"{path.name} lacks the column '{name}'; it has {', '.join(present)}")


def _cast(path: Path, table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    try:
        return pc.cast(table[name], kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as problem:
        raise ArchiveError(f"{path.name}, column '{name}': {problem}; mend the value") from None


def _encode(column: pa.ChunkedArray) -> list[int]:
    """Position of each value among the sorted distinct ones; -1 where it is missing."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        column = pc.cast(column, pa.float64(), safe=False)
    values = column.to_pylist()
    order = {value: code for code, value in enumerate(sorted({v for v in values if v is not None}))}
    return [order.get(value, -1) for value in values]
