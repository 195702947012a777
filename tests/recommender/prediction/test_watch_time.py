"""Watch seconds without the duration bias."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.params import PredictionParams
from recommender.prediction.watch_time import WATCH_LEVELS, WatchTimeHead, mark_levels, rank_watch_time

PARAMS = PredictionParams()


def _world(seed: int = 4):
    """Watch share is quality times noise, whatever the duration: rank within like durations is quality."""
    rng = np.random.default_rng(seed)
    duration = rng.choice([10.0, 30.0, 120.0], 9000)
    quality = rng.random(9000)
    seconds = duration * np.clip(quality + rng.normal(0, 0.1, 9000), 0, 1.5)
    return quality, seconds, duration


def _learn_levels(quality, rank):
    """(n, n_levels) share of watches of like quality above each level: what a perfect predictor says."""
    order = np.argsort(quality)
    above = np.empty((len(quality), len(WATCH_LEVELS)), dtype=np.float32)
    for part in np.array_split(order, 60):
        above[part] = mark_levels(rank[part]).mean(axis=0)
    return above


def test_the_rank_of_a_watch_does_not_depend_on_the_duration() -> None:
    quality, seconds, duration = _world()
    rank, _, _ = rank_watch_time(seconds, duration, PARAMS)
    assert np.corrcoef(rank, quality)[0, 1] > 0.9
    assert abs(np.corrcoef(rank, duration)[0, 1]) < 0.05


def test_expected_seconds_match_the_mean_and_medians_the_middle() -> None:
    quality, seconds, duration = _world()
    rank, edges, quantiles = rank_watch_time(seconds, duration, PARAMS)
    head, above = WatchTimeHead(edges, quantiles), _learn_levels(quality, rank)
    for length in (10.0, 30.0, 120.0):
        rows = duration == length
        expected = head.expected_seconds(above[rows], duration[rows])
        assert abs(expected.mean() / seconds[rows].mean() - 1) < 0.05
        middle = head.median_seconds(above[rows], duration[rows])
        assert 0.4 < (seconds[rows] > middle).mean() < 0.6


@given(
    st.lists(st.floats(0, 1), min_size=9, max_size=9),
    st.lists(st.floats(0, 1), min_size=9, max_size=9),
    st.floats(0, 400),
)
def test_likelier_levels_never_mean_fewer_seconds(one: list[float], more: list[float], length: float) -> None:
    low = np.minimum.accumulate(np.array(one, dtype=np.float32))
    high = np.minimum.accumulate(np.maximum(low, np.array(more, dtype=np.float32)))
    high = np.maximum(high, low)
    above, lengths = np.stack([low, high]), np.array([length, length])
    assert np.diff(_HEAD.median_seconds(above, lengths))[0] >= -1e-3
    assert np.diff(_HEAD.expected_seconds(above, lengths))[0] >= -1e-3


_, _SECONDS, _DURATION = _world(8)
_HEAD = WatchTimeHead(*rank_watch_time(_SECONDS, _DURATION, PARAMS)[1:])
