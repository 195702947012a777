"""What a plain feed showed before the engine existed: the first log that a demo's models learn from.

Each viewer's day is a walk through videos drawn by taste, quality, age and language, with a share drawn at
random, so that the log covers what a taste alone would never have shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.markets import local_clock
from recommender.simulation.population import Population

_DAY_SECONDS = 86_400.0
#: Share of impressions drawn without regard to taste.
_RANDOM_SHARE = 0.2
#: Days after which an old video is shown half as often.
_HALF_LIFE_DAYS = 6.0
#: The newest exposures end this long before `now`, so that every reaction to them lies in the past.
_SETTLED_SECONDS = 1800.0
#: Seconds between two videos of a session beside the watch itself.
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Exposures:
    """Shown videos in the order of time; session rows share a session code."""

    viewer: IntArray  # (n,) int32 row
    video: IntArray  # (n,) int32 row
    happened_at: FloatArray  # (n,) float64 unix seconds
    hour_local: IntArray  # (n,) int32
    session: IntArray  # (n,) int64
    position: IntArray  # (n,) int16, 0-based in the session


def expose(world: Population, now: float, days: int, rng: np.random.Generator) -> Exposures:
    """Draw who was shown what in the `days` before `now` (unix seconds)."""
    parts = [_expose_day(world, now - _DAY_SECONDS * (back + 1), back, rng) for back in reversed(range(days))]
    viewer, video, happened_at, session, position = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.argsort(happened_at, kind="stable")
    kept = order[happened_at[order] < now - _SETTLED_SECONDS]
    hours, _ = local_clock(world.viewer_market[viewer[kept]], happened_at[kept])
    return Exposures(
        viewer=viewer[kept],
        video=video[kept],
        happened_at=happened_at[kept],
        hour_local=hours,
        session=session[kept],
        position=position[kept],
    )


def _expose_day(
    world: Population, start: float, back: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, FloatArray, IntArray, IntArray]:
    """One day from `start`: (viewer, video, happened_at, session, position), a session per viewer."""
    n_viewers = len(world.viewer_market)
    counts = rng.poisson(np.minimum(world.activity, 60))
    age_days = (start - world.videos.published_at) / _DAY_SECONDS
    is_out = np.flatnonzero(age_days > 0)
    if not len(is_out):
        counts[:] = 0
    freshness = 0.5 ** (age_days[is_out] / _HALF_LIFE_DAYS) * np.exp(0.6 * world.videos.quality[is_out])
    videos = []
    for row in np.flatnonzero(counts).tolist():
        weights = freshness * _rate_taste(world, row, is_out)
        weights = (1 - _RANDOM_SHARE) * weights / weights.sum() + _RANDOM_SHARE / len(is_out)
        size = min(int(counts[row]), len(is_out))
        counts[row] = size
        keys = rng.exponential(size=len(is_out)) / weights  # the smallest keys are a draw without return
        videos.append(is_out[np.argpartition(keys, size - 1)[:size]])
    viewer = np.repeat(np.arange(n_viewers, dtype=np.int32), counts)
    position = np.arange(len(viewer)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = start + _DAY_SECONDS * rng.beta(2.5, 1.6, size=n_viewers)
    pauses = _PAUSE_SECONDS + rng.exponential(14.0, size=len(viewer))
    elapsed = np.cumsum(pauses) - np.repeat(
        np.concatenate([[0.0], np.cumsum(pauses)])[np.cumsum(counts) - counts], counts
    )
    video = np.concatenate(videos) if videos else np.zeros(0, dtype=np.int64)
    session = viewer.astype(np.int64) * 1000 + back
    return viewer, video.astype(np.int32), begins[viewer] + elapsed, session, position.astype(np.int16)


def _rate_taste(world: Population, viewer: int, videos: IntArray) -> FloatArray:
    """(n,) how much a plain feed prefers each video for a viewer."""
    taste = world.taste[viewer, world.videos.topic[videos]]
    understood = world.understands[viewer, world.videos.language[videos]]
    return np.asarray((0.05 + taste) * (0.08 + understood))
