"""One benchmark run: our pipeline and its peers on the same rows, by the data set's protocol, as figures.

Nothing is tuned on the held-out rows; of them only the time stamps are looked at before the scoring.
"""

from __future__ import annotations

import importlib.metadata
import platform
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from recommender.build import build_engine
from recommender.contracts import ACTION_INDEX, FloatArray, Impressions, IntArray
from recommender.flow import Engine
from recommender.params import Params
from recommender.prediction.logistic import fit_logistic
from recommender.training import peer_models, peers
from recommender.training.ablations import measure_ablations
from recommender.training.evaluate import WindowScores, score_window
from recommender.training.fit import FittedArtifact, fit_engine
from recommender.training.kuairand import KuaiRand
from recommender.training.metrics import auc, expected_calibration_error, gauc, log_loss, xauc
from recommender.training.retrieval import (
    RetrievalTask,
    build_task,
    compare_with_best,
    measure_lists,
    positives_matrix,
    rank_all,
    rank_with_engine,
)
from recommender.training.split import split_by_time

#: The data set's name of each action that is measured -> ours.
MEASURED_ACTIONS: Mapping[str, str] = {
    "long_view": "long_watch",
    "like": "like",
    "follow": "follow",
    "comment": "comment",
    "forward": "share",
}
#: (name, seconds) -> keeps what a peer's tuning found between runs; a plain dict works.
Cache = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
Say = Callable[[str], None]


#: What is told of our fit.
_FIT_FACTS = ("seconds", "base_rate_actions", "network_share", "calibration", "fusion", "recall_index")


@dataclass(frozen=True, slots=True)
class BenchmarkRun:
    """Figures, and what anyone needs to recompute them."""

    figures: dict[str, Any]
    artifact: FittedArtifact
    task: RetrievalTask
    lists: IntArray  # (n, 20) of ours, in the order of `task.viewer`
    scores: WindowScores


def run_kuairand(
    data: KuaiRand, params: Params, cache: Cache, say: Say, without: frozenset[str] = frozenset()
) -> BenchmarkRun:
    """Fit ours and the peers, but those named in `without`, and score all on the held-out log."""
    window = float(data.test.happened_at[-1] - data.test.happened_at[0])
    settings = replace(params, training=replace(params.training, state_refresh_seconds=window))
    started = time.perf_counter()
    artifact = fit_engine(data.known, settings, lambda part, text: say(f"fitting ours {part:4.0%} {text}"))
    fit_seconds = round(time.perf_counter() - started, 2)
    engine = build_engine(data.known.catalogue, artifact.arrays, artifact.meta, params=settings)
    task = build_task(data.known, data.test)
    say(f"ranking for {len(task.viewer)} viewers")
    started = time.perf_counter()
    lists = rank_with_engine(engine, data.known, task.viewer)
    spent = {"milliseconds_per_viewer": 1000 * (time.perf_counter() - started) / len(task.viewer)}
    draws, seed = settings.training.bootstrap_draws, settings.training.seed
    ranked = {"ours": lists}
    retrieval = {"ours": measure_lists(task, lists, draws, seed) | spent | {"fit_seconds": fit_seconds}}
    started = time.perf_counter()
    scores = score_window(engine, data.known, data.test)
    seconds = time.perf_counter() - started
    als = _fit_als(data, window, cache, seed)
    tuned_lists, tuned = _rank_tuned_peers(data, task, window, cache, without, say)
    for name, (found, taken) in (_rank_peers(data, task, als) | tuned_lists).items():
        ranked[name] = found
        retrieval[name] = measure_lists(task, found, draws, seed) | {"fit_seconds": round(taken, 2)}
    trees, tree_settings = _fit_trees(data, seed)
    figures = {
        "retrieval": retrieval,
        "against_best_peer": compare_with_best(task, ranked, retrieval, draws, seed),
        "ablations": measure_ablations(engine, data.known, data.test, scores, task),
        "impressions": _measure_impressions(data, scores, als, trees, settings),
        "watch_seconds": _measure_watch(data, engine, scores, trees["watch_seconds"]),
        "counts": _count(data, task),
        "without": sorted(without),
        "predictions_per_second": round(len(data.test) / seconds),
        "peers": {"als": als["tuning"], "lightgbm": tree_settings, **tuned},
        "fit": {name: artifact.meta[name] for name in _FIT_FACTS},
        "environment": describe_environment(seed),
    }
    return BenchmarkRun(figures, artifact, task, lists, scores)


def describe_environment(seed: int) -> dict[str, Any]:
    """Versions, seed and peak memory of this process."""
    packages = ("numpy", "scipy", "pyarrow", "jax", "implicit", "lightgbm")
    versions = {}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": versions,
        "seed": seed,
        "peak_memory_mb": round(peak),
    }


def _fit_als(data: KuaiRand, window: float, cache: Cache, seed: int) -> dict[str, Any]:
    tuning = cache("als", lambda: peers.tune_als(data.known, window, seed))
    best = tuning["best"]
    chosen = (int(best["factors"]), float(best["l2"]), float(best["alpha"]), seed)
    started = time.perf_counter()
    now = peers.fit_als(positives_matrix(data.known), *chosen)
    seconds = time.perf_counter() - started
    before = peers.fit_als(peers.known_before_log(data.known), *chosen)
    return {"tuning": tuning, "now": now, "before": before, "seconds": seconds}


def _rank_peers(
    data: KuaiRand, task: RetrievalTask, als: dict[str, Any]
) -> dict[str, tuple[IntArray, float]]:
    """Lists of the peers without a sequence or a grid of their own, and the seconds of each fit."""
    started = time.perf_counter()
    popular = peers.count_positives(data.known)
    popular_seconds = time.perf_counter() - started
    started = time.perf_counter()
    rate = peers.rate_videos(peers.count_rates(data.known), "long_watch")
    rate_seconds = time.perf_counter() - started
    scorers = {
        "popularity": (lambda viewers: np.tile(popular, (len(viewers), 1)), popular_seconds),
        "item_rate": (lambda viewers: np.tile(rate, (len(viewers), 1)), rate_seconds),
        "als": (als["now"].score, als["seconds"]),
    }
    return {name: (rank_all(task, score), spent) for name, (score, spent) in scorers.items()}


def _rank_tuned_peers(
    data: KuaiRand, task: RetrievalTask, window: float, cache: Cache, without: frozenset[str], say: Say
) -> tuple[dict[str, tuple[IntArray, float]], dict[str, Any]]:
    """EASE, item-kNN, BPR and SASRec, each with the best setting of its grid; lists, and what was tried."""
    seed = Params().training.seed
    before, held_out = split_by_time(data.known, data.known.impressions.happened_at[-1] - window)
    tuning_task = build_task(before, held_out)
    found, tuned = {}, {}
    for name, (grid, fit) in peer_models.list_retrieval_peers(seed).items():
        if name in without:
            continue
        say(f"  {name}")
        tune = partial(peer_models.tune_peer, fit, grid, before, tuning_task, seed)
        tuned[name] = cache(name, tune)
        started = time.perf_counter()
        score = fit(data.known, tuned[name]["best"]["setting"])
        seconds = time.perf_counter() - started
        found[name] = (rank_all(task, score), seconds)
    return found, tuned


def _fit_trees(data: KuaiRand, seed: int) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """LightGBM's predictions for the test rows: each measured action, and watch seconds."""
    known, rows = data.known, data.known.impressions
    matrix, test = peer_models.describe_raw(known, rows), peer_models.describe_raw(known, data.test)
    predicted, settings = {}, {}
    for name, action in MEASURED_ACTIONS.items():
        outcome = rows.label(action).astype(float)
        predicted[name], settings[name] = peer_models.fit_trees(matrix, outcome, test, "binary", seed)
    outcome = rows.watch_seconds.astype(float)
    predicted["watch_seconds"], settings["watch_seconds"] = peer_models.fit_trees(
        matrix, outcome, test, "l1", seed
    )
    return predicted, settings


def _measure_impressions(
    data: KuaiRand, scores: WindowScores, als: dict[str, Any], trees: dict[str, FloatArray], params: Params
) -> dict[str, dict[str, dict[str, float]]]:
    """AUC, GAUC, log loss and calibration error of each action and model.

    Popularity and ALS give scores, not probabilities: each is scaled by Platt's method on the known log, ALS
    with factors that had not seen it.
    """
    known, test = data.known, data.test
    rows = known.impressions
    counts = peers.count_rates(known)
    popular = np.log1p(peers.count_positives(known))
    measured = {}
    for name, action in MEASURED_ACTIONS.items():
        labels, learned = test.label(action).astype(float), rows.label(action).astype(float)
        als_scale = _scale(als["before"].score_pairs(rows.viewer, rows.video), learned, params)
        popular_scale = _scale(popular[rows.video], learned, params)
        predicted = {
            "ours": scores.probability[:, ACTION_INDEX[action]],
            "popularity": popular_scale(popular[test.video]),
            "item_rate": peers.rate_videos(counts, action)[test.video],
            "lightgbm": trees[name],
            "als": als_scale(als["now"].score_pairs(test.viewer, test.video)),
        }
        measured[name] = {
            model: measure_probability(labels, probability, test, params)
            for model, probability in predicted.items()
        }
    return measured


def measure_probability(
    labels: FloatArray, probability: FloatArray, rows: Impressions, params: Params
) -> dict[str, float]:
    """The four figures of one action and model."""
    return {
        "auc": auc(labels, probability),
        "gauc": gauc(labels, probability, rows.viewer),
        "logloss": log_loss(labels, probability),
        "ece": expected_calibration_error(labels, probability, params.prediction.ece_bins),
    }


def _scale(scores: FloatArray, labels: FloatArray, params: Params) -> Callable[[FloatArray], FloatArray]:
    """Platt scaling of a raw score, learned on known rows."""
    part = fit_logistic(
        scores[:, None].astype(np.float32), labels[:, None].astype(np.float32), [0], (1.0, 1.0), 50
    )

    def apply(raw: FloatArray) -> FloatArray:
        probability: FloatArray = 1 / (1 + np.exp(-part.logits(raw[:, None].astype(np.float32))[:, 0]))
        return probability

    return apply


def _measure_watch(
    data: KuaiRand, engine: Engine, scores: WindowScores, trees: FloatArray
) -> dict[str, dict[str, float]]:
    known, test = data.known, data.test
    bucket = engine.content.duration_bucket
    n_buckets = int(bucket.max()) + 2
    by_duration = peers.median_watch(known, bucket[known.impressions.video] + 1, n_buckets)
    by_video = peers.median_watch(known, known.impressions.video, len(known.catalogue))
    predicted = {
        "ours": scores.median_seconds,
        "lightgbm": trees,
        "median": np.full(len(test), float(np.median(known.impressions.watch_seconds))),
        "duration_median": by_duration[bucket[test.video] + 1],
        "item_rate": by_video[test.video],
    }
    return {
        name: {
            "mae": float(np.abs(seconds - test.watch_seconds).mean()),
            "xauc": xauc(test.watch_seconds, seconds),
        }
        for name, seconds in predicted.items()
    }


def _count(data: KuaiRand, task: RetrievalTask) -> dict[str, int]:
    return {
        "viewers": len(data.known.viewers),
        "videos": len(data.known.catalogue),
        "history_events": len(data.known.history),
        "known_impressions": len(data.known.impressions),
        "test_impressions": len(data.test),
        "viewers_with_target": len(task.viewer),
        "targets": int(task.n_targets.sum()),
    }
