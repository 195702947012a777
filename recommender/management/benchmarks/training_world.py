"""A log of any length for the training benchmark: written in pieces, read through memory maps.

Viewers like three topics and watch those long; videos come and go with a popularity that falls off like a
power. Only arrays, no database: reading rows from PostgreSQL is measured by no figure of this benchmark.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recommender.contracts import ACTION_INDEX, UNKNOWN, Catalogue, Dataset, History, Impressions, Viewers

#: Events of one viewer on average, as in real logs, and videos at most.
_EVENTS_PER_VIEWER, _MOST_VIDEOS = 100, 100_000
_N_TOPICS, _LIKED_TOPICS, _DAYS = 60, 3, 28
_DAY_SECONDS = 86_400.0
#: Unix seconds of the newest event.
END = 1_790_000_000.0
#: Rows drawn at a time: bounds the memory of the writing.
_PIECE_ROWS = 500_000
_COLUMNS: dict[str, str] = {
    "viewer": "i4",
    "video": "i4",
    "happened_at": "f8",
    "actions": "i4",
    "watch_seconds": "f4",
    "source": "i1",
    "position": "i2",
    "propensity": "f4",
    "hour": "i4",
}


def write_log(folder: Path, n_events: int, seed: int) -> None:
    """Write `n_events` impressions, one file a column, ascending in time."""
    rng = np.random.default_rng(seed)
    n_viewers, n_videos = count_world(n_events)
    liked = _draw_tastes(n_viewers, seed)
    duration = _draw_durations(n_videos, seed)
    files = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.dtype(kind), (n_events,))
        for name, kind in _COLUMNS.items()
    }
    for start in range(0, n_events, _PIECE_ROWS):
        stop = min(start + _PIECE_ROWS, n_events)
        span = (np.array([start, stop]) / n_events - 1.0) * _DAYS * _DAY_SECONDS + END
        for name, column in _draw_piece(rng, stop - start, span, liked, duration).items():
            files[name][start:stop] = column
    for file in files.values():
        file.flush()


def open_log(folder: Path, n_events: int, seed: int) -> Dataset:
    """The log as a data set whose impressions are read from the files."""
    n_viewers, n_videos = count_world(n_events)
    mapped = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _COLUMNS}
    hour = mapped.pop("hour")
    return Dataset(
        _make_catalogue(n_videos, seed),
        Viewers(
            viewer_id=np.arange(n_viewers, dtype=np.int64),
            market=(np.arange(n_viewers) % 8).astype(np.int8),
            language=np.zeros(n_viewers, dtype=np.int16),
            interests=np.full((n_viewers, 1), UNKNOWN, dtype=np.int32),
        ),
        History(
            indptr=np.zeros(n_viewers + 1, dtype=np.int64),
            video=np.zeros(0, dtype=np.int32),
            happened_at=np.zeros(0),
            actions=np.zeros(0, dtype=np.int32),
            watch_seconds=np.zeros(0, dtype=np.float32),
        ),
        Impressions(**mapped, extra={"hour": hour}),
        cut_at=END,
    )


def count_world(n_events: int) -> tuple[int, int]:
    """Viewers and videos of a log of that length."""
    return max(n_events // _EVENTS_PER_VIEWER, 50), int(np.clip(n_events // 50, 500, _MOST_VIDEOS))


def _draw_tastes(n_viewers: int, seed: int) -> np.ndarray:
    """(n_viewers, _LIKED_TOPICS) topics that each viewer likes."""
    return np.random.default_rng([seed, 1]).integers(0, _N_TOPICS, (n_viewers, _LIKED_TOPICS))


def _draw_durations(n_videos: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, 2]).integers(5, 90, n_videos).astype(np.float32)


def _draw_piece(
    rng: np.random.Generator, n_rows: int, span: np.ndarray, liked: np.ndarray, duration: np.ndarray
) -> dict[str, np.ndarray]:
    """The columns of the impressions between two moments."""
    viewer = (len(liked) * rng.random(n_rows) ** 1.5).astype(np.int32)  # some are here often
    video = (len(duration) * rng.random(n_rows) ** 2.5).astype(np.int32)  # some are shown often
    likes_it = (liked[viewer] == (video % _N_TOPICS)[:, None]).any(axis=1)
    is_long = rng.random(n_rows) < np.where(likes_it, 0.75, 0.25)
    is_liked = is_long & (rng.random(n_rows) < 0.08)
    actions = (is_long << ACTION_INDEX["long_watch"]) | (is_liked << ACTION_INDEX["like"])
    happened_at = np.sort(rng.uniform(float(span[0]), float(span[1]), n_rows))
    share = np.where(is_long, rng.uniform(0.6, 1.2, n_rows), rng.uniform(0.02, 0.4, n_rows))
    return {
        "viewer": viewer,
        "video": video,
        "happened_at": happened_at,
        "actions": actions.astype(np.int32),
        "watch_seconds": share * duration[video],
        "source": np.zeros(n_rows, dtype=np.int8),
        "position": np.full(n_rows, UNKNOWN),
        "propensity": np.full(n_rows, np.nan),
        "hour": happened_at // 3600 % 24,
    }


def _make_catalogue(n_videos: int, seed: int) -> Catalogue:
    number = np.arange(n_videos)
    topics = np.full((n_videos, 2), UNKNOWN, dtype=np.int32)
    topics[:, 0] = number % _N_TOPICS
    return Catalogue(
        video_id=number.astype(np.int64),
        creator_id=(number // 10).astype(np.int64),
        sound_id=(number % 5000).astype(np.int64),
        market=(number % 8).astype(np.int8),
        language=np.zeros(n_videos, dtype=np.int16),
        duration_seconds=_draw_durations(n_videos, seed),
        published_at=END - (1 + number % _DAYS) * _DAY_SECONDS,
        has_cart=number % 10 == 0,
        is_blocked=np.zeros(n_videos, dtype=bool),
        topics=topics,
        tokens=np.full((n_videos, 1), UNKNOWN, dtype=np.int32),
        topic_names=tuple(f"topic{code}" for code in range(_N_TOPICS)),
    )
