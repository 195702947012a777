"""Groups of viewers: found where they were planted, named by what sets them apart, stable over versions."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from recommender.contracts import UNKNOWN, Impressions, encode_actions
from recommender.features.groups import (
    ENGAGEMENT_TRAITS,
    describe_engagement,
    describe_interest,
    describe_liking,
    group_viewers,
    match_ids,
)
from recommender.loop_params import GroupParams
from tests.worlds import N_VIEWERS, TOPICS, make_catalogue, make_dataset

PARAMS = replace(GroupParams(), engagement=3, interest=3, min_shown=5)
CATALOGUE = make_catalogue()


def make_habits(seed: int) -> Impressions:
    """A third of the viewers likes everything, a third swipes, a third buys."""
    rows = make_dataset(seed=seed).impressions
    rng = np.random.default_rng(seed)
    habit, hit = rows.viewer % 3, rng.random(len(rows)) < 0.7
    mask = np.array([encode_actions(["long_watch", "like"]), 0, encode_actions(["long_watch", "order"])])
    duration = CATALOGUE.duration_seconds[rows.video]
    share = np.where((habit == 1) & hit, 0.05, rng.uniform(0.4, 1.0, len(rows)))
    return replace(
        rows,
        actions=np.where(hit, mask[habit], 0).astype(np.int32),
        watch_seconds=(share * duration).astype(np.float32),
    )


def group(rows: Impressions, before=None):
    acts, shown = describe_engagement(rows, CATALOGUE, N_VIEWERS, PARAMS)
    return group_viewers(acts, ENGAGEMENT_TRAITS, shown >= PARAMS.min_shown, 3, before, PARAMS)


def test_planted_habits_are_found_and_named_by_what_sets_them_apart() -> None:
    found = group(make_habits(3))
    assert adjusted_rand_score(np.arange(N_VIEWERS) % 3, found.label) == 1.0
    by_habit = {int(found.label[habit]): habit for habit in range(3)}
    told = {by_habit[one.id]: one.traits for one in found.groups}
    assert "+like" in told[0] and "+swipe" in told[1] and "+shop" in told[2]
    assert sum(one.size for one in found.groups) == N_VIEWERS
    assert np.isnan(found.stability)


def test_ids_and_names_survive_a_retraining_on_other_days() -> None:
    first = group(make_habits(3))
    second = group(make_habits(11), before=first.label)
    assert second.stability == 1.0
    assert np.array_equal(first.label, second.label)
    assert [one.traits[0] for one in first.groups] == [one.traits[0] for one in second.groups]


def test_the_same_log_gives_the_same_groups() -> None:
    assert np.array_equal(group(make_habits(3)).label, group(make_habits(3)).label)


def test_a_viewer_nobody_knows_has_no_group() -> None:
    rows = make_habits(3)
    kept = np.flatnonzero(rows.viewer != 7)
    few = Impressions(
        **{
            name: getattr(rows, name)[kept]
            for name in (
                "viewer", "video", "happened_at", "actions", "watch_seconds", "source", "position",
                "propensity",
            )
        }
    )  # fmt: skip
    assert group(few).label[7] == UNKNOWN


def test_groups_by_interest_are_named_by_topics() -> None:
    rows = make_dataset().impressions
    tastes = describe_interest(rows, CATALOGUE, N_VIEWERS, PARAMS)
    found = group_viewers(tastes, TOPICS, np.ones(N_VIEWERS, dtype=bool), 3, None, PARAMS)
    assert adjusted_rand_score(np.arange(N_VIEWERS) % 3, found.label) == 1.0
    told = describe_liking(rows, CATALOGUE, found.label, TOPICS, PARAMS)
    for topic, name in enumerate(TOPICS):
        assert told[int(found.label[topic])][0] == f"+{name}"


def test_a_cluster_without_an_old_group_gets_a_new_id() -> None:
    assert match_ids(np.array([0, 1, 2]), np.array([4, UNKNOWN, 1])).tolist() == [4, 5, 1]


def test_traits_without_names_are_refused() -> None:
    with pytest.raises(ValueError, match="2 traits have 1 names"):
        group_viewers(np.zeros((3, 2)), ("one",), np.ones(3, dtype=bool), 2, None, PARAMS)


def test_people_who_are_all_alike_are_not_split() -> None:
    found = group_viewers(np.zeros((9, 2)), ("a", "b"), np.ones(9, dtype=bool), 3, None, PARAMS)
    assert found.groups == () and (found.label == UNKNOWN).all()
