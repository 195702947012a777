"""A viewer against a catalogue."""

from dataclasses import replace

import numpy as np

from recommender.features.content import describe_content
from recommender.features.viewers import read_viewer
from recommender.params import FeatureParams
from tests.worlds import make_catalogue, make_state

PARAMS = FeatureParams()


def _read(state, admitted=None):
    catalogue = make_catalogue()
    everything = np.ones(len(catalogue), dtype=bool) if admitted is None else admitted
    return read_viewer(
        catalogue, describe_content(catalogue, PARAMS), state, everything, np.zeros(0, np.int32), PARAMS
    )


def test_what_was_seen_or_comes_from_a_blocked_creator_is_never_allowed() -> None:
    state = replace(make_state([2, 5], seen=[2, 5, 9]), blocked_creator_id=np.array([503]))
    allowed = _read(state).allowed
    blocked = [row for row in range(30) if row % 7 == 3]
    assert not allowed[[2, 5, 9, *blocked]].any()
    assert allowed.sum() == 30 - len({2, 5, 9, *blocked})


def test_the_newest_like_weighs_most_and_videos_that_are_gone_are_passed_over() -> None:
    state = make_state([4, 7, 10])
    state = replace(state, recent_video_id=np.array([1040, 99_999, 1100]))
    profile = _read(state)
    assert profile.liked_video.tolist() == [4, 10]
    assert profile.liked_weight.tolist() == [np.float32(PARAMS.recency_decay), 1.0]


def test_a_disliked_topic_is_no_interest_and_a_chosen_one_is() -> None:
    profile = _read(make_state([0, 3], ["not_interested"], interests=(1,)))
    assert profile.topic.tolist() == [1]


def test_a_viewer_without_any_event_has_a_profile() -> None:
    profile = _read(make_state([]))
    assert profile.recent.video.shape == (1, 0)
    assert not profile.vector.any()
