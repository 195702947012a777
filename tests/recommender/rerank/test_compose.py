"""The page: order, spacing, decay, diversity, exploration."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.contracts import UNKNOWN, VALUE_TERMS
from recommender.params import RerankParams
from recommender.rerank.compose import Shortlist, compose

SOURCES = ("interests", "trending")
CALM = replace(RerankParams(), exploration_share=0.0, diversity=0.0)


def make_shortlist(value, creator, sound=None, is_new=None, vectors=None) -> Shortlist:
    value = np.asarray(value, dtype=np.float32)
    n_rows = len(value)
    terms = np.zeros((n_rows, len(VALUE_TERMS)), dtype=np.float32)
    terms[:, 1] = value
    return Shortlist(
        video_id=np.arange(n_rows) + 100,
        creator=np.asarray(creator),
        sound=np.full(n_rows, UNKNOWN) if sound is None else np.asarray(sound),
        vectors=np.zeros((n_rows, 2), dtype=np.float32) if vectors is None else vectors,
        terms=terms,
        source=np.zeros(n_rows, dtype=np.int8),
        is_new=np.zeros(n_rows, dtype=bool) if is_new is None else np.asarray(is_new),
        admission=np.zeros(n_rows, dtype=np.int64),
        source_names=SOURCES,
    )


def page_of(
    shortlist: Shortlist, params: RerankParams = CALM, k: int = 5, seed: int = 1, last=(UNKNOWN, UNKNOWN)
):
    return compose(
        shortlist, *last, k, np.random.default_rng(seed), params, {}, len(shortlist.creator)
    ).videos


def test_the_most_valuable_come_first_when_nothing_speaks_against_it() -> None:
    page = page_of(make_shortlist([1, 5, 3, 4], [1, 2, 3, 4]), k=3)
    assert [video.video_id for video in page] == [101, 103, 102]
    assert [video.position for video in page] == [0, 1, 2]
    assert page[0].contributions == {"p_long_watch": 5.0}
    assert all(video.propensity == 1.0 for video in page)


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 3), st.integers(-1, 2)), min_size=1, max_size=25),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_never_the_same_creator_or_sound_twice_in_a_row(rows, last_creator) -> None:
    value, creator, sound = zip(*rows, strict=True)
    shortlist = make_shortlist(value, creator, sound)
    page = page_of(shortlist, RerankParams(), k=10, last=(last_creator, UNKNOWN))
    shown = [video.video_id - 100 for video in page]
    creators = [last_creator, *(creator[row] for row in shown)]
    assert all(one != next_one for one, next_one in pairwise(creators))
    sounds = [sound[row] for row in shown]
    assert all(a != b or a == UNKNOWN for a, b in pairwise(sounds))
    assert len(set(shown)) == len(shown)


def test_a_value_that_is_not_a_number_never_wins() -> None:
    page = page_of(make_shortlist([np.nan, 1, np.inf, -np.inf, 2], [1, 2, 3, 4, 5]), k=5)
    assert [video.video_id for video in page] == [104, 101]


def test_a_creators_second_video_counts_half_and_never_less_than_a_quarter() -> None:
    shortlist = make_shortlist([8, 7.9, 7.8, 7.7, 3.0, 1.0], [1, 1, 1, 1, 2, 3])
    page = page_of(shortlist, k=6)
    assert [video.video_id - 100 for video in page] == [0, 4, 1, 5, 2]
    assert page[2].value == pytest.approx(7.9 * 0.5)
    assert page[4].value == pytest.approx(7.8 * 0.25)


def test_a_look_alike_pays_and_the_page_says_so() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    shortlist = make_shortlist([3.0, 2.9, 2.8], [1, 2, 3], vectors=vectors)
    page = page_of(shortlist, replace(CALM, diversity=2.0), k=3)
    assert [video.video_id - 100 for video in page] == [0, 2, 1]
    assert page[1].rules == ("diversity",)


def test_the_same_generator_gives_the_same_page() -> None:
    rng = np.random.default_rng(0)
    shortlist = make_shortlist(rng.random(30), rng.integers(0, 9, 30), is_new=rng.random(30) < 0.4)
    params = replace(RerankParams(), exploration_share=0.5)
    assert page_of(shortlist, params, seed=4) == page_of(shortlist, params, seed=4)
    assert page_of(shortlist, params, seed=4) != page_of(shortlist, params, seed=5)


def test_propensities_are_how_often_a_video_is_really_shown_first() -> None:
    shortlist = make_shortlist([3, 2, 1, 2.5], [1, 2, 3, 4], is_new=[False, True, True, False])
    params = replace(RerankParams(), exploration_share=0.4)
    pages = [page_of(shortlist, params, k=1, seed=seed)[0] for seed in range(4000)]
    shown = Counter(video.video_id for video in pages)
    claimed = {video.video_id: video.propensity for video in pages}
    assert set(shown) == {100, 101, 102}
    for video_id, times in shown.items():
        assert times / 4000 == pytest.approx(claimed[video_id], abs=0.03)
    assert sum(claimed.values()) == pytest.approx(1.0)
    assert {video.video_id for video in pages if video.is_exploration} == {101, 102}


def test_a_new_video_that_is_best_anyway_keeps_an_exact_propensity() -> None:
    shortlist = make_shortlist([3, 1], [1, 2], is_new=[True, True])
    params = replace(RerankParams(), exploration_share=0.5)
    claimed = {
        v.video_id: v.propensity for seed in range(50) for v in page_of(shortlist, params, k=1, seed=seed)
    }
    assert sum(claimed.values()) == pytest.approx(1.0)
