"""The item-to-item fits against their closed forms."""

import numpy as np
import scipy.sparse as sp

from recommender.params import RecallParams
from recommender.recall.linear import fit_autoencoder, fit_transitions, list_positives
from recommender.recall.neighbours import Neighbours, keep_strongest, keep_strongest_sparse
from recommender.training.histories import join_events
from tests.worlds import N_VIDEOS, N_VIEWERS, make_dataset

PARAMS = RecallParams()


def test_the_autoencoder_is_the_closed_form() -> None:
    viewer, video, _ = list_positives(join_events(make_dataset()))
    covered, weights = fit_autoencoder(viewer, video, N_VIEWERS, N_VIDEOS, PARAMS)
    dense = np.zeros((N_VIEWERS, N_VIDEOS))
    dense[viewer, video] = 1
    inverse = np.linalg.inv(dense.T @ dense + PARAMS.autoencoder_l2 * np.eye(N_VIDEOS))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert covered.tolist() == list(range(N_VIDEOS))
    np.testing.assert_allclose(weights, expected, atol=1e-5)


def test_transitions_point_forwards_more_than_back() -> None:
    viewer = np.array([0, 0, 1, 1, 2, 2, 2])
    video = np.array([4, 2, 4, 2, 4, 2, 0])
    matrix = fit_transitions(viewer, video, 5, PARAMS).toarray()
    assert matrix[4, 2] > matrix[2, 4] > 0
    assert matrix[2, 0] > 0
    assert not np.diag(matrix).any()


def test_truncation_keeps_the_strongest_either_way_and_the_vote_adds_up() -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(6, 6)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    covered = np.array([2, 3, 5, 7, 8, 11])
    video, kept = keep_strongest(weights, covered, 3)
    for row in range(6):
        assert set(np.abs(kept[row])) == set(np.sort(np.abs(weights[row]))[-3:])
    slot = np.full(13, -1, dtype=np.int32)
    slot[covered] = np.arange(6)
    votes = (
        Neighbours.build(slot, video, kept).vote(np.array([5, 1, 8]), np.array([2.0, 9.0, 1.0])).spread(13)
    )
    expected = np.zeros(13)
    np.add.at(expected, video[2], 2.0 * kept[2])
    np.add.at(expected, video[4], 1.0 * kept[4])
    np.testing.assert_allclose(votes, expected, rtol=1e-5)


def test_short_rows_are_padded_and_empty_rows_left_out() -> None:
    matrix = sp.csr_matrix(
        np.array([[0, 3, 1, 2], [0, 0, 0, 0], [5, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
    )
    covered, video, weight = keep_strongest_sparse(matrix, 2)
    assert covered.tolist() == [0, 2]
    assert video.tolist() == [[1, 3], [0, -1]]
    assert weight.tolist() == [[3, 2], [5, 0]]
