"""What a watch means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.contracts import encode_actions
from recommender.events.schema import KINDS
from recommender.events.signals import KIND_ACTIONS, derive_actions, judge_watch

FINISH, LONG, BOTH = (
    encode_actions(["finish"]),
    encode_actions(["long_watch"]),
    encode_actions(["finish", "long_watch"]),
)


@pytest.mark.parametrize(
    ("watch_seconds", "duration_seconds", "actions"),
    [
        (0.0, 10.0, 0),
        (9.4, 10.0, 0),
        (9.5, 10.0, FINISH),
        (10.0, 10.0, BOTH),
        (17.0, 18.0, 0),
        (18.0, 60.0, LONG),
        (17.9, 60.0, 0),
        (57.0, 60.0, BOTH),
        (130.0, 60.0, BOTH),
        (18.0, None, LONG),
        (18.0, 0.0, LONG),
        (17.0, None, 0),
    ],
)
def test_finish_and_long_watch_follow_seconds_and_duration(
    watch_seconds: float, duration_seconds: float | None, actions: int
) -> None:
    assert judge_watch(watch_seconds, duration_seconds) == actions


@given(st.floats(0, 200), st.floats(0, 200), st.floats(0.1, 300))
def test_watching_longer_never_loses_an_action(short: float, more: float, duration: float) -> None:
    before, after = judge_watch(short, duration), judge_watch(short + more, duration)
    assert before & after == before


def test_only_watches_and_swipes_are_judged_by_their_seconds() -> None:
    for kind in KINDS:
        by_seconds = derive_actions(kind, 100.0, 10.0) & BOTH
        assert by_seconds == (BOTH if kind in ("watch", "swipe") else 0)
        assert derive_actions(kind, None, 10.0) == KIND_ACTIONS.get(kind, 0)
