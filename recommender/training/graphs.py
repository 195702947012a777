"""Build the graphs that large catalogues are searched by, and say what they find of the exact best.

Below `exact_videos` vectors there is nothing to build: every one is compared.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.contracts import Dataset, FloatArray, IntArray
from recommender.features.viewers import POSITIVE_ACTIONS, decay_steps
from recommender.params import Params, RecallParams
from recommender.recall.als import Tastes
from recommender.recall.causal_cnn import SequenceModel
from recommender.recall.low_rank import Factors
from recommender.recall.vectors import Graph, VectorIndex, build_graph, measure_recall
from recommender.training.histories import join_events
from recommender.training.sources import Arrays


def fit_graphs(dataset: Dataset, arrays: Arrays, params: Params) -> tuple[Arrays, dict[str, dict[str, Any]]]:
    """Graphs over the vectors of an artifact's arrays.

    Returns
    -------
    graphs : "NAME/graph", (n_bytes,) uint8, for each vector source with more than `exact_videos` vectors.
    facts : of each vector source its vectors, how it is searched, the share of the exact best `per_source`
        that this finds for viewers of the data set, and the seconds the graph took.
    """
    pasts = _draw_pasts(dataset, params)
    graphs: Arrays = {}
    facts: dict[str, dict[str, Any]] = {}
    for name, opened in _open_sources(arrays, len(dataset.catalogue), params.recall).items():
        index = opened.index
        facts[name] = {"vectors": len(index.covered), "search": "exact", f"recall_at_{_k(params)}": 1.0}
        if len(index.covered) <= params.recall.exact_videos:
            continue
        started = time.perf_counter()
        buffer = build_graph(index.vectors, params.recall)
        seconds = time.perf_counter() - started
        graphs[f"{name}/graph"] = buffer
        graph = Graph(buffer, params.recall.graph_search_width)
        searched = VectorIndex.build(len(index.slot), index.covered, index.vectors, graph)
        queries = _ask_for(opened, pasts, params)
        found = measure_recall(searched, queries, params.recall.per_source) if len(queries) else None
        facts[name] |= {"search": "graph", f"recall_at_{_k(params)}": found, "seconds": round(seconds, 2)}
    return graphs, facts


def _k(params: Params) -> int:
    return params.recall.per_source


@dataclass(frozen=True, slots=True)
class _Past:
    """The last events of one viewer."""

    video: IntArray  # (w,) catalogue rows, newest last
    actions: IntArray  # (w,)

    def liked(self, decay: float) -> tuple[IntArray, FloatArray]:
        """Rows of the positive events, and their recency weights."""
        video = self.video[(self.actions & POSITIVE_ACTIONS) != 0]
        return video, decay_steps(len(video), decay)


def _draw_pasts(dataset: Dataset, params: Params) -> list[_Past]:
    """Pasts of `graph_checked` viewers who did anything, as a request would hold them."""
    events = join_events(dataset)
    active = np.flatnonzero(np.diff(events.indptr))
    rng = np.random.default_rng(params.training.seed)
    chosen = np.sort(rng.choice(active, min(params.recall.graph_checked, len(active)), replace=False))
    pasts = []
    for viewer in chosen.tolist():
        start, stop = int(events.indptr[viewer]), int(events.indptr[viewer + 1])
        span = slice(max(start, stop - params.features.recent_events), stop)
        pasts.append(_Past(events.video[span], events.actions[span]))
    return pasts


def _open_sources(
    arrays: Arrays, n_videos: int, params: RecallParams
) -> dict[str, Factors | Tastes | SequenceModel]:
    """The vector sources of an artifact's arrays in the rows of its own catalogue, searched exactly."""
    covered = arrays["factors/covered"]
    opened: dict[str, Factors | Tastes | SequenceModel] = {
        "factors": Factors.build(n_videos, covered, arrays["factors/read"], arrays["factors/score"]),
        "tastes": Tastes.build(
            n_videos, arrays["tastes/covered"], arrays["tastes/video"], params.als_l2, params.als_confidence
        ),
    }
    if "sequence/covered" in arrays:
        covered = arrays["sequence/covered"]
        opened["sequence"] = SequenceModel.from_arrays(arrays, covered, slice(None), n_videos)
    return opened


def _ask_for(opened: Factors | Tastes | SequenceModel, pasts: list[_Past], params: Params) -> FloatArray:
    """(n, d) the queries that the pasts lead to; a past that leads to none is left out."""
    queries = []
    for past in pasts:
        if isinstance(opened, SequenceModel):
            queries.append(opened.ask_after(past.video, past.actions))
            continue
        video, weight = past.liked(params.features.recency_decay)
        if (opened.index.slot[video] >= 0).any():
            queries.append(opened.fold_in(video, weight))
    return np.array(queries, dtype=np.float32)
