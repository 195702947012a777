"""The counts behind every rate, in catalogue rows: what an artifact stores, plus what happened since.

Built from the training window and live counts alone; whole-period totals never enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import Catalogue, FloatArray, IntArray, LiveStats
from recommender.features.content import Content
from recommender.features.crosses import Cross
from recommender.features.rates import (
    N_RATES,
    VIDEO_TABLES,
    Counts,
    RateTables,
    roll_up_videos,
    tabulate,
)
from recommender.params import FeatureParams


@dataclass(frozen=True, slots=True)
class Statistics:
    """Rates ready to gather, the counts behind them, and the plan of categories."""

    tables: RateTables
    counts: Mapping[str, Counts]  # of each table in VIDEO_TABLES
    shown: FloatArray  # (n_videos,) float32 impressions ever
    crosses: tuple[Cross, ...]


def encode_videos(catalogue: Catalogue, content: Content, video: IntArray) -> dict[str, IntArray]:
    """Key of each row in each table of VIDEO_TABLES."""
    return {
        "video": video,
        "creator": video,
        "topic": catalogue.topics[video, 0],
        "duration": content.duration_bucket[video],
    }


def look_up_rates(
    tables: RateTables, codes: Mapping[str, IntArray]
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Log-odds (n, N_RATES) and log impressions (n,) of each row in each table; 0 for UNKNOWN."""
    odds = [tables.log_odds[name][codes[name]] for name in VIDEO_TABLES]
    shown = [tables.log_shown[name][codes[name]] for name in VIDEO_TABLES]
    return odds, shown


def build_statistics(
    catalogue: Catalogue,
    content: Content,
    per_video: Counts,
    base_rate: FloatArray,
    crosses: tuple[Cross, ...],
    params: FeatureParams,
) -> Statistics:
    """Sum, smooth and lay out counts that are already in catalogue rows."""
    n_topics = max(len(catalogue.topic_names), int(catalogue.topics.max(initial=-1)) + 1, 1)
    counts = roll_up_videos(content, catalogue.topics, n_topics, per_video)
    return Statistics(tabulate(counts, base_rate, params), counts, per_video.shown.max(axis=1), crosses)


def count_live(catalogue: Catalogue, live: LiveStats) -> tuple[IntArray, Counts]:
    """Catalogue row of each live line (UNKNOWN where the catalogue lacks it) and its counts, line by line.

    The watched share of a line is its watched seconds over what would have been watched to the end.
    """
    rows = catalogue.find_rows(live.video_id)
    shown = np.repeat(live.shown[:, None], N_RATES, axis=1).astype(np.float32)
    duration = (
        np.where(rows >= 0, catalogue.duration_seconds[rows], 0.0) if len(catalogue) else live.shown * 0
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.minimum(live.watched_seconds / (duration * live.shown), 1.0)
    known = np.isfinite(share)
    shown[:, -1] *= known
    taken = np.concatenate([live.taken, (np.where(known, share, 0.0) * live.shown)[:, None]], axis=1)
    return rows, Counts(shown, taken.astype(np.float32))


def add_live(per_video: Counts, rows: IntArray, live: Counts) -> Counts:
    """Counts per video with the live lines added."""
    inside = np.flatnonzero(rows >= 0)
    if not len(inside):
        return per_video
    shown, taken = per_video.shown.copy(), per_video.taken.copy()
    n_videos = len(shown)
    for column in range(N_RATES):
        shown[:, column] += np.bincount(rows[inside], weights=live.shown[inside, column], minlength=n_videos)
        taken[:, column] += np.bincount(rows[inside], weights=live.taken[inside, column], minlength=n_videos)
    return Counts(shown, taken)
