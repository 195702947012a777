"""Fit the item-to-item sources: a linear autoencoder over the head, transitions over everything."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from recommender.contracts import FloatArray, History, IntArray
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.params import RecallParams


def list_positives(events: History) -> tuple[IntArray, IntArray, IntArray]:
    """Viewer, video and steps back (0 = newest) of each event that shows liking, oldest first per viewer."""
    viewer = np.repeat(np.arange(len(events.indptr) - 1), np.diff(events.indptr))
    positive = np.flatnonzero(events.actions & POSITIVE_ACTIONS)
    owner = viewer[positive]
    n_each = np.bincount(owner, minlength=len(events.indptr) - 1)
    steps_back = np.cumsum(n_each)[owner] - 1 - np.arange(len(positive))
    return owner.astype(np.int32), events.video[positive], steps_back


def fit_autoencoder(
    viewer: IntArray, video: IntArray, n_viewers: int, n_videos: int, params: RecallParams
) -> tuple[IntArray, FloatArray]:
    """Linear autoencoder without self-weights over the most-liked videos.

    Formula: B = I - P diag(1 / diag(P)), P = (X'X + l2 I)^-1 (Steck, WWW 2019, equation 8).

    Returns
    -------
    covered : (c,) int64 catalogue rows, ascending.
    weights : (c, c) float32; row i votes for column j.
    """
    likes = np.bincount(video, minlength=n_videos)
    covered = np.sort(np.argsort(-likes, kind="stable")[: params.autoencoder_videos])
    covered = covered[likes[covered] > 0]
    if not len(covered):
        return covered, np.zeros((0, 0), dtype=np.float32)
    slot = np.full(n_videos, -1)
    slot[covered] = np.arange(len(covered))
    inside = slot[video] >= 0
    ones = np.ones(int(inside.sum()), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (viewer[inside], slot[video[inside]])), (n_viewers, len(covered)))
    matrix.data[:] = 1.0
    gram = (matrix.T @ matrix).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += params.autoencoder_l2
    factor, is_lower = scipy.linalg.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    inverse, failed = scipy.linalg.lapack.spotri(factor, lower=int(is_lower), overwrite_c=1)
    if failed:
        raise ValueError(f"the autoencoder's Gram matrix is singular at l2 {params.autoencoder_l2}; raise it")
    weights = np.tril(inverse)
    weights += np.tril(weights, -1).T
    weights /= -np.diag(weights).copy()
    weights[np.diag_indices_from(weights)] = 0.0
    return covered, weights


def fit_transitions(viewer: IntArray, video: IntArray, n_videos: int, params: RecallParams) -> sp.csr_matrix:
    """How often one liked video is followed by another, discounted by distance and popularity.

    Formula: T[i, j] = sum over i before j within the window of distance ** -p, divided by
    likes(j) ** q; both orders count, the backward one half.

    Returns
    -------
    (n_videos, n_videos) sparse float32 without a diagonal.
    """
    total = sp.csr_matrix((n_videos, n_videos), dtype=np.float32)
    for distance in range(1, params.transition_window + 1):
        same = np.flatnonzero(viewer[distance:] == viewer[:-distance])
        if not len(same):
            break
        pull = np.full(len(same), distance**-params.transition_distance_power, dtype=np.float32)
        total = total + sp.csr_matrix((pull, (video[same], video[same + distance])), (n_videos, n_videos))
    total = (total + 0.5 * total.T).tocsr()
    total.setdiag(0.0)
    total.eliminate_zeros()
    likes = np.maximum(np.bincount(video, minlength=n_videos), 1).astype(np.float32)
    discount = likes**-params.transition_popularity_power
    spread = sp.diags(discount) @ total @ sp.diags(discount)
    return spread.tocsr().astype(np.float32)
