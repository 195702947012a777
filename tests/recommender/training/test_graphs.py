"""Graphs of a fit: only above the limit, with what they find, and a feed that is the same by either way."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.build import build_engine
from recommender.flow import open_viewer
from recommender.recall import factors, tastes
from recommender.training.graphs import fit_graphs
from tests.worlds import NOW, fit_small_sources, make_dataset, make_params, make_scenario, make_state

PARAMS = make_params()
SMALL = replace(PARAMS, recall=replace(PARAMS.recall, exact_videos=10, graph_loose=3))


@pytest.fixture(scope="module")
def fitted():
    return fit_small_sources(make_dataset(), PARAMS)


def test_a_small_catalogue_is_compared_whole(fitted) -> None:
    graphs, facts = fit_graphs(make_dataset(), fitted[0], PARAMS)
    assert graphs == {}
    assert facts["tastes"] == {"vectors": 30, "search": "exact", "recall_at_200": 1.0}


def test_above_the_limit_a_graph_is_built_and_measured(fitted) -> None:
    graphs, facts = fit_graphs(make_dataset(), fitted[0], SMALL)
    assert set(graphs) == {"factors/graph", "tastes/graph"}
    for name in ("factors", "tastes"):
        assert graphs[f"{name}/graph"].dtype == np.uint8
        assert facts[name]["search"] == "graph"
        assert facts[name]["recall_at_200"] > 0.9


@pytest.mark.parametrize("source", [factors, tastes])
def test_the_feed_is_the_same_by_either_way_though_a_video_is_gone(fitted, source) -> None:
    dataset, (arrays, meta) = make_dataset(), fitted
    graphs, _ = fit_graphs(dataset, arrays, SMALL)
    stays = np.arange(30) != 4
    catalogue = dataset.catalogue
    columns = {
        name: getattr(catalogue, name)[stays]
        for name in (
            "video_id",
            "creator_id",
            "sound_id",
            "market",
            "language",
            "duration_seconds",
            "published_at",
            "has_cart",
            "is_blocked",
            "topics",
            "tokens",
        )
    }
    catalogue = replace(catalogue, **columns)
    answers = []
    for stored in (arrays, arrays | graphs):
        engine = build_engine(catalogue, stored, meta, params=SMALL, now=NOW)
        viewer, _ = open_viewer(engine, make_state([1, 7, 10]), make_scenario())
        answers.append(source.recall(engine.recall, viewer, make_scenario(), 8))
        scores = source.vote(engine.recall, viewer).look_up(answers[0][0])
        np.testing.assert_allclose(scores, answers[0][1], atol=1e-5)
    np.testing.assert_array_equal(answers[0][0], answers[1][0])
    np.testing.assert_allclose(answers[0][1], answers[1][1], atol=1e-5)
