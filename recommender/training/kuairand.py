"""Read the KuaiRand-Pure short-video logs (Gao et al., CIKM 2022) into a `Dataset` and held-out impressions.

Takes the published CSV files and their parquet form alike; refuses, by name, a missing file or column.
`video_statistics` is never read: its totals contain the future.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from recommender.contracts import (
    ACTION_INDEX,
    TRAFFIC_SOURCES,
    UNKNOWN,
    BoolArray,
    Catalogue,
    Dataset,
    FloatArray,
    History,
    Impressions,
    IntArray,
    Viewers,
)
from recommender.training.histories import merge_sequences

#: Column of the log -> our action.
LOG_ACTIONS: Mapping[str, str] = {
    "long_view": "long_watch",
    "is_like": "like",
    "is_comment": "comment",
    "is_forward": "share",
    "is_follow": "follow",
    "is_hate": "not_interested",
}
LOG_COLUMNS = (
    "user_id",
    "video_id",
    "time_ms",
    "date",
    "hourmin",
    "tab",
    "play_time_ms",
    "duration_ms",
    *LOG_ACTIONS,
)
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
SHANGHAI_OFFSET_SECONDS = 8 * 3600
TOPIC_SLOTS = 4


@dataclass(frozen=True, slots=True)
class KuaiRand:
    """What was known before the test window, and the test window."""

    known: Dataset
    test: Impressions
    known_files: tuple[str, ...]
    test_file: str


def read_kuairand(folder: Path, test_file: Path | None = None) -> KuaiRand:
    """Read a folder of the data set and cut it in front of the test log.

    The cut is by the published `date`: the time stamps of neighbouring logs overlap by an hour.

    Parameters
    ----------
    folder : with `user_features_pure`, `video_features_basic_pure`, any number of `log_*` and at most one
        `history_to_*`, each as .csv or .parquet.
    test_file : the log to hold out; without it the newest log of the folder.

    Raises
    ------
    ValueError
        naming the file and what is wrong with it.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; give the folder that holds the KuaiRand-Pure files")
    catalogue = _read_catalogue(_find_one(folder, "video_features_basic_pure"))
    viewers = _read_viewers(_find_one(folder, "user_features_pure"))
    logs = {path: _read_log(path) for path in _find_logs(folder)}
    if test_file is None:
        if len(logs) < 2:
            raise ValueError(
                f"{folder} holds {len(logs)} log_* file; two are needed, or name one with --test"
            )
        test_file = max(logs, key=lambda path: float(logs[path]["date"].max()))
    test_log = _read_log(test_file)
    first_day = test_log["date"].min()
    older = {path: log["date"] < first_day for path, log in logs.items()}
    known_files = [path for path, is_older in older.items() if is_older.any()]
    if not known_files:
        raise ValueError(f"no log in {folder} is older than {test_file.name}; nothing is known to learn from")
    joined = {name: np.concatenate([logs[p][name][older[p]] for p in known_files]) for name in LOG_COLUMNS}
    impressions = _build_impressions(joined, catalogue, viewers)
    history_paths = sorted(p for p in folder.glob("history_to_*") if p.suffix in (".parquet", ".csv"))
    history = _read_history(history_paths, catalogue, viewers)
    cut_at = max(float(test_log["time_ms"].min()), float(joined["time_ms"].max())) / 1000
    known = Dataset(catalogue, viewers, history, impressions, cut_at=cut_at)
    test = _build_impressions(test_log, catalogue, viewers)
    names = tuple(path.name for path in (*history_paths, *known_files))
    return KuaiRand(known, test, names, test_file.name)


def read_table(path: Path, columns: Sequence[str]) -> dict[str, Any]:
    """Columns of a CSV or parquet file as arrow arrays by name; refuses a missing file or column by name."""
    if not path.is_file():
        raise ValueError(f"{path} does not exist; check the path")
    try:
        table = pa_parquet.read_table(path) if path.suffix == ".parquet" else pa_csv.read_csv(path)
    except (pa.ArrowInvalid, OSError) as problem:
        raise ValueError(f"{path.name} cannot be read: {problem}; fetch it again") from problem
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise ValueError(
            f"{path.name} lacks the column {missing[0]!r}; it has {', '.join(table.column_names)}"
        )
    return {name: table[name].combine_chunks() for name in columns}


def _find_one(folder: Path, stem: str) -> Path:
    for suffix in (".parquet", ".csv"):
        if (folder / f"{stem}{suffix}").is_file():
            return folder / f"{stem}{suffix}"
    raise ValueError(f"{folder} has no {stem}.csv; it is part of the published archive")


def _find_logs(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.glob("log_*")
        if path.suffix in (".csv", ".parquet") and not path.name.startswith("log_random")
    )


def _to_numbers(column: Any, fill: float = 0.0) -> FloatArray:
    numbers = pc.fill_null(pc.cast(column, pa.float64(), safe=False), fill)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def _to_codes(column: Any) -> IntArray:
    """(n,) int32: position of each value among the sorted distinct ones; null becomes UNKNOWN."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        column = pc.cast(column, pa.float64(), safe=False)
    values = column.to_pylist()
    order = {value: code for code, value in enumerate(sorted({v for v in values if v is not None}))}
    return np.array([order.get(value, UNKNOWN) for value in values], dtype=np.int32)


def _read_catalogue(path: Path) -> Catalogue:
    data = read_table(path, (*VIDEO_COLUMNS, *VIDEO_CODES))
    video_id = _to_numbers(data["video_id"]).astype(np.int64)
    order = np.argsort(video_id, kind="stable")
    names, topics = _read_topics([str(tag or "") for tag in pc.cast(data["tag"], pa.string()).to_pylist()])
    published = pc.cast(pc.cast(data["upload_dt"], pa.date32()), pa.int32())
    n_videos = len(video_id)
    return Catalogue(
        video_id=video_id[order],
        creator_id=_to_numbers(data["author_id"]).astype(np.int64)[order],
        sound_id=_to_numbers(data["music_id"], UNKNOWN).astype(np.int64)[order],
        market=np.full(n_videos, UNKNOWN, dtype=np.int8),
        language=np.full(n_videos, UNKNOWN, dtype=np.int16),
        duration_seconds=(_to_numbers(data["video_duration"]) / 1000).astype(np.float32)[order],
        published_at=(_to_numbers(published) * 86_400 - SHANGHAI_OFFSET_SECONDS)[order],
        has_cart=np.zeros(n_videos, dtype=bool),
        is_blocked=np.zeros(n_videos, dtype=bool),
        topics=topics[order],
        tokens=np.full((n_videos, 1), UNKNOWN, dtype=np.int32),
        topic_names=names,
        extra={name: _to_codes(data[name])[order] for name in VIDEO_CODES},
    )


def _read_topics(tags: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    split = [[word for word in tag.split(",") if word] for tag in tags]
    names = tuple(sorted({word for words in split for word in words}))
    code = {name: position for position, name in enumerate(names)}
    topics = np.full((len(tags), TOPIC_SLOTS), UNKNOWN, dtype=np.int32)
    for row, words in enumerate(split):
        for slot, word in enumerate(words[:TOPIC_SLOTS]):
            topics[row, slot] = code[word]
    return names, topics


def _read_viewers(path: Path) -> Viewers:
    data = read_table(path, ("user_id", *VIEWER_CODES))
    viewer_id = _to_numbers(data["user_id"]).astype(np.int64)
    order = np.argsort(viewer_id, kind="stable")
    n_viewers = len(viewer_id)
    return Viewers(
        viewer_id=viewer_id[order],
        market=np.full(n_viewers, UNKNOWN, dtype=np.int8),
        language=np.full(n_viewers, UNKNOWN, dtype=np.int16),
        interests=np.full((n_viewers, 1), UNKNOWN, dtype=np.int32),
        extra={name: _to_codes(data[name])[order] for name in VIEWER_CODES},
    )


def _read_log(path: Path) -> dict[str, FloatArray]:
    return {name: _to_numbers(column) for name, column in read_table(path, LOG_COLUMNS).items()}


def _build_impressions(log: Mapping[str, FloatArray], catalogue: Catalogue, viewers: Viewers) -> Impressions:
    viewer = _find_viewers(viewers, log["user_id"].astype(np.int64))
    video = catalogue.find_rows(log["video_id"].astype(np.int64))
    stays = np.flatnonzero((viewer >= 0) & (video >= 0))
    order = stays[np.argsort(log["time_ms"][stays], kind="stable")]
    happened_at = log["time_ms"][order] / 1000
    watch_seconds = log["play_time_ms"][order] / 1000
    duration = log["duration_ms"][order] / 1000
    actions = np.zeros(len(order), dtype=np.int32)
    for column, action in LOG_ACTIONS.items():
        actions |= (log[column][order] > 0).astype(np.int32) << ACTION_INDEX[action]
    finished: BoolArray = (duration > 0) & (watch_seconds >= duration)
    actions |= finished.astype(np.int32) << ACTION_INDEX["finish"]
    local_day = np.floor((happened_at + SHANGHAI_OFFSET_SECONDS) / 86_400)
    return Impressions(
        viewer=viewer[order].astype(np.int32),
        video=video[order].astype(np.int32),
        happened_at=happened_at,
        actions=actions,
        watch_seconds=watch_seconds.astype(np.float32),
        source=np.full(len(order), TRAFFIC_SOURCES.index("for_you"), dtype=np.int8),
        position=np.full(len(order), UNKNOWN, dtype=np.int16),
        propensity=np.full(len(order), np.nan, dtype=np.float32),
        extra={
            "tab": log["tab"][order].astype(np.int32),
            "hour": (log["hourmin"][order] // 100).astype(np.int32),
            "weekday": ((local_day + 3) % 7).astype(np.int32),
        },
    )


def _find_viewers(viewers: Viewers, viewer_id: IntArray) -> IntArray:
    position = np.minimum(np.searchsorted(viewers.viewer_id, viewer_id), len(viewers) - 1)
    return np.where(viewers.viewer_id[position] == viewer_id, position, UNKNOWN)


def _read_history(paths: Sequence[Path], catalogue: Catalogue, viewers: Viewers) -> History:
    watched: list[list[int]] = [[] for _ in range(len(viewers))]
    masks: list[list[int]] = [[] for _ in range(len(viewers))]
    for path in paths:
        data = read_table(path, ("user_id", "watch_seq", "long_watch_seq", "like_seq"))
        rows = _find_viewers(viewers, _to_numbers(data["user_id"]).astype(np.int64))
        sequences = zip(
            data["watch_seq"].to_pylist(),
            data["long_watch_seq"].to_pylist(),
            data["like_seq"].to_pylist(),
            strict=True,
        )
        for row, (watch, long_watch, like) in zip(rows, sequences, strict=True):
            if row >= 0:
                videos, actions = merge_sequences(
                    watch, {ACTION_INDEX["long_watch"]: long_watch, ACTION_INDEX["like"]: like}
                )
                watched[row] += videos
                masks[row] += actions
    lengths = np.array([len(videos) for videos in watched], dtype=np.int64)
    video = catalogue.find_rows(np.array([v for videos in watched for v in videos], dtype=np.int64))
    if (video < 0).any():
        raise ValueError(
            f"{paths[0].name} names videos that video_features_basic_pure lacks; the files do not fit"
        )
    return History(
        indptr=np.concatenate([[0], np.cumsum(lengths)]),
        video=video.astype(np.int32),
        happened_at=np.full(len(video), np.nan),
        actions=np.array([mask for actions in masks for mask in actions], dtype=np.int32),
        watch_seconds=np.full(len(video), np.nan, dtype=np.float32),
        known_actions=(1 << ACTION_INDEX["long_watch"]) | (1 << ACTION_INDEX["like"]),
    )
