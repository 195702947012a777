"""Tiny worlds whose right answers are known: rectangular and lopsided, so that a swapped axis shows."""

from dataclasses import replace

import numpy as np

from recommender.build import build_engine
from recommender.contracts import (
    UNKNOWN,
    Catalogue,
    Dataset,
    History,
    Impressions,
    Scenario,
    Viewers,
    ViewerState,
    encode_actions,
)
from recommender.features.content import encode_captions
from recommender.flow import Engine
from recommender.markets import encode_language, encode_market
from recommender.params import Params, RecallParams, TrainingParams
from recommender.training.sources import Arrays, fit_sources, measure_base_rate

DAY_SECONDS = 86_400.0
#: Noon of 1 March 2026, UTC.
NOW = 1_772_366_400.0
TOPICS = ("lipstick", "sneakers", "kettles")
N_VIDEOS, N_VIEWERS = 30, 48
GB, US, VN = encode_market("GB"), encode_market("US"), encode_market("VN")
ENGLISH, SPANISH, VIETNAMESE = encode_language("en"), encode_language("es"), encode_language("vi")


def make_catalogue(n_videos: int = N_VIDEOS) -> Catalogue:
    """Video i has topic i % 3, creator 500 + i % 7, sound i % 11, and lasts 8 s (even) or 40 s (odd)."""
    number = np.arange(n_videos)
    return Catalogue(
        video_id=1000 + 10 * number,
        creator_id=500 + number % 7,
        sound_id=number % 11,
        market=np.full(n_videos, GB, dtype=np.int8),
        language=np.full(n_videos, ENGLISH, dtype=np.int16),
        duration_seconds=np.where(number % 2 == 0, 8.0, 40.0).astype(np.float32),
        published_at=NOW - 30 * DAY_SECONDS + number * 3600.0,
        has_cart=number % 5 == 0,
        is_blocked=np.zeros(n_videos, dtype=bool),
        topics=np.stack([number % 3, np.full(n_videos, UNKNOWN)], axis=1).astype(np.int32),
        tokens=encode_captions([f"#{TOPICS[i % 3]} tip {i}" for i in range(n_videos)]),
        topic_names=TOPICS,
    )


def make_viewers() -> Viewers:
    """Viewer v likes topic v % 3 and lives in GB; the device column says 0 (even) or 1 (odd)."""
    number = np.arange(N_VIEWERS)
    return Viewers(
        viewer_id=9000 + number,
        market=np.full(N_VIEWERS, GB, dtype=np.int8),
        language=np.full(N_VIEWERS, ENGLISH, dtype=np.int16),
        interests=np.full((N_VIEWERS, 1), UNKNOWN, dtype=np.int32),
        extra={"device": (number % 2).astype(np.int32)},
    )


def make_history() -> History:
    """Nothing happened before the first impression."""
    return History(
        indptr=np.zeros(N_VIEWERS + 1, dtype=np.int64),
        video=np.zeros(0, dtype=np.int32),
        happened_at=np.zeros(0),
        actions=np.zeros(0, dtype=np.int32),
        watch_seconds=np.zeros(0, dtype=np.float32),
    )


def make_dataset(n_rows: int = 4000, seed: int = 3) -> Dataset:
    """Ten days of impressions: a viewer watches 80 % of their own topic long, and 10 % of anything else.

    A tenth of the long watches is liked; short videos are finished whenever they are watched long.
    """
    rng = np.random.default_rng(seed)
    catalogue = make_catalogue()
    viewer = rng.integers(0, N_VIEWERS, n_rows).astype(np.int32)
    video = rng.integers(0, N_VIDEOS, n_rows).astype(np.int32)
    is_long = rng.random(n_rows) < np.where(video % 3 == viewer % 3, 0.8, 0.1)
    is_liked = is_long & (rng.random(n_rows) < 0.1)
    is_short = catalogue.duration_seconds[video] < 10
    actions = is_long * encode_actions(["long_watch"]) | is_liked * encode_actions(["like"])
    actions |= (is_long & is_short) * encode_actions(["finish"])
    share = np.where(is_long, 1.0, 0.15)
    happened_at = np.sort(NOW - 10 * DAY_SECONDS + rng.random(n_rows) * 10 * DAY_SECONDS)
    impressions = Impressions(
        viewer=viewer,
        video=video,
        happened_at=happened_at,
        actions=actions.astype(np.int32),
        watch_seconds=(share * catalogue.duration_seconds[video]).astype(np.float32),
        source=np.zeros(n_rows, dtype=np.int8),
        position=np.full(n_rows, UNKNOWN, dtype=np.int16),
        propensity=np.full(n_rows, np.nan, dtype=np.float32),
        extra={"hour": (happened_at // 3600 % 24).astype(np.int32)},
    )
    return Dataset(catalogue, make_viewers(), make_history(), impressions, cut_at=NOW)


def make_params() -> Params:
    """Parameters of a small world: a gate that opens with few rows."""
    return Params(
        recall=replace(RecallParams(), fusion_min_viewers=20),
        training=replace(TrainingParams(), gate_min_rows=100, bootstrap_draws=100),
    )


def make_state(
    watched: list[int],
    actions: list[str] | None = None,
    *,
    seen: list[int] | None = None,
    market: int = GB,
    language: int = ENGLISH,
    interests: tuple[int, ...] = (),
    words: np.ndarray | None = None,
) -> ViewerState:
    """A viewer who did the same with each video row of `watched`, an hour apart, the last an hour ago."""
    ids = 1000 + 10 * np.array(watched, dtype=np.int64)
    mask = encode_actions(actions or ["long_watch"])
    return ViewerState(
        viewer_id=77,
        market=market,
        language=language,
        interests=np.array(interests, dtype=np.int32),
        recent_video_id=ids,
        recent_happened_at=NOW - 3600.0 * np.arange(len(watched), 0, -1),
        recent_actions=np.full(len(watched), mask, dtype=np.int32),
        recent_watch_seconds=np.full(len(watched), 8.0, dtype=np.float32),
        seen_video_id=1000 + 10 * np.array(watched if seen is None else seen, dtype=np.int64),
        followed_creator_id=np.zeros(0, dtype=np.int64),
        blocked_creator_id=np.zeros(0, dtype=np.int64),
        search_tokens=np.zeros(0, dtype=np.int32) if words is None else words,
        extra={"device": 0},
    )


def make_scenario(market: int = GB) -> Scenario:
    """The For You page at noon on a Sunday."""
    return Scenario(happened_at=NOW, market=market, hour_local=12, weekday_local=6)


def fit_small_sources(dataset: Dataset, params: Params) -> tuple[Arrays, dict[str, object]]:
    """Sources of the whole data set."""
    return fit_sources(dataset, measure_base_rate(dataset), params)


def make_engine(params: Params | None = None) -> Engine:
    """An engine with sources and counts, and the base-rate predictor."""
    params = params or make_params()
    dataset = make_dataset()
    arrays, meta = fit_small_sources(dataset, params)
    return build_engine(dataset.catalogue, arrays, meta, params=params, now=NOW)
