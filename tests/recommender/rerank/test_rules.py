"""Hard rules and their exceptions."""

from dataclasses import replace

import numpy as np

from recommender.contracts import UNKNOWN, MarketRule, MarketRules
from recommender.features.content import describe_content, encode_words
from recommender.flow import rank_for_viewer
from recommender.params import FeatureParams, RerankParams
from recommender.rerank.rules import (
    ADMITTED,
    ADMITTED_AS_HIT,
    REFUSED,
    admit_for_viewer,
    build_gates,
    derive_market_rules,
    find_capped,
)
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from tests.worlds import (
    ENGLISH,
    GB,
    NOW,
    SPANISH,
    US,
    VIETNAMESE,
    VN,
    make_catalogue,
    make_engine,
    make_scenario,
    make_state,
)

NOBODY = np.zeros(0, dtype=np.int64)


def _spoken_catalogue():
    """Rows 0-9 English, 10-19 Spanish, 20-28 Vietnamese, 29 without a language; row 5 is blocked."""
    language = np.repeat([ENGLISH, SPANISH, VIETNAMESE], 10).astype(np.int16)
    language[29] = UNKNOWN
    blocked = np.zeros(30, dtype=bool)
    blocked[5] = True
    return replace(make_catalogue(), language=language, is_blocked=blocked)


def _trend(hit: int | None = None, market: int = US):
    trend = np.tile(np.linspace(1, 2, 30, dtype=np.float32)[:, None], (1, 9))
    if hit is not None:
        trend[hit, market] = 500
    return trend


def test_a_us_feed_has_no_spanish_unless_it_is_a_hit() -> None:
    rules = derive_market_rules(RerankParams())
    admission = build_gates(_spoken_catalogue(), _trend(hit=12), rules).admission[US]
    assert admission[12] == ADMITTED_AS_HIT
    assert (np.delete(admission[10:20], 2) == REFUSED).all()
    assert (admission[[0, 1, 29]] == ADMITTED).all()


def test_a_blocked_video_is_refused_everywhere_even_as_a_hit() -> None:
    gates = build_gates(_spoken_catalogue(), _trend(hit=5), derive_market_rules(RerankParams()))
    assert all(admission[5] == REFUSED for admission in gates.admission.values())


def test_viewers_see_their_own_language_and_what_they_searched_for() -> None:
    catalogue = _spoken_catalogue()
    gates = build_gates(catalogue, _trend(), derive_market_rules(RerankParams()))
    spanish_viewer = admit_for_viewer(gates, catalogue, make_state([], language=SPANISH), US, NOBODY)
    assert spanish_viewer[10:20].all()
    assert not spanish_viewer[20:29].any()
    searched = admit_for_viewer(gates, catalogue, make_state([]), US, np.array([25, 5]))
    assert searched[25]
    assert not searched[[5, 24]].any()


def test_an_operators_rules_replace_the_derived_ones() -> None:
    rules = MarketRules("night", {VN: MarketRule(frozenset({SPANISH}), 1.0)})
    is_open = build_gates(_spoken_catalogue(), _trend(), rules).is_open[VN]
    assert is_open[10:20].all()
    assert not is_open[:4].any()


def test_creators_and_topics_met_often_enough_today_are_capped() -> None:
    catalogue = make_catalogue()
    content = describe_content(catalogue, FeatureParams())
    params = replace(RerankParams(), creator_daily_cap=2, topic_daily_cap=3)
    state = make_state([0, 7, 3])
    creators, topics = find_capped(catalogue, content, state, np.arange(30), NOW, params)
    assert set(np.flatnonzero(creators).tolist()) == {row for row in range(30) if row % 7 == 0}
    assert not topics.any()
    later, _ = find_capped(catalogue, content, state, np.arange(30), NOW + 100_000, params)
    assert not later.any()
    _, topics = find_capped(catalogue, content, make_state([0, 3, 6]), np.arange(30), NOW, params)
    assert set(np.flatnonzero(topics).tolist()) == set(range(0, 30, 3))


def test_the_page_says_which_exception_let_a_video_in() -> None:
    engine = make_engine()
    gates = build_gates(
        replace(engine.catalogue, language=np.full(30, VIETNAMESE, dtype=np.int16)),
        engine.recall.popularity.trend,
        derive_market_rules(RerankParams()),
    )
    engine = replace(
        engine, gates=gates, catalogue=replace(engine.catalogue, language=np.full(30, VIETNAMESE, np.int16))
    )
    state = make_state([], words=encode_words("kettles"))
    slate = rank_for_viewer(
        engine, state, make_scenario(GB), DEFAULT_VALUE_WEIGHTS, np.random.default_rng(1), 10
    )
    assert slate.videos
    for video in slate.videos:
        row = (video.video_id - 1000) // 10
        rule = "language_exception_searched" if row % 3 == 2 else "language_exception_hit"
        assert rule in video.rules
