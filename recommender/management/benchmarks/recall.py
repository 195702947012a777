"""`benchmark recall`: nearest vectors by comparing all and by the graph, for catalogues of growing size."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.management.base import CommandParser
from threadpoolctl import threadpool_limits

from recommender.contracts import FloatArray
from recommender.management.benchmarks.percentiles import describe_times
from recommender.params import RecallParams
from recommender.recall.vectors import Graph, VectorIndex, build_graph, measure_recall

SIZES = (50_000, 100_000, 200_000, 1_000_000)
_SEED = 20_261_125
#: A catalogue's vectors: groups of like videos, of lengths spread as popularity spreads those of factors.
_GROUPS, _WITHIN, _LENGTH_SPREAD = 200, 0.7, 0.4
#: Share of the videos that one viewer has seen or may not see.
_HIDDEN_SHARE = 0.05


def add_arguments(parser: CommandParser) -> None:
    """Which sizes."""
    parser.add_argument("--videos", type=int, nargs="+", default=list(SIZES), help="vectors of each run")
    parser.add_argument("--width", type=int, default=64, help="length of a vector")
    parser.add_argument("--searches", type=int, default=300)


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; the JSON document."""
    params = RecallParams()
    result: dict[str, Any] = {
        "benchmark": "recall",
        "cores": os.cpu_count(),
        "options": {name: options[name] for name in ("videos", "width", "searches")},
        "per_source": params.per_source,
        "exact_videos": params.exact_videos,
        "sizes": [],
    }
    say("  videos  exact ms  graph ms  recall  build s  graph MB")
    for n_videos in options["videos"]:
        line = measure_size(n_videos, options["width"], options["searches"], params)
        result["sizes"].append(line)
        say(
            f"{n_videos:8d}  {line['exact_ms']['p50']:8.2f}  {line['graph_ms']['p50']:8.2f}"
            f"  {line['recall']:6.4f}  {line['build_seconds']:7.1f}  {line['graph_mb']:8.1f}"
        )
    return result


def measure_size(n_videos: int, width: int, n_searches: int, params: RecallParams) -> dict[str, Any]:
    """Both ways over the same vectors, with the same queries; one thread a search, as in a request."""
    vectors, queries = draw_world(n_videos, width, n_searches)
    covered = np.arange(n_videos, dtype=np.int32)
    allowed = np.random.default_rng(_SEED).random(n_videos) >= _HIDDEN_SHARE
    started = time.perf_counter()
    buffer = build_graph(vectors, params)
    seconds = time.perf_counter() - started
    exact = VectorIndex.build(n_videos, covered, vectors)
    walked = VectorIndex.build(n_videos, covered, vectors, Graph(buffer, params.graph_search_width))
    with threadpool_limits(1):
        return {
            "videos": n_videos,
            "exact_ms": _time_searches(exact, queries, params.per_source, allowed),
            "graph_ms": _time_searches(walked, queries, params.per_source, allowed),
            "recall": round(measure_recall(walked, queries, params.per_source), 4),
            "build_seconds": round(seconds, 1),
            "graph_mb": round(len(buffer) / 2**20, 1),
        }


def draw_world(n_videos: int, width: int, n_queries: int) -> tuple[FloatArray, FloatArray]:
    """Vectors, (n_videos, width), in groups of unequal size, their lengths unequal; queries of length 1."""
    rng = np.random.default_rng(_SEED)
    centres = rng.standard_normal((_GROUPS, width))
    weight = rng.dirichlet(np.ones(_GROUPS))

    def draw(n_rows: int) -> FloatArray:
        drawn = centres[rng.choice(_GROUPS, n_rows, p=weight)] + _WITHIN * rng.standard_normal(
            (n_rows, width)
        )
        unit: FloatArray = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit

    length = rng.lognormal(0.0, _LENGTH_SPREAD, (n_videos, 1)).astype(np.float32)
    return draw(n_videos) * length, draw(n_queries)


def _time_searches(index: VectorIndex, queries: FloatArray, k: int, allowed: Any) -> dict[str, float]:
    times = []
    for query in queries:
        started = time.thread_time()  # of this thread alone: what else the machine does is no part of it
        index.search(query, k, allowed)
        times.append(time.thread_time() - started)
    return describe_times(times)
