"""Logged choices under another policy: exact about the log itself, refused where it cannot know."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.contracts import ACTION_INDEX, UNKNOWN, VALUE_TERMS
from recommender.experiments.off_policy import NoSupportError
from recommender.experiments.params import ExperimentParams
from recommender.experiments.promotion import judge_promotion
from recommender.experiments.replay import (
    LoggedPage,
    Policy,
    estimate_policy,
    rank_places,
    replay,
)
from recommender.params import RerankParams
from recommender.rerank.compose import Shortlist, compose
from recommender.rerank.exploration import NEW, Lane, spread_chance

LIKE, LONG = ACTION_INDEX["like"], ACTION_INDEX["long_watch"]
#: A log that explores at every second place, so that much can be asked of it.
WIDE = RerankParams(exploration_share=0.9, exploration_pool=9, diversity=0.0)
BY_LONG = np.eye(len(VALUE_TERMS), dtype=np.float32)[LONG]
BY_LIKE = np.eye(len(VALUE_TERMS), dtype=np.float32)[LIKE]


def make_page(seed: int, params: RerankParams = WIDE, k: int = 4) -> LoggedPage:
    """A page of nine new videos, composed by the engine itself; long watches come true as predicted."""
    rng = np.random.default_rng(seed)
    n = 9
    expected = np.zeros((n, len(VALUE_TERMS)), dtype=np.float32)
    expected[:, LONG] = rng.beta(2, 2, n)
    expected[:, LIKE] = rng.beta(2, 2, n)
    creator, sound = np.arange(n), np.full(n, UNKNOWN)
    vectors = np.zeros((n, 3), dtype=np.float32)
    is_new = np.ones(n, dtype=np.bool_)
    shortlist = Shortlist(
        np.arange(n), creator, sound, vectors, expected * BY_LONG, np.zeros(n, dtype=int), is_new,
        np.zeros(n, dtype=int), ("fresh",),
    )  # fmt: skip
    slate = compose(shortlist, UNKNOWN, UNKNOWN, k, rng, params, {}, n)
    shown = np.array([video.video_id for video in slate.videos])
    actions = np.where(rng.random(k) < expected[shown, LONG], 1 << LONG, 0)
    propensity = np.array([video.propensity for video in slate.videos])
    return LoggedPage(
        creator,
        sound,
        vectors,
        expected,
        is_new,
        UNKNOWN,
        UNKNOWN,
        BY_LONG,
        params,
        shown,
        propensity,
        actions,
    )


@pytest.fixture(scope="module")
def pages() -> list[LoggedPage]:
    return [make_page(seed) for seed in range(600)]


def test_the_logs_own_policy_has_the_logged_chances(pages: list[LoggedPage]) -> None:
    own = replay(pages, [Policy(page.weights, page.rerank) for page in pages], "long_watch")
    assert own.target == pytest.approx(own.logged, abs=1e-9)
    assert own.supported == pytest.approx(1.0)
    found = estimate_policy(own)
    assert found["ips"].value == pytest.approx(own.reward.mean())
    assert found["ips"].effective_rows == pytest.approx(len(own.reward))


def test_the_chances_of_a_place_add_up_to_one_and_never_repeat_a_video(pages: list[LoggedPage]) -> None:
    chances = rank_places(pages[0], Policy(BY_LIKE, WIDE))
    assert chances.sum(axis=1) == pytest.approx(1.0)
    for place in range(1, len(pages[0].shown)):
        assert chances[place, pages[0].shown[:place]].sum() == 0


def test_what_another_policy_earns_is_told_within_its_interval(pages: list[LoggedPage]) -> None:
    other = replace(WIDE, exploration_temperature=0.3)
    found = estimate_policy(replay(pages, [Policy(BY_LIKE, other)] * len(pages), "long_watch"))
    truth = np.concatenate(
        [rank_places(page, Policy(BY_LIKE, other)) @ page.expected[:, LONG] for page in pages]
    )
    for name in ("ips", "snips", "doubly_robust"):
        low, high = found[name].interval
        assert low < truth.mean() < high, name
    assert found["slate"].value == pytest.approx(4 * found["ips"].value, rel=1e-6)


def test_a_policy_that_the_log_could_not_have_followed_gets_no_answer() -> None:
    narrow = RerankParams(exploration_share=0.0)
    pages = [make_page(seed, narrow) for seed in range(100)]
    with pytest.raises(NoSupportError, match="are needed"):
        estimate_policy(replay(pages, [Policy(BY_LIKE, narrow)] * len(pages), "long_watch"))
    with pytest.raises(NoSupportError, match="serve some pages"):
        replay([], [], "long_watch")


def test_no_video_that_may_not_be_shown_has_a_chance() -> None:
    value = np.array([-np.inf, 1.0, 0.5])
    lanes = [Lane(NEW, 0.2, np.array([True, False, True]))]
    assert spread_chance(lanes, value, RerankParams()).tolist() == pytest.approx([0.0, 0.8, 0.2])
    assert spread_chance(lanes, np.full(3, -np.inf), RerankParams()).sum() == 0


def test_the_share_for_new_videos_follows_the_policy_and_other_lanes_stay() -> None:
    floor = Lane("floor_home_market", 0.1, np.array([True, True, False, False]))
    new = Lane(NEW, 0.2, np.array([False, False, True, False]))
    page = replace(make_page(3, RerankParams(exploration_share=0.05)), lanes=(new, floor))
    shares = [lane.share for lane in page.list_lanes(RerankParams(exploration_share=0.1))]
    assert shares == pytest.approx([0.4, 0.1])


def test_a_candidate_that_earns_less_is_refused_and_an_equal_one_is_not(pages: list[LoggedPage]) -> None:
    live = replay(pages, [Policy(BY_LONG, WIDE)] * len(pages), "long_watch")
    worse = replay(pages, [Policy(-BY_LONG, WIDE)] * len(pages), "long_watch")
    refused = judge_promotion(worse, live)
    assert (refused.is_answered, refused.is_refused) == (True, True)
    assert refused.figures["difference_interval"][1] < 0
    same = judge_promotion(live, live)
    assert (same.is_answered, same.is_refused) == (True, False)
    better = judge_promotion(live, worse)
    assert not better.is_refused


def test_a_thin_log_decides_nothing(pages: list[LoggedPage]) -> None:
    few = replay(pages[:50], [Policy(BY_LONG, WIDE)] * 50, "long_watch")
    verdict = judge_promotion(few, few)
    assert (verdict.is_answered, verdict.is_refused) == (False, False)
    assert f"{ExperimentParams().gate_min_pages} are due" in verdict.reason
