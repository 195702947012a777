"""The engine's view in pieces: any split among workers gives the same bytes; panels follow learnt groups."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.flow import Engine
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.simulation.audience import GroupTastes, draw_panel
from recommender.simulation.engine_view import close_parts, list_parts, read_sums, view_markets, view_part
from recommender.simulation.learnt_world import LearntWorld, make_learnt_world
from recommender.simulation.reach_params import ReachParams

PARAMS = replace(ReachParams(), panel_viewers=25)
ROWS = np.array([3, 11, 40])
MARKETS = ("GB", "ID")


@pytest.fixture(scope="module")
def world() -> LearntWorld:
    return make_learnt_world(12, 120, 60, seed=3)


@pytest.fixture(scope="module")
def engine(world: LearntWorld) -> Engine:
    return world.engine


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_any_number_of_workers_gives_the_same_bytes(
    engine: Engine, world: LearntWorld, n_workers: int
) -> None:
    whole = view_markets(
        engine, DEFAULT_VALUE_WEIGHTS, ROWS, MARKETS, world.now, PARAMS, 7, lambda fraction, market: None
    )
    parts = list_parts(MARKETS, PARAMS)
    found = {}
    for worker in reversed(range(n_workers)):
        for place in range(worker, len(parts), n_workers):
            sums = view_part(engine, DEFAULT_VALUE_WEIGHTS, ROWS, parts[place], world.now, PARAMS, 7)
            found[place] = read_sums(sums.to_dict())
    joined = close_parts(parts, [found[place] for place in range(len(parts))], PARAMS)
    for market in MARKETS:
        for name in ("odds", "position", "action", "usual_action", "terms", "watch_seconds", "admitted"):
            assert getattr(joined[market], name).tobytes() == getattr(whole[market], name).tobytes()


def test_every_panel_viewer_stands_in_one_piece() -> None:
    parts = [part for part in list_parts(MARKETS, PARAMS) if part.market == "ID"]
    seen = [viewer for part in parts for viewer in range(part.start, part.stop)]
    assert seen == list(range(25))


def test_a_panel_is_drawn_from_the_engines_own_groups(engine: Engine, world: LearntWorld) -> None:
    n_topics = len(engine.catalogue.topic_names)
    liking = np.full((2, n_topics), 1e-6)
    liking[0, 4], liking[1, [9, 10]] = 1.0, 0.5
    groups = GroupTastes(np.array([100.0, 300.0]), liking / liking.sum(axis=1, keepdims=True), 3)
    many = replace(PARAMS, panel_viewers=300)
    panel = draw_panel(engine, "GB", many, 7, world.now, groups)
    topics = {int(state.interests[0]) for state in panel}
    assert topics == {4, 9, 10}
    watched = {
        int(topic)
        for state in panel
        for topic in engine.catalogue.topics[engine.catalogue.find_rows(state.recent_video_id), 0]
    }
    assert watched <= topics
    again = draw_panel(engine, "GB", many, 7, world.now, groups)
    assert [state.interests[0] for state in again] == [state.interests[0] for state in panel]


def test_a_panel_viewer_is_no_newcomer_whose_taste_is_still_looked_for(
    engine: Engine, world: LearntWorld
) -> None:
    assert {state.n_met for state in draw_panel(engine, "GB", PARAMS, 7, world.now)} == {PARAMS.panel_met}
