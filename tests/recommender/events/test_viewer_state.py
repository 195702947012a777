"""The viewer's state ends the same in whatever order, and in whatever pieces, events arrive."""

from math import isnan, nan
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recommender.contracts import encode_actions
from recommender.events.signals import LIKE
from recommender.events.viewer_state import (
    Mark,
    Recent,
    Stances,
    merge_recent,
    merge_searches,
    merge_seen,
    merge_stances,
)

EMPTY = Recent([], [], [], [], [])
SHARE = encode_actions(["share"])
TIME = st.integers(1, 40).map(float)
MARK = st.builds(
    lambda video, at, actions, watch, liked: Mark(video, at, actions & ~LIKE, watch, liked * at),
    video=st.integers(1, 6),
    at=TIME,
    actions=st.integers(0, 511),
    watch=st.sampled_from([nan, 0.0, 3.0, 9.5]),
    liked=st.sampled_from([-1, 0, 0, 1]),
)


def plain(recent: Recent) -> list[tuple[Any, ...]]:
    """Rows that compare equal where both are NaN."""
    columns = (recent.video_ids, recent.happened_at, recent.actions, recent.watch_seconds, recent.like_at)
    return [
        tuple("unknown" if isinstance(value, float) and isnan(value) else value for value in row)
        for row in zip(*columns, strict=True)
    ]


@given(st.lists(MARK, min_size=1, max_size=25), st.data())
def test_any_order_in_any_pieces_gives_the_same_recent_videos(marks: list[Mark], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(marks))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(marks)), max_size=4)))
    recent = EMPTY
    for start, end in zip([0, *cuts], [*cuts, len(marks)], strict=True):
        if shuffled[start:end]:
            recent = merge_recent(recent, shuffled[start:end])
    assert plain(recent) == plain(merge_recent(EMPTY, marks))


@given(st.permutations(range(1, 13)), st.integers(1, 12))
def test_the_latest_videos_stay_in_whatever_order_they_come(order: list[int], limit: int) -> None:
    recent = EMPTY
    for video in order:
        recent = merge_recent(recent, [Mark(video, 100.0 + video, SHARE)], limit)
    assert recent.video_ids == list(range(1, 13))[-limit:]


def test_a_like_counts_until_it_is_taken_back_later() -> None:
    like, unlike = Mark(1, 10.0, 0, nan, 10.0), Mark(1, 12.0, 0, nan, -12.0)
    for marks in ([like, unlike], [unlike, like]):
        assert merge_recent(EMPTY, marks).actions == [0]
    again = merge_recent(merge_recent(EMPTY, [unlike, like]), [Mark(1, 15.0, 0, nan, 15.0)])
    assert again.actions == [LIKE]


def test_a_late_like_that_was_taken_back_does_not_come_to_life() -> None:
    watched = merge_recent(EMPTY, [Mark(1, 30.0, SHARE, 5.0), Mark(1, 12.0, 0, nan, -12.0)])
    assert merge_recent(watched, [Mark(1, 10.0, 0, nan, 10.0)]).actions == [SHARE]
    assert merge_recent(watched, [Mark(1, 20.0, 0, nan, 20.0)]).actions == [SHARE | LIKE]


def test_the_longest_watch_is_kept_and_an_unknown_one_changes_nothing() -> None:
    recent = merge_recent(EMPTY, [Mark(1, 1.0, 0, 4.0), Mark(1, 2.0, 0, nan), Mark(1, 3.0, 0, 2.0)])
    assert (recent.happened_at, recent.watch_seconds) == ([3.0], [4.0])


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 50)), max_size=20), st.data())
def test_seen_videos_stand_by_the_time_they_were_first_seen(pairs: list[Any], data: st.DataObject) -> None:
    ids: list[int] = []
    times: list[int] = []
    for video, at in data.draw(st.permutations(pairs)):
        ids, times = merge_seen(ids, times, {video: at})
    first = {video: min(at for other, at in pairs if other == video) for video, _ in pairs}
    assert list(zip(times, ids, strict=True)) == sorted((at, video) for video, at in first.items())


def test_seen_videos_beyond_the_limit_are_forgotten_oldest_first() -> None:
    assert merge_seen([1, 2], [10, 20], {3: 15}, limit=2) == ([3, 2], [15, 20])


@given(st.lists(st.tuples(TIME, st.integers(1, 5), st.booleans()), max_size=15), st.data())
def test_the_later_word_on_a_creator_counts_in_any_order(news: list[Any], data: st.DataObject) -> None:
    stances = Stances([], [])
    for word in data.draw(st.permutations(news)):
        stances = merge_stances(stances, [word])
    last = {
        creator: max((at, block) for at, other, block in news if other == creator) for _, creator, _ in news
    }
    assert {creator for _, creator in stances.followed} == {c for c, (_, block) in last.items() if not block}
    assert {creator for _, creator in stances.blocked} == {c for c, (_, block) in last.items() if block}


def test_the_oldest_stances_go_first() -> None:
    stances = merge_stances(Stances([(1.0, 7)], [(2.0, 8)]), [(3.0, 9, False)], limit=2)
    assert (stances.followed, stances.blocked) == ([(3.0, 9)], [(2.0, 8)])


@given(st.lists(st.tuples(TIME, st.sampled_from("abcde")), max_size=15), st.data())
def test_the_last_different_searches_stay_in_any_order(news: list[Any], data: st.DataObject) -> None:
    searches: list[tuple[float, str]] = []
    for search in data.draw(st.permutations(news)):
        searches = merge_searches(searches, [search], limit=3)
    latest = {words: max(at for at, other in news if other == words) for _, words in news}
    assert searches == sorted((at, words) for words, at in latest.items())[-3:]
