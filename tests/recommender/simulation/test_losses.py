"""Where the engine loses videos: each stage is blamed for its own losses, and for no luck."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.build import build_engine
from recommender.contracts import FloatArray
from recommender.flow import Engine
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.simulation.losses import Losses, compare, count_losses, follow, name_limits
from recommender.simulation.reach_params import LossParams
from tests.worlds import (
    GB,
    NOW,
    VIETNAMESE,
    fit_small_sources,
    make_dataset,
    make_engine,
    make_params,
    make_scenario,
    make_state,
)

PARAMS = LossParams()


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Thirty videos of three topics; recall takes at most twelve."""
    params = make_params()
    return make_engine(replace(params, recall=replace(params.recall, candidates=12)))


def make_losses(**changes: list[float]) -> Losses:
    """Forty viewers, a recall that takes a half and pages that hold a half of the best; two usual videos."""
    usual = {"met": [40, 40], "found": [20, 20], "above": [10, 10], "near": [8, 8], "shown": [4, 4]}
    arrays: dict[str, FloatArray] = {
        name: np.array(value, dtype=float) for name, value in {**usual, **changes}.items()
    }
    return Losses(n_viewers=40, usual_found=0.5, usual_shown=0.5, **arrays)


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, "none"),
        ({"found": [20, 6], "above": [10, 3]}, "recall"),
        ({"above": [10, 4]}, "prediction"),
        ({"near": [8, 30], "shown": [4, 5]}, "rerank"),
        ({"met": [40, 0], "found": [20, 0], "above": [10, 0], "near": [8, 0], "shown": [4, 0]}, "gate"),
    ],
)
def test_the_stage_that_leaves_least_of_a_video_limits_it(
    changes: dict[str, list[float]], limit: str
) -> None:
    assert name_limits(make_losses(**changes), np.array([False, False]), PARAMS) == ["none", limit]


def test_a_blocked_video_is_limited_by_that_alone() -> None:
    assert name_limits(make_losses(above=[1, 1]), np.array([True, False]), PARAMS) == [
        "blocked",
        "prediction",
    ]


def test_one_unlucky_page_limits_nobody() -> None:
    """Found for one viewer, at the bottom, once near the page and not on it: that is what chance does."""
    few = make_losses(met=[40, 2], found=[20, 1], above=[10, 0.0], near=[8, 1], shown=[4, 0])
    assert name_limits(few, np.array([False, False]), replace(PARAMS, limit=0.7)) == ["none", "none"]


@given(st.floats(0, 40), st.floats(0, 40))
def test_a_stage_that_takes_more_never_looks_better(low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    ratios = compare(make_losses(found=[low, high], above=[low / 2, high / 2]), PARAMS)
    assert ratios[0, 0] <= ratios[1, 0] + 1e-9
    assert np.all(np.isfinite(ratios)) and np.all(ratios >= 0)


def test_viewers_of_one_topic_lose_the_others_in_recall_or_value(engine: Engine) -> None:
    """All viewers watched topic 0: its videos stand above those of topic 1 by the end of the flow."""
    states = [make_state([0, 3, 6 + 3 * (n % 2)]) for n in range(6)]
    rows = np.array([12, 13])  # of topics 0 and 1
    scene = make_scenario(GB)
    losses = follow(engine, DEFAULT_VALUE_WEIGHTS, rows, states, [scene] * 6, PARAMS)
    assert losses.met.tolist() == [6, 6]
    assert losses.above[0] > losses.above[1]
    ratios = compare(losses, PARAMS)
    assert ratios[0].prod() > ratios[1].prod()


def test_what_a_viewer_has_seen_is_no_loss(engine: Engine) -> None:
    state = make_state([0, 3], seen=[0, 3, 12])
    rows = np.array([12, 15])
    losses = follow(engine, DEFAULT_VALUE_WEIGHTS, rows, [state], [make_scenario(GB)], PARAMS)
    assert losses.met.tolist() == [0, 1]
    assert losses.found[0] == 0


def test_a_language_that_the_market_does_not_understand_is_stopped_at_the_border() -> None:
    dataset, params = make_dataset(), make_params()
    language = dataset.catalogue.language.copy()
    language[[4, 5]] = VIETNAMESE
    catalogue = replace(dataset.catalogue, language=language)
    arrays, meta = fit_small_sources(dataset, params)
    engine = build_engine(catalogue, arrays, meta, params=params, now=NOW)
    rows = np.array([4, 5, 7])
    losses = follow(engine, DEFAULT_VALUE_WEIGHTS, rows, [make_state([])], [make_scenario(GB)], PARAMS)
    assert name_limits(losses, np.zeros(3, dtype=bool), PARAMS)[:2] == ["gate", "gate"]
    assert losses.met.tolist() == [0, 0, 1]


def test_the_same_panel_tells_the_same(engine: Engine) -> None:
    rows = np.array([0, 4, 8])
    first, second = (count_losses(engine, DEFAULT_VALUE_WEIGHTS, rows, "GB", NOW) for _ in range(2))
    assert first.n_viewers == 40
    assert [getattr(first, name).tolist() for name in ("met", "found", "above", "near", "shown")] == [
        getattr(second, name).tolist() for name in ("met", "found", "above", "near", "shown")
    ]
    assert np.all(first.shown <= first.near) and np.all(first.near <= first.found)
    assert np.all(first.found <= first.met)
