"""A newcomer's first twenty items: explored on purpose, told honestly, better than following the crowd."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.coldstart.tastes import (
    TastePriors,
    choose_chances,
    fit_priors,
    read_priors,
    share_of_page,
)
from recommender.coldstart.viewers import prior_state
from recommender.contracts import ACTION_INDEX, UNKNOWN, Catalogue, Scenario
from recommender.features.order import pick_top
from recommender.loop_params import NewViewerParams
from recommender.params import RerankParams
from recommender.rerank.exploration import Exploration
from recommender.rerank.lanes import TASTE, taste_lane
from tests.worlds import DAY_SECONDS, ENGLISH, GB, NOW, make_catalogue, make_dataset, make_scenario

PARAMS = NewViewerParams()
N_TOPICS, PER_TOPIC = 8, 40
LONG_WATCH = 1 << ACTION_INDEX["long_watch"]


def make_wide() -> Catalogue:
    """40 videos of each of 8 topics, all of other creators."""
    number = np.arange(N_TOPICS * PER_TOPIC)
    few = make_catalogue(1)
    n = len(number)
    return replace(
        few,
        video_id=number + 1,
        creator_id=number + 1,
        sound_id=np.full(n, UNKNOWN),
        market=np.full(n, GB, dtype=np.int8),
        language=np.full(n, ENGLISH, dtype=np.int16),
        duration_seconds=np.full(n, 10.0, dtype=np.float32),
        published_at=np.full(n, NOW - DAY_SECONDS),
        has_cart=np.zeros(n, dtype=bool),
        is_blocked=np.zeros(n, dtype=bool),
        topics=(number % N_TOPICS)[:, None].astype(np.int32),
        tokens=np.full((n, 1), UNKNOWN, dtype=np.int32),
        topic_names=tuple(f"topic{row}" for row in range(N_TOPICS)),
    )


CATALOGUE = make_wide()
TOPIC = CATALOGUE.topics[:, 0]
#: The crowd likes topic 0 best and topic 7 least; so does a popularity value.
CROWD = np.linspace(0.5, 0.15, N_TOPICS)
PRIORS = TastePriors(np.log(CROWD / (1 - CROWD)), {})


def react_to(state, row, liked):
    return replace(
        state,
        recent_video_id=np.append(state.recent_video_id, CATALOGUE.video_id[row]),
        recent_happened_at=np.append(state.recent_happened_at, NOW),
        recent_actions=np.append(state.recent_actions, LONG_WATCH if liked else 0).astype(np.int32),
        recent_watch_seconds=np.append(state.recent_watch_seconds, 10.0).astype(np.float32),
        seen_video_id=np.append(state.seen_video_id, CATALOGUE.video_id[row]),
    )


def live_through(loves: int, policy: str, seed: int, items: int = 40) -> list[bool]:
    """What a viewer who likes 90 % of one topic and 5 % of the rest likes among the items shown."""
    rng = np.random.default_rng(seed)
    state, liked = prior_state(5, GB), []
    for _ in range(items):
        up = np.bincount(
            TOPIC[state.recent_video_id - 1], weights=state.recent_actions > 0, minlength=N_TOPICS
        )
        met = np.bincount(TOPIC[state.recent_video_id - 1], minlength=N_TOPICS)
        mean = CROWD if policy == "popular" else (up + 2 * CROWD) / (met + 2)
        value = mean[TOPIC] + 1e-4 * (np.arange(len(TOPIC)) % 7)
        value = np.where(np.isin(CATALOGUE.video_id, state.seen_video_id), -np.inf, value)
        row = int(pick_top(value, 1)[0])
        if policy == "thompson":
            lane = taste_lane(PRIORS, state, make_scenario(), CATALOGUE, np.arange(len(TOPIC)), PARAMS)
            row, _, _ = Exploration([lane] if lane else [], rng, RerankParams()).choose(value, row)
        liked.append(bool(rng.random() < (0.9 if TOPIC[row] == loves else 0.05)))
        state = react_to(state, row, liked[-1])
    return liked


def test_exploring_finds_a_rare_taste_that_popularity_and_greed_miss() -> None:
    total = {
        policy: np.mean([live_through(loves, policy, seed) for loves in (3, 5, 7) for seed in range(4)])
        for policy in ("popular", "greedy", "thompson")
    }
    assert total["thompson"] > total["popular"] + 0.2
    assert total["thompson"] > total["greedy"]


def test_a_reaction_counts_at_once() -> None:
    state, topics = prior_state(5, GB), np.arange(N_TOPICS)
    before = choose_chances(PRIORS, state, make_scenario(), CATALOGUE, topics, PARAMS)
    for row in (6, 14):  # both of topic 6
        state = react_to(state, row, True)
    after = choose_chances(PRIORS, state, make_scenario(), CATALOGUE, topics, PARAMS)
    assert after[6] > 3 * before[6]
    assert after.sum() == pytest.approx(1.0)


def test_a_chosen_interest_leads_until_reactions_speak() -> None:
    topics = np.arange(N_TOPICS)
    state = prior_state(5, GB, interests=(4,))
    chosen = choose_chances(PRIORS, state, make_scenario(), CATALOGUE, topics, PARAMS)
    assert chosen.argmax() == 4
    for row in range(4, 4 + 8 * N_TOPICS, N_TOPICS):
        state = react_to(state, row, False)
    assert choose_chances(PRIORS, state, make_scenario(), CATALOGUE, topics, PARAMS)[4] < chosen[4] / 4


def test_the_logged_propensity_is_how_often_it_happens() -> None:
    value = np.arange(len(TOPIC)) % 7 / 7.0
    lane = taste_lane(PRIORS, prior_state(5, GB), make_scenario(), CATALOGUE, np.arange(len(TOPIC)), PARAMS)
    best = int(value.argmax())
    shown: dict[int, list[float]] = {}
    for seed in range(3000):
        row, propensity, _ = Exploration([lane], np.random.default_rng(seed), RerankParams()).choose(
            value, best
        )
        shown.setdefault(row, []).append(propensity)
    for told in shown.values():
        assert len(set(told)) == 1
        assert len(told) / 3000 == pytest.approx(told[0], abs=0.03)
    assert sum(told[0] for told in shown.values()) == pytest.approx(1.0, abs=0.01)


def test_exploration_fades_with_the_items_met_and_begins_anew_after_a_reset() -> None:
    state = prior_state(5, GB)
    assert share_of_page(state, PARAMS) == PARAMS.share
    old = replace(state, seen_video_id=np.arange(30))
    assert share_of_page(old, PARAMS) == 0.0
    assert taste_lane(PRIORS, old, make_scenario(), CATALOGUE, np.arange(9), PARAMS) is None
    assert share_of_page(replace(old, n_met=0), PARAMS) == PARAMS.share


def test_priors_learn_from_country_language_and_phone() -> None:
    dataset = make_dataset()
    rows = dataset.impressions
    phone = (dataset.catalogue.topics[rows.video, 0] == 1).astype(np.int32)  # topic 1 is watched on phone 1
    liked = rows.actions * 0 + np.where(phone == 1, LONG_WATCH, 0)
    dataset = replace(dataset, impressions=replace(rows, actions=liked, extra={"device_os": phone}))
    arrays = fit_priors(dataset)
    priors = read_priors(arrays, 4)  # one topic is newer than the fit
    told = priors.read({"market": GB, "device_os": 1})
    assert told[1] > 0.8 > told[0] and told.shape == (4,)
    assert set(priors.lift) == {"market", "language", "device_os"}


def test_the_same_state_has_the_same_chances() -> None:
    scene = Scenario(NOW, GB, extra={"device_os": 1})
    state = prior_state(5, GB, interests=(2,))
    first = choose_chances(PRIORS, state, scene, CATALOGUE, np.arange(N_TOPICS), PARAMS)
    assert np.array_equal(first, choose_chances(PRIORS, state, scene, CATALOGUE, np.arange(N_TOPICS), PARAMS))
    assert TASTE == "exploration_taste"
