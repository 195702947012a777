"""Nearest vectors: exact and by a graph, one interface; what was seen never comes."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.params import RecallParams
from recommender.recall.vectors import Graph, VectorIndex, build_graph, measure_recall

N_VIDEOS, N_COVERED, WIDTH = 3000, 2000, 12
PARAMS = replace(RecallParams(), graph_loose=50, graph_search_width=300)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    rng = np.random.default_rng(4)
    drawn = rng.standard_normal((N_COVERED, WIDTH)) * rng.lognormal(0, 0.5, (N_COVERED, 1))
    return drawn.astype(np.float32)


@pytest.fixture(scope="module")
def covered() -> np.ndarray:
    return np.sort(np.random.default_rng(5).choice(N_VIDEOS, N_COVERED, replace=False)).astype(np.int32)


@pytest.fixture(scope="module")
def graph(vectors) -> Graph:
    return Graph(build_graph(vectors, PARAMS), PARAMS.graph_search_width)


@pytest.fixture(scope="module", params=["exact", "graph"])
def index(request, covered, vectors, graph) -> VectorIndex:
    return VectorIndex.build(N_VIDEOS, covered, vectors, graph if request.param == "graph" else None)


def _query(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)


def test_the_best_come_first_with_their_scores(index, covered, vectors) -> None:
    rows, scores = index.search(_query(1), 20, np.ones(N_VIDEOS, dtype=bool))
    product = vectors @ _query(1)
    best = np.argsort(-product)[:20]
    assert rows.dtype == np.int32
    assert set(rows.tolist()) == set(covered[best].tolist())  # a walk this wide misses none of twenty
    np.testing.assert_allclose(scores, product[best], rtol=1e-5)


def test_what_is_not_allowed_never_comes_and_makes_room(index, covered, vectors) -> None:
    product = vectors @ _query(2)
    order = np.argsort(-product)
    allowed = np.ones(N_VIDEOS, dtype=bool)
    allowed[covered[order[:500]]] = False  # far more than one search returns
    rows, _ = index.search(_query(2), 10, allowed)
    assert len(rows) == 10
    assert len(np.intersect1d(rows, covered[order[500:510]])) >= 9


def test_nothing_allowed_gives_nothing(index) -> None:
    rows, scores = index.search(_query(3), 10, np.zeros(N_VIDEOS, dtype=bool))
    assert len(rows) == len(scores) == 0


def test_only_scores_above_zero_count_as_found(index, vectors) -> None:
    rows, scores = index.search(_query(4), N_VIDEOS, np.ones(N_VIDEOS, dtype=bool))
    assert (scores > 0).all()
    assert len(rows) == pytest.approx((vectors @ _query(4) > 0).sum(), rel=0.01)


def test_any_row_can_be_looked_up(index, covered, vectors) -> None:
    everything = np.arange(N_VIDEOS)
    scores = index.ask(_query(5)).look_up(everything)
    np.testing.assert_allclose(scores[covered], vectors @ _query(5), rtol=1e-4, atol=1e-5)
    assert not scores[np.setdiff1d(everything, covered)].any()


def test_a_graph_outlives_videos_that_are_gone(covered, vectors, graph) -> None:
    gone = covered.copy()
    best = np.argsort(-(vectors @ _query(6)))
    gone[best[:5]] = -1
    index = VectorIndex.build(N_VIDEOS, gone, vectors, graph)
    rows, _ = index.search(_query(6), 10, np.ones(N_VIDEOS, dtype=bool))
    assert len(np.intersect1d(rows, covered[best[5:15]])) >= 9
    assert -1 not in rows


def test_what_a_graph_finds_of_the_exact_best_is_measured(covered, vectors, graph) -> None:
    queries = np.stack([_query(seed) for seed in range(10, 40)])
    whole = VectorIndex.build(N_VIDEOS, covered, vectors, graph)
    assert measure_recall(whole, queries, 50) > 0.95
    # A graph over other vectors finds what is best there, not here, and the figure says so.
    other = Graph(build_graph(vectors[::-1], PARAMS), PARAMS.graph_search_width)
    assert measure_recall(VectorIndex.build(N_VIDEOS, covered, vectors, other), queries, 50) < 0.5


def test_a_graph_of_other_vectors_is_refused(covered, vectors, graph) -> None:
    with pytest.raises(ValueError, match="retrain the artifact"):
        VectorIndex.build(N_VIDEOS, covered, vectors[:, :-1], graph)
