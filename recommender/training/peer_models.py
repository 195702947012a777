"""Further peers: EASE, item-kNN, BPR and SASRec for retrieval, LightGBM for impressions and watch time.

Each is tuned on a time split of the known rows. `implicit` and `lightgbm` are development dependencies.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.contracts import ACTION_INDEX, Dataset, FloatArray, Impressions, IntArray
from recommender.features.content import bucket_durations
from recommender.params import FeatureParams, RecallParams
from recommender.recall.linear import fit_autoencoder
from recommender.training.histories import join_events, owner_of_events
from recommender.training.jax_process import run_training
from recommender.training.retrieval import RetrievalTask, measure_lists, positives_matrix, rank_all

#: Settings tried: EASE's l2 and decay a step, kNN's neighbours, BPR's factors and rate, SASRec's epochs, the
#: trees' size and rate.
EASE_GRID = tuple(itertools.product((100.0, 300.0, 1000.0), (1.0, 0.95, 0.9)))
KNN_GRID = (100, 300, 600)
BPR_GRID = tuple(itertools.product((64, 128), (0.02, 0.05)))
SASREC_GRID = (8, 16)
#: As published for this family (2 blocks, 2 heads); positions of a window that learn, as in ours.
SASREC_SETTINGS = {
    "width": 64, "blocks": 2, "heads": 2, "length": 50, "targets": 16, "horizon": 1, "batch": 128,
    "newest_share": 0.6, "drop": 0.2, "rate": 1e-3, "decay": 1e-2, "pass_viewers": 2**31 - 1,
}  # fmt: skip
TREE_GRID = ((31, 0.05, 50), (15, 0.03, 100), (63, 0.03, 200))
TREE_ROUNDS, TREE_PATIENCE = 800, 40

Scorer = Callable[[IntArray], FloatArray]


def fit_ease(known: Dataset, l2: float, decay: float, weights: dict[float, FloatArray]) -> Scorer:
    """EASE (Steck, WWW 2019) over long watches, the newest weighing 1 and each step back `decay` less."""
    n_viewers, n_videos = len(known.viewers), len(known.catalogue)
    owner, video, steps = _long_watches(known)
    if l2 not in weights:
        params = replace(RecallParams(), autoencoder_l2=l2, autoencoder_videos=n_videos)
        covered, fitted = fit_autoencoder(owner, video, n_viewers, n_videos, params)
        dense = np.zeros((n_videos, n_videos), dtype=np.float32)
        dense[np.ix_(covered, covered)] = fitted
        weights[l2] = dense
    past = sp.csr_matrix((decay**steps, (owner, video)), (n_viewers, n_videos)).astype(np.float32)
    return lambda viewers: np.asarray(past[viewers] @ weights[l2])


def _long_watches(known: Dataset) -> tuple[IntArray, IntArray, IntArray]:
    """Viewer, video and steps back (0 = newest) of each long watch."""
    events = join_events(known)
    long = np.flatnonzero(events.actions & (1 << ACTION_INDEX["long_watch"]))
    owner = owner_of_events(events)[long]
    n_each = np.bincount(owner, minlength=len(known.viewers))
    return owner, events.video[long], np.cumsum(n_each)[owner] - 1 - np.arange(len(long))


def fit_item_knn(known: Dataset, neighbours: int) -> Scorer:
    """implicit's tf-idf item-to-item neighbours."""
    from implicit.nearest_neighbours import TFIDFRecommender

    positives = positives_matrix(known)
    model = TFIDFRecommender(K=neighbours, num_threads=0)
    model.fit(positives, show_progress=False)
    return lambda viewers: np.asarray((positives[viewers] @ model.similarity).todense())


def fit_bpr(known: Dataset, factors: int, rate: float, seed: int) -> Scorer:
    """implicit's Bayesian personalised ranking (Rendle et al., UAI 2009)."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(
        factors=factors, learning_rate=rate, iterations=100, random_state=seed, num_threads=1
    )
    model.fit(positives_matrix(known), show_progress=False)
    viewer, video = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return lambda viewers: np.asarray(viewer[viewers] @ video.T)


def fit_sasrec(known: Dataset, epochs: int, seed: int) -> Scorer:
    """SASRec over long watches; like ours it draws a few positions of a window, so an epoch costs as much."""
    owner, video, _ = _long_watches(known)
    n_viewers, n_videos = len(known.viewers), len(known.catalogue)
    covered = np.unique(video)
    slot = np.zeros(n_videos, dtype=np.int32)
    slot[covered] = np.arange(len(covered))
    inputs = {
        "covered": covered,
        "indptr": np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n_viewers))]),
        "video": slot[video],
        "feedback": np.full(len(video), 2),
    }
    settings = SASREC_SETTINGS | {"epochs": epochs, "seed": seed}
    fitted = run_training("peer_sasrec_fit", inputs, settings, "the peer SASRec")

    def score(viewers: IntArray) -> FloatArray:
        scores = np.full((len(viewers), n_videos), -1e9, dtype=np.float32)
        scores[:, covered] = fitted["state"][viewers] @ fitted["video"].T + fitted["bias"]
        return scores

    return score


def list_retrieval_peers(seed: int) -> dict[str, tuple[tuple[Any, ...], Callable[[Dataset, Any], Scorer]]]:
    """Name -> (grid, fit with one setting of it)."""
    shared: dict[int, dict[float, FloatArray]] = {}

    def ease(known: Dataset, setting: Any) -> Scorer:
        l2, decay = setting
        return fit_ease(known, l2, decay, shared.setdefault(id(known), {}))

    def bpr(known: Dataset, setting: Any) -> Scorer:
        factors, rate = setting
        return fit_bpr(known, factors, rate, seed)

    return {
        "ease": (EASE_GRID, ease),
        "item_knn": (KNN_GRID, fit_item_knn),
        "bpr": (BPR_GRID, bpr),
        "sasrec": (SASREC_GRID, lambda known, epochs: fit_sasrec(known, epochs, seed)),
    }


def tune_peer(
    fit: Callable[[Dataset, Any], Scorer],
    grid: tuple[Any, ...],
    before: Dataset,
    task: RetrievalTask,
    seed: int,
) -> dict[str, Any]:
    """The setting with the best NDCG@10 on held-out known rows, and all that were tried."""
    tried = []
    for setting in grid:
        started = time.perf_counter()
        ndcg = measure_lists(task, rank_all(task, fit(before, setting)), 10, seed)["ndcg_at_10"]
        seconds = round(time.perf_counter() - started, 2)
        tried.append({"setting": setting, "ndcg_at_10": ndcg, "seconds": seconds})
    return {"best": max(tried, key=lambda line: float(str(line["ndcg_at_10"]))), "tried": tried}


def describe_raw(known: Dataset, rows: Impressions) -> FloatArray:
    """(n, n_columns) what LightGBM is given: raw columns, and counts of the history per video and viewer."""
    catalogue, viewers, history = known.catalogue, known.viewers, known.history
    long = (history.actions >> ACTION_INDEX["long_watch"]) & 1
    like = (history.actions >> ACTION_INDEX["like"]) & 1
    owner, topic = owner_of_events(history), catalogue.topics[:, 0]
    n_topics = len(catalogue.topic_names) + 1
    meeting = owner * n_topics + topic[history.video] + 1
    here = rows.viewer * n_topics + topic[rows.video] + 1
    columns: list[Any] = [
        *rows.extra.values(),
        catalogue.duration_seconds[rows.video],
        (rows.happened_at - catalogue.published_at[rows.video]) / 86_400,
        topic[rows.video],
        np.unique(catalogue.creator_id, return_inverse=True)[1][rows.video],
        rows.video,
        bucket_durations(catalogue.duration_seconds[rows.video], FeatureParams()),
        *(column[rows.video] for column in catalogue.extra.values()),
        *(column[rows.viewer] for column in viewers.extra.values()),
    ]
    keys = (
        (history.video, rows.video, len(catalogue)),
        (owner, rows.viewer, len(viewers)),
        (meeting, here, len(viewers) * n_topics),
    )
    for past, now, n_keys in keys:
        shown = np.bincount(past, minlength=n_keys)
        columns.append(shown[now])
        for taken, base in ((long, 0.3), (like, 0.02)):
            columns.append(((np.bincount(past, taken, n_keys) + 10 * base) / (shown + 10))[now])
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def fit_trees(
    matrix: FloatArray, outcome: FloatArray, test: FloatArray, objective: str, seed: int
) -> tuple[FloatArray, dict[str, Any]]:
    """LightGBM's predictions for the test rows, early-stopped and chosen on the newest known rows.

    `objective` is LightGBM's: "binary" for an action, "l1" for watch seconds.
    """
    import lightgbm

    n_older = int(len(matrix) * 0.85)
    older = lightgbm.Dataset(matrix[:n_older], outcome[:n_older], free_raw_data=False)
    newer = lightgbm.Dataset(matrix[n_older:], outcome[n_older:], reference=older, free_raw_data=False)
    tried = []
    for leaves, rate, smallest in TREE_GRID:
        settings = {
            "objective": objective,
            "num_leaves": leaves,
            "learning_rate": rate,
            "min_child_samples": smallest,
            "feature_fraction": 0.7,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "verbose": -1,
            "seed": seed,
        }
        stop = lightgbm.early_stopping(TREE_PATIENCE, verbose=False)
        model = lightgbm.train(settings, older, TREE_ROUNDS, valid_sets=[newer], callbacks=[stop])
        loss = float(next(iter(model.best_score["valid_0"].values())))
        tried.append((loss, model, {"leaves": leaves, "rate": rate, "smallest": smallest}))
    loss, model, setting = min(tried, key=lambda line: line[0])
    return np.asarray(model.predict(test)), setting | {"loss": loss, "trees": model.best_iteration}
