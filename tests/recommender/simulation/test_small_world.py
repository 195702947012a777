"""The fast estimate is the engine's answer: page by page, and over a small world served by the real feed."""

import numpy as np
import pytest

from recommender.flow import prepare_page
from recommender.rerank.compose import compose
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.simulation.learnt_world import LearntWorld, make_learnt_world
from recommender.simulation.show_odds import find_page_odds
from recommender.simulation.small_world import (
    Platform,
    Pools,
    compare,
    count_chances,
    estimate_feed,
    run_feed,
)

PAGE = 10


@pytest.fixture(scope="module")
def world() -> LearntWorld:
    return make_learnt_world(40, 400, 160, seed=5)


@pytest.fixture(scope="module")
def platform(world: LearntWorld) -> Platform:
    states = world.list_states()
    engine = world.engine
    is_new = engine.statistics.shown < np.median(engine.statistics.shown)
    asked = np.flatnonzero(is_new)[::2]
    return Platform(engine, DEFAULT_VALUE_WEIGHTS, states, np.full(len(states), 1.6), PAGE, world.now, asked)


def test_counted_coins_agree_with_pages_that_are_really_composed(platform: Platform) -> None:
    counted, composed = [], []
    for state in platform.states[:12]:
        ready = prepare_page(platform.engine, state, platform.scene(state), DEFAULT_VALUE_WEIGHTS)
        short = ready.shortlist
        asked = np.arange(len(short.video_id))
        counted.append(find_page_odds(ready, asked, PAGE, platform.engine.params.rerank).probability)
        rng, times = np.random.default_rng(1), np.zeros(len(asked))
        place = {int(video): row for row, video in enumerate(short.video_id)}
        for _ in range(200):
            slate = compose(
                short, ready.last_creator, ready.last_sound, PAGE, rng, platform.engine.params.rerank, {}, 0
            )
            times[[place[video.video_id] for video in slate.videos]] += 1
        composed.append(times / 200)
    fast, slow = np.concatenate(counted), np.concatenate(composed)
    assert fast.sum() == pytest.approx(slow.sum(), rel=0.02)
    assert np.corrcoef(fast, slow)[0, 1] > 0.99


def test_a_page_is_conserved_its_chances_sum_to_its_places(platform: Platform) -> None:
    for state in platform.states[:12]:
        ready = prepare_page(platform.engine, state, platform.scene(state), DEFAULT_VALUE_WEIGHTS)
        asked = np.arange(len(ready.shortlist.video_id))
        odds = find_page_odds(ready, asked, PAGE, platform.engine.params.rerank)
        assert odds.probability.sum() == pytest.approx(len(odds.page), rel=0.03)


def test_the_estimate_agrees_with_the_feed_impression_by_impression(platform: Platform) -> None:
    chances = count_chances(platform)
    pools = Pools(first_pool=8)
    feed = np.stack([run_feed(platform, pools, chances, seed) for seed in range(8)])
    gaps = compare(feed, estimate_feed(platform, pools, chances, 400, seed=1))
    # Eight rounds of the feed know their own mean to 5 %; more rounds agree within 2 %.
    assert abs(gaps["mean"]) < 0.1
    assert max(abs(gap) for gap in gaps.values()) < 0.25


def test_without_pools_each_video_is_met_as_often_as_by_the_feed(platform: Platform) -> None:
    chances = count_chances(platform)
    endless = Pools(first_pool=10**6)
    feed = np.stack([run_feed(platform, endless, chances, seed) for seed in range(6)]).mean(axis=0)
    fast = estimate_feed(platform, endless, chances, 400, seed=1).mean(axis=0)
    assert fast.sum() == pytest.approx(feed.sum(), rel=0.06)
    assert np.corrcoef(feed, fast)[0, 1] > 0.99


def test_no_pool_is_exceeded_and_nothing_is_shown_twice_to_a_viewer(platform: Platform) -> None:
    chances = count_chances(platform)
    pools = Pools(first_pool=5, growth=1.5, n_pools=2)
    reach = estimate_feed(platform, pools, chances, 50, seed=2)
    assert reach.max() <= pools.list_budgets()[-1]
    assert reach.max() <= len(platform.states)
