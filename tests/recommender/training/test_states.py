"""The past is replayed exactly."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.contracts import UNKNOWN
from recommender.params import FeatureParams
from recommender.training.states import build_timeline, state_at, take_recent
from tests.worlds import DAY_SECONDS, NOW, make_dataset

DATASET = make_dataset()
TIMELINE = build_timeline(DATASET)


@given(st.integers(0, 47), st.floats(NOW - 11 * DAY_SECONDS, NOW + DAY_SECONDS))
@settings(max_examples=80, deadline=None)
def test_a_past_state_holds_what_came_before_and_nothing_else(viewer: int, at: float) -> None:
    rows = DATASET.impressions
    before = (rows.viewer == viewer) & (rows.happened_at < at)
    state = state_at(TIMELINE, viewer, at)
    expected = DATASET.catalogue.video_id[rows.video[before]]
    assert state.recent_video_id.tolist() == expected[-200:].tolist()
    assert set(state.seen_video_id.tolist()) == set(expected.tolist())
    recent = take_recent(
        TIMELINE, np.array([viewer]), np.array([at]), replace(FeatureParams(), recent_events=5)
    )
    wanted = rows.video[before][-5:].tolist()
    assert recent.video[0].tolist() == [UNKNOWN] * (5 - len(wanted)) + wanted
    assert (recent.weight[0] > 0).sum() == len(wanted)


def test_an_event_at_the_very_moment_is_not_known_yet() -> None:
    rows = DATASET.impressions
    at = float(rows.happened_at[500])
    state = state_at(TIMELINE, int(rows.viewer[500]), at)
    assert (state.recent_happened_at < at).all()
