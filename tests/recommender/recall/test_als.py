"""Weighted least squares: the known answer of a block world, fold-in, and a warm start."""

from dataclasses import replace

import numpy as np

from recommender.params import RecallParams
from recommender.recall.als import Tastes, fit_als

PARAMS = replace(RecallParams(), als_factors=4, als_l2=0.5, als_confidence=10.0, als_sweeps=12)
N_VIEWERS, N_VIDEOS = 40, 14


def make_blocks() -> tuple[np.ndarray, np.ndarray]:
    """Viewers 0-19 like videos 0-5, the others 6-11; each leaves one of theirs out; nobody likes 12, 13."""
    viewer, video = [], []
    for person in range(N_VIEWERS):
        first = 0 if person < 20 else 6
        for step in range(6):
            if step != person % 6:
                viewer.append(person)
                video.append(first + step)
    return np.array(viewer), np.array(video)


def _fit(**changes: float) -> Tastes:
    params = replace(PARAMS, **changes)
    covered, vectors = fit_als(*make_blocks(), N_VIEWERS, N_VIDEOS, params)
    return Tastes.build(N_VIDEOS, covered, vectors, params.als_l2, params.als_confidence)


def test_the_video_left_out_is_the_next_best_of_the_block() -> None:
    votes = _fit().vote(np.array([0, 1, 2, 3, 4]), np.ones(5, dtype=np.float32)).spread(N_VIDEOS)
    assert votes[5] > votes[6:12].max() + 0.3
    assert not votes[12:].any()


def test_folding_in_solves_the_weighted_least_squares() -> None:
    tastes = _fit()
    seed, weight = np.array([1, 2, 8]), np.array([0.5, 1.0, 0.9], dtype=np.float32)
    liked = tastes.index.vectors[tastes.index.slot[seed]]
    trust = 10.0 * weight
    exact = np.linalg.solve(tastes.gram + (liked * trust[:, None]).T @ liked, liked.T @ (1 + trust))
    np.testing.assert_allclose(tastes.fold_in(seed, weight), exact, rtol=2e-3, atol=2e-3)


def test_nothing_liked_votes_for_nothing() -> None:
    tastes = _fit()
    assert not len(tastes.vote(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)).video)
    assert not len(tastes.vote(np.array([13]), np.ones(1, dtype=np.float32)).video)


def test_yesterdays_vectors_start_todays_fit() -> None:
    viewer, video = make_blocks()
    before = fit_als(viewer, video, N_VIEWERS, N_VIDEOS, replace(PARAMS, als_sweeps=40))
    after = fit_als(viewer, video, N_VIEWERS, N_VIDEOS, replace(PARAMS, als_sweeps=2), before)
    np.testing.assert_allclose(after[1] @ after[1].T, before[1] @ before[1].T, atol=0.02)


def test_repeats_count_once() -> None:
    viewer, video = make_blocks()
    once = fit_als(viewer, video, N_VIEWERS, N_VIDEOS, PARAMS)
    twice = fit_als(np.tile(viewer, 2), np.tile(video, 2), N_VIEWERS, N_VIDEOS, PARAMS)
    np.testing.assert_allclose(once[1], twice[1], atol=1e-4)
