"""Put everything known about (viewer, video, scene) rows into one matrix, for a fit and a request alike.

Refuses nothing and knows nothing of time: the caller hands in what was known before each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.contracts import ACTION_INDEX, N_ACTIONS, UNKNOWN, Catalogue, FloatArray, IntArray
from recommender.features.content import Content
from recommender.features.rates import N_RATES, RATE_COLUMNS, VIDEO_TABLES, smooth_log_odds
from recommender.features.responses import RESPONSES
from recommender.features.viewers import Recent
from recommender.params import FeatureParams

#: Columns of `Recent` that are averaged per key; a subset, the rest is too rare for one viewer.
_AFFINITY_COLUMNS = ("finish", "long_watch", "like", "watched_share")
_AFFINITY_INDEX = [RATE_COLUMNS.index(name) for name in _AFFINITY_COLUMNS]
_AFFINITY_KEYS = ("video", "creator", "topic", "duration")
#: Tables whose number of impressions says something; topics and durations only grow with time.
_COUNTED_TABLES = ("video", "creator")
_DAY_SECONDS = 86_400.0
#: Rows worked on at a time: bounds the (rows, recent events) intermediates to a few tens of MB.
_CHUNK_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """What was known before each of n (viewer, video) rows; viewer columns may have one row for all."""

    video: IntArray  # (n,) int32 row in Catalogue
    happened_at: FloatArray  # (n,) or (1,) float64 unix seconds
    rate_log_odds: Sequence[FloatArray]  # (n, N_RATES) for each of rates.VIDEO_TABLES
    rate_log_shown: Sequence[FloatArray]  # (n,) for each of rates.VIDEO_TABLES
    recent: Recent  # (n, w) or (1, w)
    viewer_market: IntArray  # (n,) or (1,) code
    viewer_language: IntArray  # (n,) or (1,) code
    interests: IntArray  # (n, k) or (1, k) topic codes chosen at sign-up, padded with UNKNOWN
    scores: FloatArray  # (n, n_scores) float32: how well recall sources think the video fits
    score_names: Sequence[str]
    responses: FloatArray  # (n, 2) float32 log-odds of the response CNN, 0 without one
    base_rate: FloatArray  # (N_RATES,) float32


def assemble(
    catalogue: Catalogue, content: Content, rows: FeatureRows, params: FeatureParams
) -> tuple[FloatArray, tuple[str, ...]]:
    """The feature matrix of the rows.

    Returns
    -------
    matrix : (n, n_features) float32, finite.
    names : n_features names, in column order.
    """
    n_rows = len(rows.video)
    blocks: list[FloatArray] = []
    names: list[str] = []
    for table, odds, shown in zip(VIDEO_TABLES, rows.rate_log_odds, rows.rate_log_shown, strict=True):
        blocks.append(odds)
        names += [f"{table}:{column}" for column in RATE_COLUMNS]
        if table in _COUNTED_TABLES:
            blocks.append(shown[:, None])
            names.append(f"{table}:shown")
    blocks.append(_describe_video(catalogue, rows))
    names += ["log_duration", "duration_known", "log_age_days", "is_new", "has_cart"]
    blocks.append(_describe_match(catalogue, rows))
    names += ["same_market", "same_language", "chosen_topic"]
    blocks.append(_squash(rows.scores))
    names += [f"score:{name}" for name in rows.score_names]
    blocks.append(rows.responses)
    names += [f"response:{name}" for name in RESPONSES]
    blocks.append(_describe_affinity(catalogue, content, rows, params))
    names += _name_affinity()
    matrix = np.empty((n_rows, len(names)), dtype=np.float32)
    column = 0
    for block in blocks:
        width = block.shape[1]
        matrix[:, column : column + width] = block
        column += width
    return matrix, tuple(names)


def _describe_video(catalogue: Catalogue, rows: FeatureRows) -> FloatArray:
    """(n, 5): log duration and whether it is known, log age in days, new, cart."""
    duration = catalogue.duration_seconds[rows.video]
    age_days = np.maximum(rows.happened_at - catalogue.published_at[rows.video], 0.0) / _DAY_SECONDS
    return np.stack(
        [
            np.log1p(duration),
            duration > 0,
            np.log1p(age_days),
            age_days < 1.0,
            catalogue.has_cart[rows.video],
        ],
        axis=1,
    ).astype(np.float32)


def _describe_match(catalogue: Catalogue, rows: FeatureRows) -> FloatArray:
    """(n, 3): video and viewer share market, language, and a topic chosen at sign-up; 0 where unknown."""
    market, language = catalogue.market[rows.video], catalogue.language[rows.video]
    topics = catalogue.topics[rows.video]
    chosen = (topics[:, :, None] == rows.interests[:, None, :]) & (topics[:, :, None] != UNKNOWN)
    return np.stack(
        [
            (market == rows.viewer_market) & (market != UNKNOWN),
            (language == rows.viewer_language) & (language != UNKNOWN),
            chosen.any(axis=(1, 2)),
        ],
        axis=1,
    ).astype(np.float32)


def _squash(scores: FloatArray) -> FloatArray:
    """Signed square root: source scores are long-tailed."""
    squashed: FloatArray = np.sign(scores) * np.sqrt(np.abs(scores))
    return squashed


def _name_affinity() -> list[str]:
    names = ["viewer:events", *(f"viewer:{column}" for column in RATE_COLUMNS)]
    for key in _AFFINITY_KEYS:
        names += [f"viewer*{key}:events", *(f"viewer*{key}:{column}" for column in _AFFINITY_COLUMNS)]
    return names


def _describe_affinity(
    catalogue: Catalogue, content: Content, rows: FeatureRows, params: FeatureParams
) -> FloatArray:
    """(n, ...): the viewer's own rates, and those with this video, creator, topic and duration bucket."""
    if len(rows.recent) == 1:
        return _affinity_of(catalogue, content, rows.recent, rows.video, rows.base_rate, params)
    parts = []
    for start in range(0, len(rows.video), _CHUNK_ROWS):
        stop = start + _CHUNK_ROWS
        recent = Recent(
            rows.recent.video[start:stop],
            rows.recent.actions[start:stop],
            rows.recent.watched_share[start:stop],
            rows.recent.weight[start:stop],
        )
        video = rows.video[start:stop]
        parts.append(_affinity_of(catalogue, content, recent, video, rows.base_rate, params))
    return np.concatenate(parts)


def _affinity_of(
    catalogue: Catalogue,
    content: Content,
    recent: Recent,
    video: IntArray,
    base_rate: FloatArray,
    params: FeatureParams,
) -> FloatArray:
    known, taken = _weigh_outcomes(recent)  # each (r, w, N_RATES), r is n or 1
    strength = params.viewer_rate_strength
    n_shown, n_taken = known.sum(axis=1), taken.sum(axis=1)  # (r, N_RATES)
    own = smooth_log_odds(n_shown, n_taken, base_rate, strength)
    own_rate = (n_taken + strength * base_rate) / (n_shown + strength)
    blocks = [np.log1p(recent.weight.sum(axis=1, keepdims=True)), own]
    # One pass for all keys: weights, known and taken side by side are (r, w, 1 + 2 columns).
    values = np.concatenate(
        [recent.weight[:, :, None], known[:, :, _AFFINITY_INDEX], taken[:, :, _AFFINITY_INDEX]], axis=2
    )
    n_columns = len(_AFFINITY_INDEX)
    matches = [
        (seen_key == row_key[:, None]) & (seen_key != UNKNOWN)  # (n, w)
        for seen_key, row_key in _match_keys(catalogue, content, recent.video, video)
    ]
    summed = np.stack([_sum_matches(match, values) for match in matches])  # (n_keys, n, 1 + 2 columns)
    odds = smooth_log_odds(
        summed[:, :, 1 : 1 + n_columns], summed[:, :, 1 + n_columns :], own_rate[:, _AFFINITY_INDEX], strength
    )
    for key in range(len(matches)):
        blocks += [np.log1p(summed[key, :, :1]), odds[key]]
    n_rows = len(video)
    return np.concatenate([np.broadcast_to(block, (n_rows, block.shape[1])) for block in blocks], axis=1)


def _sum_matches(match: FloatArray | IntArray, values: FloatArray) -> FloatArray:
    """(n, c): for each row the sum of the values of its matching events; one BLAS call for one viewer."""
    weights = match.astype(np.float32)
    summed: FloatArray
    if len(values) == 1:
        summed = weights @ values[0]
        return summed
    summed = np.matmul(weights[:, None, :], values)[:, 0, :]
    return summed


def _weigh_outcomes(recent: Recent) -> tuple[FloatArray, FloatArray]:
    """Recency-weighted (known, taken) of every rate column, (r, w, N_RATES) float32 each."""
    shape = (*recent.video.shape, N_RATES)
    known = np.empty(shape, dtype=np.float32)
    known[:] = recent.weight[:, :, None]
    taken = np.empty(shape, dtype=np.float32)
    taken[:, :, :N_ACTIONS] = (recent.actions[:, :, None] >> np.arange(N_ACTIONS)) & 1
    share_known = np.isfinite(recent.watched_share)
    known[:, :, N_ACTIONS] *= share_known
    taken[:, :, N_ACTIONS] = np.where(share_known, recent.watched_share, 0.0)
    # Where no watch time was recorded a finish was not recorded either.
    known[:, :, ACTION_INDEX["finish"]] *= share_known
    taken *= known
    return known, taken


def _match_keys(
    catalogue: Catalogue, content: Content, seen: IntArray, video: IntArray
) -> list[tuple[IntArray, IntArray]]:
    """Pairs of ((r, w) key of each recent event, (n,) key of each row), in the order of _AFFINITY_KEYS."""
    first_topic = catalogue.topics[:, 0]
    pairs: list[tuple[IntArray, IntArray]] = [(seen, video)]
    # UNKNOWN videos index the last row; their key is masked again here.
    pairs += [
        (np.where(seen >= 0, column[seen], UNKNOWN), column[video])
        for column in (content.creator, first_topic, content.duration_bucket)
    ]
    return pairs
