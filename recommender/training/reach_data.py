"""Read public video counts into `Posts`: `tiktok_videos.parquet`, or another file of its columns.

The counts were taken in two waves. How long a video had been out at its wave is the horizon that a forecast
is asked for; it is a fact about the question, never about the answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.forecasts import Posts

COLUMNS = (
    "creator", "published_at", "duration_seconds", "hashtag_count", "original_sound", "plays", "likes",
    "comments", "shares", "followers",
)  # fmt: skip
#: When each wave of counting ended: postings break off there within hours, from 30 an hour to none.
_WAVES = tuple(datetime(*day, tzinfo=UTC).timestamp() for day in ((2020, 6, 30, 12), (2020, 11, 8, 6)))
#: A count is at least this old, in days: the waves took some hours.
_MIN_HORIZON_DAYS = 0.1
#: Creators held out, and the newest share of the others' time that the fit must not see, when no test file
#: is given.
_HELD_OUT_CREATORS = 0.4
_LATER_SHARE = 0.25
#: Days from which a count is scored in a split by time: nearly all counts that young were taken after the
#: cut, so no fit that ends there can know how they lag. With a test file all are scored.
_SCORED_FROM_DAYS = 3.0


@dataclass(frozen=True, slots=True)
class ReachData:
    """Videos to fit on, and videos to forecast: other creators, and without a test file also a later time."""

    every: Posts  # all of the folder
    known: Posts
    test: Posts
    is_scored: BoolArray  # (n_test,) bool: the others are only the past of a scored video
    files: dict[str, str]  # name -> sha256
    split: str  # how the two were cut, in words


def read_posts(path: Path) -> Posts:
    """One file.

    Raises
    ------
    ValueError
        If the file is missing, is no parquet or lacks a column; the message names it.
    """
    try:
        table = pq.read_table(path, columns=list(COLUMNS))
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; give the folder that holds tiktok_videos.parquet") from None
    except Exception as problem:
        raise ValueError(
            f"{path} cannot be read as videos with the columns {', '.join(COLUMNS)}: {problem}"
        ) from problem
    columns = {name: table[name].to_numpy().astype(np.float64) for name in COLUMNS}
    order = np.lexsort((columns["published_at"], columns["creator"]))
    columns = {name: column[order] for name, column in columns.items()}
    return Posts(
        creator=columns.pop("creator").astype(np.int64),
        horizon_days=_find_horizon(columns["published_at"]),
        **columns,
    )


def _find_horizon(published_at: FloatArray) -> FloatArray:
    """(n,) days from posting to the end of the next wave of counting."""
    waves = np.array([*_WAVES, max(_WAVES[-1], float(published_at.max(initial=0)) + 3600)])
    wave = waves[np.minimum(np.searchsorted(waves, published_at), len(waves) - 1)]
    return np.maximum((wave - published_at) / 86_400, _MIN_HORIZON_DAYS)


def read_reach_data(folder: Path, test: Path | None, seed: int = 7) -> ReachData:
    """The folder's videos, cut into known and test.

    With a test file everything in the folder is known and every row of the file is scored. Without one, two
    in five creators are held out, and of time the newest quarter: the fit sees the other creators' older
    videos, the score is over the held-out creators' newer ones.
    """
    path = folder / "tiktok_videos.parquet"
    posts = read_posts(path)
    files = {path.name: _hash(path)}
    if test is not None:
        held_out = read_posts(test)
        files[test.name] = _hash(test)
        scored = np.ones(len(held_out), dtype=bool)
        return ReachData(
            posts, posts, held_out, scored, files, "all creators of the folder against those of the test file"
        )
    creators = np.unique(posts.creator)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(creators)[: round(len(creators) * _HELD_OUT_CREATORS)]
    is_out = np.isin(posts.creator, chosen)
    cut = float(np.quantile(posts.published_at, 1 - _LATER_SHARE))
    known = posts.take(np.flatnonzero(~is_out & (posts.published_at < cut)))
    rest = posts.take(np.flatnonzero(is_out))
    words = (
        f"{len(chosen)} creators held out, scored on what they posted from {_spell_day(cut)} on and had "
        f"counted {_SCORED_FROM_DAYS:g} days later or more; fitted on older videos of the others"
    )
    is_scored = (rest.published_at >= cut) & (rest.horizon_days >= _SCORED_FROM_DAYS)
    return ReachData(posts, known, rest, is_scored, files, words)


def halve_creators(posts: Posts, seed: int) -> tuple[IntArray, IntArray]:
    """Rows of two random halves of the creators."""
    creators = np.random.default_rng(seed).permutation(np.unique(posts.creator))
    is_first = np.isin(posts.creator, creators[: len(creators) // 2])
    return np.flatnonzero(is_first), np.flatnonzero(~is_first)


def _spell_day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
