"""How often each action followed, per video, creator, topic and duration: smoothed log-odds of counts.

The same codes and the same smoothing serve a fit (counts as of each row) and a request (counts as of now).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import ACTIONS, N_ACTIONS, UNKNOWN, FloatArray, IntArray
from recommender.features.content import Content
from recommender.params import FeatureParams

#: Columns of every rate: the actions, and the share of the video that was watched (cut at 1).
RATE_COLUMNS: tuple[str, ...] = (*ACTIONS, "watched_share")
N_RATES = len(RATE_COLUMNS)
#: Tables of rates. "creator" is keyed by video: the record of the creator's other videos, so that it does not
#: repeat the video's own.
VIDEO_TABLES: tuple[str, ...] = ("video", "creator", "topic", "duration")
#: Actions with a lower base rate are smoothed in proportion to their rarity.
_RARE_BELOW = 0.25
#: Upper bound of the number of duration buckets.
_DURATIONS_AT_MOST = 32


@dataclass(frozen=True, slots=True)
class Counts:
    """How often something was shown, and what came of it; one row a key."""

    shown: FloatArray  # (n_keys, N_RATES) float32: impressions for which the column is known
    taken: FloatArray  # (n_keys, N_RATES) float32: how many of them it followed

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.shown + other.shown, self.taken + other.taken)

    def take(self, rows: IntArray) -> Counts:
        """The counts of the given keys."""
        return Counts(self.shown[rows], self.taken[rows])


@dataclass(frozen=True, slots=True)
class RateTables:
    """Log-odds ready to gather: each (n_keys + 1, N_RATES) float32, the last row 0 for UNKNOWN."""

    log_odds: Mapping[str, FloatArray]
    log_shown: Mapping[str, FloatArray]  # (n_keys + 1,) float32 log(1 + impressions)
    base_rate: FloatArray  # (N_RATES,) float32


def label_rows(actions: IntArray, watch_seconds: FloatArray, duration_seconds: FloatArray) -> FloatArray:
    """(n, N_RATES) float32 outcome of each row; NaN in `watched_share` where it cannot be known."""
    labels = np.empty((len(actions), N_RATES), dtype=np.float32)
    for bit in range(N_ACTIONS):
        labels[:, bit] = (actions >> bit) & 1
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.minimum(watch_seconds / duration_seconds, 1.0)
    labels[:, N_ACTIONS] = np.where(duration_seconds > 0, share, np.nan)
    return labels


def mask_known(labels: FloatArray, known_actions: int) -> FloatArray:
    """(n, N_RATES) float32: 1 where the label is known, 0 where it was not recorded."""
    known = np.isfinite(labels).astype(np.float32)
    for bit in range(N_ACTIONS):
        if not known_actions >> bit & 1:
            known[:, bit] = 0.0
    return known


def count_by(codes: IntArray, labels: FloatArray, known: FloatArray, n_keys: int) -> Counts:
    """Sum rows by code; UNKNOWN codes are left out."""
    rows = np.flatnonzero(codes >= 0)
    taken = np.nan_to_num(labels) * known
    return Counts(_sum_rows(codes[rows], known[rows], n_keys), _sum_rows(codes[rows], taken[rows], n_keys))


def smooth_log_odds(
    shown: FloatArray, taken: FloatArray, base_rate: FloatArray, strength: float
) -> FloatArray:
    """Log-odds of the smoothed rate minus those of the base rate: 0 where nothing is known.

    Formula: log((t + s b) / (n - t + s (1 - b))) - log(b / (1 - b)), t taken, n shown, b base rate, and
    s = strength x max(1, 0.25 / b): the rarer an action, the more impressions before its absence speaks.

    >>> round(float(smooth_log_odds(np.array(10.0), np.array(10.0), np.array(0.5), 10.0)), 4)
    1.0986
    """
    base = np.clip(base_rate, 1e-6, 1 - 1e-6)
    held = strength * np.maximum(1.0, _RARE_BELOW / base)
    up = taken + held * base
    down = np.maximum(shown - taken, 0.0) + held * (1 - base)
    log_odds: FloatArray = (np.log(up / down) - np.log(base / (1 - base))).astype(np.float32)
    return log_odds


def roll_up_videos(content: Content, topics: IntArray, n_topics: int, per_video: Counts) -> dict[str, Counts]:
    """Counts of topics (first slot) and durations, and per video of its creator's other videos."""
    creators = _sum_by(content.creator, per_video, len(content.creator_ids))
    first_topic = topics[:, 0] if topics.shape[1] else np.full(len(content.creator), UNKNOWN)
    return {
        "video": per_video,
        "creator": subtract(creators.take(content.creator), per_video),
        "topic": _sum_by(first_topic, per_video, n_topics),
        "duration": _sum_by(content.duration_bucket, per_video, _DURATIONS_AT_MOST),
    }


def subtract(whole: Counts, part: Counts) -> Counts:
    """What is left of counts without a part of them, never below 0."""
    return Counts(np.maximum(whole.shown - part.shown, 0.0), np.maximum(whole.taken - part.taken, 0.0))


def _sum_by(codes: IntArray, counts: Counts, n_keys: int) -> Counts:
    rows = np.flatnonzero(codes >= 0)
    return Counts(
        _sum_rows(codes[rows], counts.shown[rows], n_keys), _sum_rows(codes[rows], counts.taken[rows], n_keys)
    )


def _sum_rows(codes: IntArray, values: FloatArray, n_keys: int) -> FloatArray:
    summed = np.zeros((max(n_keys, 1), values.shape[1]), dtype=np.float32)
    for column in range(values.shape[1]):
        summed[:, column] = np.bincount(codes, weights=values[:, column], minlength=len(summed))
    return summed


def tabulate(counts: Mapping[str, Counts], base_rate: FloatArray, params: FeatureParams) -> RateTables:
    """Turn counts into gather-ready log-odds."""
    log_odds: dict[str, FloatArray] = {}
    log_shown: dict[str, FloatArray] = {}
    for name, table in counts.items():
        odds = smooth_log_odds(table.shown, table.taken, base_rate, params.rate_strength)
        log_odds[name] = np.vstack([odds, np.zeros((1, N_RATES), dtype=np.float32)])
        log_shown[name] = np.append(np.log1p(table.shown.max(axis=1)), 0.0).astype(np.float32)
    return RateTables(log_odds, log_shown, base_rate)
