"""Every recall source: one signature, known answers."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.build import build_engine
from recommender.contracts import Catalogue, LiveStats
from recommender.features.content import encode_words
from recommender.flow import open_viewer
from recommender.recall import (
    collaborative,
    factors,
    follows,
    fresh,
    interests,
    searches,
    similar_videos,
    trending,
)
from recommender.recall.gather import SIGNALS, SOURCES, gather
from tests.worlds import (
    DAY_SECONDS,
    GB,
    NOW,
    fit_small_sources,
    make_dataset,
    make_engine,
    make_params,
    make_scenario,
    make_state,
)

SCENE = make_scenario()
ALL = (interests, similar_videos, collaborative, factors, follows, trending, fresh, searches)


@pytest.fixture(scope="module")
def engine():
    return make_engine()


@pytest.mark.parametrize("source", ALL, ids=lambda source: source.__name__.rsplit(".", 1)[-1])
def test_every_source_answers_in_order_without_what_was_seen(engine, source) -> None:
    state = replace(make_state([0, 3, 6, 9]), followed_creator_id=np.array([501, 503]))
    state = replace(state, search_tokens=encode_words("lipstick"))
    viewer, _ = open_viewer(engine, state, SCENE)
    rows, scores = source.recall(engine.recall, viewer, SCENE, 5)
    assert rows.dtype == np.int32
    assert scores.dtype == np.float32
    assert len(rows) == len(scores) == len(set(rows.tolist())) <= 5
    assert (np.diff(scores) <= 0).all()
    assert not set(rows.tolist()) & {0, 3, 6, 9}


@pytest.mark.parametrize("source", ALL, ids=lambda source: source.__name__.rsplit(".", 1)[-1])
def test_every_source_answers_a_viewer_without_a_past(engine, source) -> None:
    viewer, _ = open_viewer(engine, make_state([]), SCENE)
    rows, scores = source.recall(engine.recall, viewer, SCENE, 5)
    assert len(rows) == len(scores)


@pytest.mark.parametrize("source", [collaborative, similar_videos, factors])
def test_what_goes_together_is_found_from_what_was_liked(engine, source) -> None:
    viewer, _ = open_viewer(engine, make_state([1, 4, 7, 10]), SCENE)
    rows, _ = source.recall(engine.recall, viewer, SCENE, 6)
    assert (rows % 3 == 1).mean() > 0.8


def test_chosen_interests_speak_for_a_viewer_without_a_past(engine) -> None:
    viewer, _ = open_viewer(engine, make_state([], interests=(2,)), SCENE)
    rows, _ = interests.recall(engine.recall, viewer, SCENE, 8)
    assert (rows % 3 == 2).all()
    assert len(rows) == 8


def test_follows_bring_the_newest_videos_of_followed_creators(engine) -> None:
    state = replace(make_state([]), followed_creator_id=np.array([502, 1_000_000]))
    viewer, _ = open_viewer(engine, state, SCENE)
    rows, _ = follows.recall(engine.recall, viewer, SCENE, 3)
    assert rows.tolist() == [23, 16, 9]


def test_a_search_finds_captions_with_its_words(engine) -> None:
    viewer, searched = open_viewer(engine, make_state([], words=encode_words("kettles")), SCENE)
    rows, _ = searches.recall(engine.recall, viewer, SCENE, 20)
    assert (rows % 3 == 2).all()
    assert len(rows) == len(searched) == 10


def _grow(catalogue: Catalogue) -> Catalogue:
    """The catalogue with one more video, on sneakers, an hour old, that nobody has been shown."""

    def more(column: np.ndarray, value) -> np.ndarray:
        return np.concatenate([column, np.asarray([value], dtype=column.dtype)])

    return replace(
        catalogue,
        video_id=more(catalogue.video_id, 5000),
        creator_id=more(catalogue.creator_id, 900),
        sound_id=more(catalogue.sound_id, 77),
        market=more(catalogue.market, GB),
        language=more(catalogue.language, catalogue.language[0]),
        duration_seconds=more(catalogue.duration_seconds, 12.0),
        published_at=more(catalogue.published_at, NOW - 3600),
        has_cart=more(catalogue.has_cart, True),
        is_blocked=more(catalogue.is_blocked, False),
        topics=more(catalogue.topics, catalogue.topics[1]),
        tokens=more(catalogue.tokens, catalogue.tokens[1]),
    )


def test_a_video_nobody_has_seen_is_recalled_without_a_new_fit() -> None:
    params, dataset = make_params(), make_dataset()
    arrays, meta = fit_small_sources(dataset, params)
    engine = build_engine(_grow(dataset.catalogue), arrays, meta, params=params, now=NOW)
    viewer, _ = open_viewer(engine, make_state([1, 4, 7]), SCENE)
    new_row = 30
    for source in (interests, fresh):
        assert new_row in source.recall(engine.recall, viewer, SCENE, 20)[0]
    assert new_row in gather(engine.recall, viewer, SCENE, engine.fusion, 30).video


def test_live_counts_move_the_trend_of_their_market() -> None:
    params, dataset = make_params(), make_dataset()
    arrays, meta = fit_small_sources(dataset, params)
    taken = np.zeros((1, 9), dtype=np.float32)
    taken[0, 1] = 5000.0
    live = LiveStats(
        video_id=np.array([1130]),
        market=np.array([GB], dtype=np.int8),
        hour_at=np.array([NOW - 3600]),
        shown=np.array([6000.0], dtype=np.float32),
        watched_seconds=np.array([40_000.0], dtype=np.float32),
        taken=taken,
    )
    engine = build_engine(dataset.catalogue, arrays, meta, live, params=params, now=NOW)
    viewer, _ = open_viewer(engine, make_state([]), SCENE)
    assert trending.recall(engine.recall, viewer, SCENE, 3)[0][0] == 13


def test_old_votes_fade_from_the_trend() -> None:
    params, dataset = make_params(), make_dataset()
    arrays, meta = fit_small_sources(dataset, params)
    today = build_engine(dataset.catalogue, arrays, meta, params=params, now=NOW)
    later = NOW + params.recall.trending_half_life_hours * 3600
    next_day = build_engine(dataset.catalogue, arrays, meta, params=params, now=later)
    np.testing.assert_allclose(
        next_day.recall.popularity.trend, today.recall.popularity.trend * 0.5, rtol=1e-5
    )


def test_gather_returns_unique_candidates_best_first_and_says_who_found_them(engine) -> None:
    viewer, _ = open_viewer(engine, make_state([1, 4, 7]), SCENE)
    found = gather(engine.recall, viewer, SCENE, engine.fusion, 12)
    assert len(set(found.video.tolist())) == len(found) == 12
    assert (np.diff(found.fused) <= 0).all()
    assert found.signals.shape == (12, len(SIGNALS))
    assert {SOURCES[code] for code in found.source} <= set(SOURCES)
    assert not set(found.video.tolist()) & {1, 4, 7}


def test_a_video_gone_from_the_catalogue_leaves_the_lists_in_order() -> None:
    params, dataset = make_params(), make_dataset()
    arrays, meta = fit_small_sources(dataset, params)
    stays = np.delete(np.arange(30), 4)
    shrunk = replace(
        dataset.catalogue,
        **{
            name: getattr(dataset.catalogue, name)[stays]
            for name in Catalogue.__dataclass_fields__
            if name not in ("topic_names", "extra")
        },
    )
    engine = build_engine(shrunk, arrays, meta, params=params, now=NOW)
    viewer, _ = open_viewer(engine, make_state([1, 7, 10]), SCENE)
    rows, _ = collaborative.recall(engine.recall, viewer, SCENE, 6)
    topics = (shrunk.video_id[rows] - 1000) // 10 % 3
    assert (topics == 1).mean() > 0.8
    assert shrunk.published_at.min() > NOW - 31 * DAY_SECONDS
