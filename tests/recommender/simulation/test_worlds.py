"""The synthetic platform: seeded, plausible, and its truth can be learnt."""

import numpy as np
import pytest

from recommender.contracts import ACTIONS
from recommender.markets import LANGUAGES, MARKET_CODES, MARKETS
from recommender.simulation.exposure import expose
from recommender.simulation.population import Population, make_population
from recommender.simulation.response import rate_appeal, respond

NOW = 1_795_000_000.0


@pytest.fixture(scope="module")
def world() -> Population:
    return make_population(60, 500, 300, NOW, days=10, seed=4)


def test_the_same_seed_gives_the_same_world_and_another_seed_another(world: Population) -> None:
    again = make_population(60, 500, 300, NOW, days=10, seed=4)
    other = make_population(60, 500, 300, NOW, days=10, seed=5)
    assert again.videos.caption == world.videos.caption
    np.testing.assert_array_equal(again.taste, world.taste)
    assert other.videos.caption != world.videos.caption


def test_handles_are_unique_and_creators_film_in_a_language_of_their_market(world: Population) -> None:
    assert len(set(world.creators.handle)) == 60
    for market, language in zip(world.creators.market, world.creators.language, strict=True):
        assert LANGUAGES[language] in dict(MARKETS[MARKET_CODES[market]].language_shares)


def test_everybody_understands_the_main_language_of_their_market(world: Population) -> None:
    for viewer, market in enumerate(world.viewer_market):
        assert world.understands[viewer, LANGUAGES.index(MARKETS[MARKET_CODES[market]].main_language)] == 1


def test_nothing_is_shown_before_it_is_published_or_after_now(world: Population) -> None:
    shown = expose(world, NOW, 5, np.random.default_rng(1))
    assert len(shown.viewer) > 1000
    assert (shown.happened_at >= world.videos.published_at[shown.video]).all()
    assert (shown.happened_at < NOW).all()
    assert (np.diff(shown.happened_at) >= 0).all()


def test_a_viewer_likes_videos_of_their_topic_more(world: Population) -> None:
    viewer = np.zeros(500, dtype=np.int32)
    appeal = rate_appeal(world, viewer, np.arange(500), np.full(500, 20))
    favourite = world.videos.topic == world.taste[0].argmax()
    assert appeal[favourite].mean() > appeal[~favourite].mean() + 0.5


def test_reactions_look_like_short_video(world: Population) -> None:
    rng = np.random.default_rng(2)
    shown = expose(world, NOW, 5, rng)
    reactions = respond(world, shown.viewer, shown.video, shown.hour_local, rng)
    rates = dict(zip(ACTIONS, reactions.taken.mean(axis=0), strict=True))
    assert 0.005 < rates["like"] < 0.1
    assert rates["comment"] < rates["like"]
    assert rates["order"] <= rates["cart_click"]
    duration = world.videos.duration_seconds[shown.video]
    assert 0.15 < (reactions.watch_seconds >= 0.95 * duration).mean() < 0.6
    assert (reactions.watch_seconds[reactions.is_swiped] <= 0.5 * duration[reactions.is_swiped]).all()


def test_a_video_without_a_cart_gets_no_cart_click(world: Population) -> None:
    video = np.flatnonzero(~world.videos.has_cart)
    viewer = np.arange(len(video)) % 300
    reactions = respond(world, viewer, video, np.full(len(video), 20), np.random.default_rng(3))
    assert not reactions.taken[:, [ACTIONS.index("cart_click"), ACTIONS.index("order")]].any()
