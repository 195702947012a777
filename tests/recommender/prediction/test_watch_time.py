"""Watch seconds without the duration bias."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.params import PredictionParams
from recommender.prediction.watch_time import fit_watch_time, rank_watch_time

PARAMS = PredictionParams()


def _world(seed: int = 4):
    """Watch share is quality times noise, whatever the duration: rank within like durations is quality."""
    rng = np.random.default_rng(seed)
    duration = rng.choice([10.0, 30.0, 120.0], 9000)
    quality = rng.random(9000)
    seconds = duration * np.clip(quality + rng.normal(0, 0.1, 9000), 0, 1.5)
    return quality, seconds, duration


def test_the_rank_of_a_watch_does_not_depend_on_the_duration() -> None:
    quality, seconds, duration = _world()
    rank, _, _ = rank_watch_time(seconds, duration, PARAMS)
    assert np.corrcoef(rank, quality)[0, 1] > 0.9
    assert abs(np.corrcoef(rank, duration)[0, 1]) < 0.05


def test_expected_seconds_match_the_mean_and_medians_the_middle() -> None:
    quality, seconds, duration = _world()
    head = fit_watch_time(quality, seconds, duration, PARAMS)
    for length in (10.0, 30.0, 120.0):
        rows = duration == length
        expected = head.expected_seconds(quality[rows], duration[rows])
        assert abs(expected.mean() / seconds[rows].mean() - 1) < 0.05
        middle = head.median_seconds(quality[rows], duration[rows])
        assert 0.4 < (seconds[rows] > middle).mean() < 0.6


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 400))
def test_a_higher_rank_never_means_fewer_seconds(one: float, other: float, length: float) -> None:
    low, high = sorted((one, other))
    rank, lengths = np.array([low, high]), np.array([length, length])
    assert np.diff(_HEAD.median_seconds(rank, lengths))[0] >= -1e-4
    assert np.diff(_HEAD.expected_seconds(rank, lengths))[0] >= -1e-4


_HEAD_WORLD = _world(8)
_HEAD = fit_watch_time(*_HEAD_WORLD, PARAMS)
