"""Scores kept to the videos a source knows say the same as scores over the whole catalogue."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.features.votes import Votes
from recommender.recall.neighbours import Neighbours

N_VIDEOS = 23


@given(
    st.dictionaries(st.integers(0, N_VIDEOS - 1), st.floats(-5, 5, width=32)), st.lists(st.integers(0, 22))
)
def test_looking_up_is_reading_the_spread(scores: dict[int, float], wanted: list[int]) -> None:
    video = np.array(sorted(scores), dtype=np.int32)
    votes = Votes(video, np.array([scores[row] for row in video.tolist()], dtype=np.float32))
    rows = np.array(wanted, dtype=np.int32)
    np.testing.assert_array_equal(votes.look_up(rows), votes.spread(N_VIDEOS)[rows])


@given(st.integers(1, 400), st.lists(st.integers(0, 399), max_size=5), st.integers(0, 2**16))
def test_neighbours_add_up_however_many_targets_there_are(n: int, seeds: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    covered = np.flatnonzero(rng.random(n) < 0.7)
    slot = np.full(n, -1, dtype=np.int32)
    slot[covered] = np.arange(len(covered))
    video = rng.integers(-1, n, size=(len(covered), 2)).astype(np.int32)
    weight = rng.normal(size=video.shape).astype(np.float32)
    past = np.array([row for row in seeds if row < n], dtype=np.int64)
    expected = np.zeros(n)
    for row in past[slot[past] >= 0]:
        for target, amount in zip(video[slot[row]], weight[slot[row]], strict=True):
            if target >= 0:
                expected[target] += amount
    votes = Neighbours.build(slot, video, weight).vote(past, np.ones(len(past), dtype=np.float32))
    assert (np.diff(votes.video) > 0).all()
    np.testing.assert_allclose(votes.spread(n), expected, atol=1e-5)
