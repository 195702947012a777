"""Nearest vectors by inner product: one interface, exact up to `exact_videos`, a graph above.

The vectors that a graph lacks, the longest, are compared one by one, and what it finds is scored again with
the vectors themselves: scores are exact, a row may be missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.contracts import UNKNOWN, BoolArray, FloatArray, IntArray
from recommender.features.order import pick_top
from recommender.features.votes import Answer, Votes
from recommender.params import RecallParams

#: Rows asked of the graph first, in those wanted: half of them may be hidden from a viewer.
_FIRST = 2
#: How many times as many rows are asked for, again and again, while what is not allowed fills the answer.
_MORE = 4


@dataclass(frozen=True, slots=True)
class Graph:
    """A stored graph, and how widely it is searched: usearch does not keep the width."""

    buffer: npt.NDArray[
        np.uint8
    ]  # (n_bytes,) of `build_graph`; a mapped file is read in place by all processes
    search_width: int


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """Vectors of the covered videos, and a graph over most of them where they are many."""

    slot: IntArray  # (n_videos,) int32 row in `vectors`, UNKNOWN where the video is not covered
    covered: IntArray  # (c,) int32 catalogue rows; UNKNOWN where a stored video is gone, with a graph alone
    vectors: FloatArray  # (c, d) float32
    graph: Any = None  # usearch.index.Index over rows of `vectors`, or None: everything is compared
    loose: IntArray | None = None  # (l,) int32 rows of `vectors` that the graph lacks
    loose_vectors: FloatArray | None = None  # (l, d) float32, theirs side by side
    buffer: npt.NDArray[np.uint8] | None = None  # the graph's bytes: it reads them in place

    @classmethod
    def none(cls, n_videos: int) -> VectorIndex:
        """Nothing is covered."""
        slot = np.full(n_videos, UNKNOWN, dtype=np.int32)
        return cls(slot, np.zeros(0, dtype=np.int32), np.zeros((0, 1), dtype=np.float32))

    @classmethod
    def build(
        cls, n_videos: int, covered: IntArray, vectors: FloatArray, graph: Graph | None = None
    ) -> VectorIndex:
        """An index over catalogue rows `covered`, (c,), with `vectors`, (c, d).

        Parameters
        ----------
        graph : of `build_graph` over the same rows; without it every search is exact.

        Raises
        ------
        ValueError
            if the graph's vectors have another length, or it has more rows than there are vectors.
        """
        slot = np.full(n_videos, UNKNOWN, dtype=np.int32)
        here = np.flatnonzero(covered >= 0)
        slot[covered[here]] = here
        if graph is None:
            return cls(slot, covered, vectors)
        opened = _import_usearch().Index.restore(graph.buffer, view=True)
        opened.expansion_search = graph.search_width
        keys = np.asarray(opened.keys, dtype=np.int64)
        if opened.ndim != vectors.shape[1] or keys.max(initial=-1) >= len(vectors):
            raise ValueError(
                f"the graph is over {len(keys)} vectors of length {opened.ndim}, the index over "
                f"{len(vectors)} of length {vectors.shape[1]}; retrain the artifact"
            )
        is_loose = np.ones(len(vectors), dtype=bool)
        is_loose[keys] = False
        loose = np.flatnonzero(is_loose & (covered >= 0)).astype(np.int32)
        return cls(slot, covered, vectors, opened, loose, vectors[loose], graph.buffer)

    def ask(self, query: FloatArray) -> Answer:
        """What the index says to a query, (d,): scores of given rows, and the best of the allowed ones."""
        if self.graph is None:
            return Votes(self.covered, self.vectors @ query)
        return _Near(self, np.ascontiguousarray(query, dtype=np.float32))

    def search(self, query: FloatArray, k: int, allowed: BoolArray) -> tuple[IntArray, FloatArray]:
        """At most k allowed rows (int32) with a score above 0, and the scores (float32), best first.

        `query` is (d,), `allowed` (n_videos,).
        """
        return self.ask(query).take(allowed, k)


@dataclass(frozen=True, slots=True)
class _Near:
    """A query to an index with a graph; scores are computed for the rows that are asked for."""

    index: VectorIndex
    query: FloatArray  # (d,) float32

    def look_up(self, video: IntArray) -> FloatArray:
        """(n,) float32 score of each of the catalogue rows `video`, 0 where one is not covered."""
        slot = self.index.slot[video]
        known = np.flatnonzero(slot >= 0)
        scores = np.zeros(len(video), dtype=np.float32)
        scores[known] = self.index.vectors[slot[known]] @ self.query
        return scores

    def take(self, allowed: BoolArray, k: int) -> tuple[IntArray, FloatArray]:
        """At most k allowed rows (int32) with a score above 0, and the scores (float32), best first."""
        index, wanted = self.index, _FIRST * k
        while True:
            found = np.asarray(index.graph.search(self.query, wanted, threads=1).keys, dtype=np.int64)
            video = index.covered[found]
            inside = (video >= 0) & allowed[video]
            if inside.sum() >= k or len(found) < wanted:
                break
            wanted *= _MORE
        video, scores = video[inside], index.vectors[found[inside]] @ self.query
        if index.loose is not None and index.loose_vectors is not None:
            alone = index.covered[index.loose]
            video = np.concatenate([video, alone])
            apart = np.where(allowed[alone], index.loose_vectors @ self.query, np.float32(0.0))
            scores = np.concatenate([scores, apart])
        positive = np.flatnonzero(scores > 0)
        best = positive[pick_top(scores[positive], k)]
        return video[best].astype(np.int32), scores[best].astype(np.float32)


def build_graph(vectors: FloatArray, params: RecallParams) -> npt.NDArray[np.uint8]:
    """(n_bytes,) uint8: a navigable small-world graph over the rows of `vectors`, (c, d) float32.

    Malkov and Yashunin, TPAMI 2020, by inner product and in half precision. The `graph_loose` longest vectors
    stay outside: a few that are close to everything lead every walk astray.
    """
    index = _make_index(vectors.shape[1], params)
    length = np.einsum("cd,cd->c", vectors, vectors)
    keys = np.sort(np.argsort(-length, kind="stable")[params.graph_loose :])
    index.add(keys.astype(np.uint64), np.ascontiguousarray(vectors[keys], dtype=np.float32))
    return np.frombuffer(index.save(), dtype=np.uint8)


def measure_recall(index: VectorIndex, queries: FloatArray, k: int) -> float:
    """Share of the exact k best of each query, (n, d), that the index finds, 0-1; 1 where there is none."""
    is_covered = index.slot >= 0
    n_found = n_wanted = 0
    for query in queries:
        wanted, _ = Votes(index.covered, index.vectors @ query).take(is_covered, k)
        found, _ = index.search(query, k, is_covered)
        n_wanted += len(wanted)
        n_found += len(np.intersect1d(wanted, found))
    return n_found / n_wanted if n_wanted else 1.0


def _make_index(dimensions: int, params: RecallParams) -> Any:
    return _import_usearch().Index(
        ndim=dimensions,
        metric="ip",
        dtype="f16",
        connectivity=params.graph_links,
        expansion_add=params.graph_build_width,
        expansion_search=params.graph_search_width,
    )


@cache
def _import_usearch() -> Any:
    """Imported where there is a graph: a process that has none saves the memory."""
    import usearch.index

    return usearch.index
