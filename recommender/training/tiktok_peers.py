"""Peers where nothing but likes is known, each over one matrix of likes and with a grid of settings."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.contracts import FloatArray, IntArray
from recommender.params import RecallParams
from recommender.recall.linear import fit_autoencoder
from recommender.training.peers import fit_als

Scorer = Callable[[IntArray], FloatArray]
#: (likes, setting, seed) -> scores of every video for rows of viewers.
Fit = Callable[[sp.csr_matrix, Any, int], Scorer]


def fit_popularity(liked: sp.csr_matrix, setting: Any, seed: int) -> Scorer:
    """How often each video was liked."""
    count = np.asarray(liked.sum(axis=0)).ravel()
    return lambda viewers: np.tile(count, (len(viewers), 1))


def fit_least_squares(liked: sp.csr_matrix, setting: Any, seed: int) -> Scorer:
    """implicit's ALS."""
    factors, l2, alpha = setting
    return fit_als(liked, factors, l2, alpha, seed).score


def fit_ranking(liked: sp.csr_matrix, setting: Any, seed: int) -> Scorer:
    """implicit's BPR."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    factors, rate = setting
    model = BayesianPersonalizedRanking(
        factors=factors, learning_rate=rate, iterations=150, random_state=seed, num_threads=1
    )
    model.fit(liked, show_progress=False)
    viewer, video = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return lambda viewers: np.asarray(viewer[viewers] @ video.T)


def fit_neighbours(liked: sp.csr_matrix, setting: Any, seed: int) -> Scorer:
    """implicit's item-to-item neighbours."""
    from implicit.nearest_neighbours import BM25Recommender, TFIDFRecommender

    kind, neighbours = setting
    model = {"bm25": BM25Recommender, "tfidf": TFIDFRecommender}[kind](K=neighbours, num_threads=0)
    model.fit(liked, show_progress=False)
    return lambda viewers: np.asarray((liked[viewers] @ model.similarity).todense())


def fit_ease(liked: sp.csr_matrix, setting: Any, seed: int) -> Scorer:
    """EASE (Steck, WWW 2019)."""
    n_viewers, n_videos = liked.shape
    pairs = liked.tocoo()
    params = replace(RecallParams(), autoencoder_l2=float(setting), autoencoder_videos=n_videos)
    covered, weights = fit_autoencoder(pairs.row, pairs.col, n_viewers, n_videos, params)
    dense = np.zeros((n_videos, n_videos), dtype=np.float32)
    dense[np.ix_(covered, covered)] = weights
    return lambda viewers: np.asarray(liked[viewers] @ dense)


PEERS: dict[str, tuple[tuple[Any, ...], Fit]] = {
    "popularity": ((None,), fit_popularity),
    "als": (tuple(itertools.product((128, 256), (30.0, 100.0, 300.0), (10.0, 40.0))), fit_least_squares),
    "bpr": (tuple(itertools.product((64, 128), (0.02, 0.05))), fit_ranking),
    "item_knn": (tuple(itertools.product(("bm25", "tfidf"), (100, 300))), fit_neighbours),
    "ease": ((20.0, 50.0, 100.0), fit_ease),
}
