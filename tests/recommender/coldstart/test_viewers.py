"""The first page of somebody nobody knows."""

from dataclasses import replace

import numpy as np

from recommender.coldstart.viewers import prior_state
from recommender.contracts import UNKNOWN
from recommender.flow import rank_for_viewer
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from tests.worlds import ENGLISH, GB, VIETNAMESE, VN, make_engine, make_params, make_scenario


def _page(interests, params=None, market=GB, engine=None, seed=2):
    engine = engine or make_engine(params)
    state = prior_state(5, market, interests=interests)
    return rank_for_viewer(
        engine, state, make_scenario(market), DEFAULT_VALUE_WEIGHTS, np.random.default_rng(seed), 6
    ).videos


def test_the_first_page_follows_the_chosen_interests() -> None:
    for topic in (0, 1, 2):
        rows = np.array([(video.video_id - 1000) // 10 for video in _page((topic,))])
        assert (rows % 3 == topic).mean() >= 0.8


def test_two_newcomers_with_other_interests_get_other_pages() -> None:
    assert {v.video_id for v in _page((0,))} != {v.video_id for v in _page((1,))}


def test_a_newcomer_without_a_language_is_taken_to_speak_the_markets() -> None:
    assert prior_state(1, GB).language == ENGLISH
    assert prior_state(1, VN).language == VIETNAMESE
    assert prior_state(1, UNKNOWN).language == UNKNOWN


def test_a_newcomer_outside_the_markets_still_gets_a_page() -> None:
    assert len(_page((), market=UNKNOWN)) == 6


def test_a_short_list_of_new_videos_is_explored() -> None:
    params = make_params()
    params = replace(
        params,
        recall=replace(params.recall, fresh_hours=24 * 40, fresh_impressions=1e6),
        rerank=replace(params.rerank, exploration_share=0.5),
    )
    engine = make_engine(params)
    pages = [video for seed in range(8) for video in _page((0,), engine=engine, seed=seed)]
    drawn = [video for video in pages if "exploration" in video.rules]
    assert 5 <= len(drawn) <= 30
    assert all(video.is_exploration and video.propensity < 0.5 for video in drawn)
