"""One run on the TikTok micro-video set: the fused sources and their peers on the same rows, as figures.

Settings are chosen on the tuning rows; of the test rows nothing is looked at before the scoring.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.contracts import FloatArray, IntArray
from recommender.params import FusedRetrievalParams
from recommender.training import fused_retrieval as fused
from recommender.training.retrieval import RetrievalTask, compare_with_best, measure_lists, rank_all
from recommender.training.tiktok import TikTok
from recommender.training.tiktok_peers import PEERS, Fit

Cache = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
Say = Callable[[str], None]
_DRAWS = 500


def run_tiktok(
    data: TikTok, params: FusedRetrievalParams, cache: Cache, say: Say, seed: int
) -> dict[str, Any]:
    """Every figure of the set, ours under `ours`, with what was tried and what each part brings."""
    known, tuning = data.train, data.tuning
    if tuning is None:
        say(f"no tuning rows: one like of {params.held_out_viewers} viewers is held out")
        known, tuning = fused.hold_out_one(data.train, params.held_out_viewers, seed)
    say("choosing the weights of the sources")
    weights, ndcg = fused.choose_weights(fused.fit_sources(known, data.content, params, seed), tuning, params)
    say("fitting on all training rows")
    started = time.perf_counter()
    sources = fused.fit_sources(data.train, data.content, params, seed)
    seconds = time.perf_counter() - started
    task = build_matrix_task(data.train, data.test)
    lists = {"ours": rank_all(task, _score_with(sources, weights))}
    retrieval = {"ours": _measure(task, lists["ours"], seed, seconds)}
    tuned = {}
    for name, (grid, fit) in PEERS.items():
        say(f"peer {name}")
        tuned[name] = cache(name, partial(tune, fit, grid, known, tuning, seed))
        started = time.perf_counter()
        score = fit(data.train, tuned[name]["best"]["setting"], seed)
        seconds = time.perf_counter() - started
        lists[name] = rank_all(task, score)
        retrieval[name] = _measure(task, lists[name], seed, seconds)
    return {
        "retrieval": retrieval,
        "against_best_peer": compare_with_best(task, lists, retrieval, _DRAWS, seed),
        "ablations": _ablate(sources, weights, task, seed),
        "cold_videos": _measure_cold(data, task, lists, sources, weights),
        "chosen": {"weights": weights, "tuning_ndcg_at_20": ndcg, "tuning_rows": int(tuning.nnz)},
        "peers": tuned,
        "counts": {
            "viewers": data.train.shape[0],
            "videos": data.train.shape[1],
            "train_rows": int(data.train.nnz),
            "test_rows": int(task.n_targets.sum()),
        },
    }


def build_matrix_task(known: sp.csr_matrix, test: sp.csr_matrix) -> RetrievalTask:
    """Targets are the test rows; videos of the training rows are left out of the lists."""
    asked = np.flatnonzero(np.diff(test.indptr))
    return RetrievalTask(asked, known, test, np.diff(test.indptr)[asked])


def tune(
    fit: Fit, grid: tuple[Any, ...], known: sp.csr_matrix, tuning: sp.csr_matrix, seed: int
) -> dict[str, Any]:
    """The setting of a grid with the best NDCG@20 on the tuning rows, and all that were tried."""
    task = build_matrix_task(known, tuning)
    tried = []
    for setting in grid:
        ndcg = measure_lists(task, rank_all(task, fit(known, setting, seed)), 10, seed)["ndcg_at_20"]
        tried.append({"setting": setting, "ndcg_at_20": ndcg})
    return {"best": max(tried, key=lambda line: float(str(line["ndcg_at_20"]))), "tried": tried}


def _score_with(sources: fused.Sources, weights: dict[str, float]) -> Callable[[IntArray], FloatArray]:
    return lambda viewers: fused.add_votes(sources.vote(viewers), weights)


def _measure(task: RetrievalTask, lists: IntArray, seed: int, seconds: float) -> dict[str, Any]:
    return measure_lists(task, lists, _DRAWS, seed) | {"fit_seconds": round(seconds, 2)}


def _ablate(
    sources: fused.Sources, weights: dict[str, float], task: RetrievalTask, seed: int
) -> dict[str, dict[str, Any]]:
    """Figures without each source that has a weight, without all content, and of each source alone."""
    used = [name for name, weight in weights.items() if weight]
    variants = {f"without_{name}": weights | {name: 0.0} for name in used}
    variants["without_content"] = weights | dict.fromkeys(set(fused.CONTENT_SOURCES) & set(weights), 0.0)
    variants |= {f"{name}_alone": {name: 1.0} for name in weights}
    measured = {}
    for name, chosen in variants.items():
        lists = rank_all(task, _score_with(sources, chosen))
        figures = measure_lists(task, lists, 10, seed)
        measured[name] = {key: figures[key] for key in ("ndcg_at_20", "recall_at_20")}
    return measured


def _measure_cold(
    data: TikTok,
    task: RetrievalTask,
    lists: dict[str, IntArray],
    sources: fused.Sources,
    weights: dict[str, float],
) -> dict[str, Any]:
    """Test rows on videos with no or few training rows: how many are found, with and without content."""
    likes = np.asarray(data.train.sum(axis=0)).ravel()
    bare = weights | dict.fromkeys(set(fused.CONTENT_SOURCES) & set(weights), 0.0)
    compared = {"ours": lists["ours"], "without_content": rank_all(task, _score_with(sources, bare))}
    compared |= {"als": lists["als"]}
    found: dict[str, Any] = {}
    for name, low, high in (("no_rows", 0, 0), ("one_to_three_rows", 1, 3)):
        inside = (likes >= low) & (likes <= high)
        line: dict[str, Any] = {"test_rows": int(inside[data.test.indices].sum())}
        for model, ranked in compared.items():
            hits = 0
            for row, viewer in enumerate(task.viewer):
                wanted = data.test.indices[data.test.indptr[viewer] : data.test.indptr[viewer + 1]]
                hits += int(np.isin(wanted[inside[wanted]], ranked[row]).sum())
            line[model] = hits
        found[name] = line
    return found
