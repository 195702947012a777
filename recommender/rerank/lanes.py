"""Which lanes a page has: new videos owed viewers, floors that are short, tastes still to be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from recommender.coldstart.lanes import Newcomers
from recommender.coldstart.tastes import TastePriors, choose_chances, share_of_page
from recommender.contracts import BoolArray, Catalogue, FloatArray, IntArray, Scenario, ViewerState
from recommender.features.order import pick_top
from recommender.loop_params import NewVideoParams, NewViewerParams
from recommender.params import RerankParams
from recommender.rerank.exploration import NEW, ArmLane, Lane

#: The lane of a newcomer's tastes, and what the names of floors begin with.
TASTE, FLOOR = "exploration_taste", "floor_"


def kept_lanes(
    newcomers: Newcomers,
    market: int,
    video: IntArray,
    at_home: BoolArray,
    rerank: RerankParams,
    params: NewVideoParams,
) -> Iterator[Lane]:
    """Lanes of new videos and of each floor that is short in a market.

    Parameters
    ----------
    video : (n,) catalogue rows of the candidates.
    at_home : (n,) bool, the creator is of the viewer's market.
    """
    need = newcomers.need_in(market)[video]
    floors = newcomers.floors.get(market, {})
    share = newcomers.share.get(market, rerank.exploration_share) if rerank.exploration_share > 0 else 0.0
    yield Lane(NEW, share + floors.get("newcomers", 0.0), need > 0, params.urgency * need)
    for name, is_in in (("small_creators", newcomers.is_small[video]), ("home_market", at_home)):
        if floors.get(name, 0.0) > 0:
            yield Lane(FLOOR + name, floors[name], is_in)


def taste_lane(
    priors: TastePriors,
    state: ViewerState,
    scenario: Scenario,
    catalogue: Catalogue,
    video: IntArray,
    params: NewViewerParams,
) -> ArmLane | None:
    """The lane of a viewer's first items; None for who has seen enough, or where no topic is known."""
    share = share_of_page(state, params)
    arm = catalogue.topics[video, 0] if catalogue.topics.shape[1] else np.full(len(video), -1)
    arm = np.where(arm < len(priors.base), arm, -1)
    topics = np.unique(arm[arm >= 0])
    if share <= 0 or len(topics) < 2:
        return None
    chance = choose_chances(priors, state, scenario, catalogue, topics, params)
    return ArmLane(TASTE, share, arm, chance)


def top_of(lane: Lane | ArmLane, value: FloatArray, params: RerankParams) -> IntArray:
    """Rows that the lane may want on a page, so that the shortlist holds them."""
    if isinstance(lane, Lane):
        rows = np.where(lane.is_in, value, -np.inf)
        if lane.lift is not None:
            finite = value[np.isfinite(value)]
            rows = rows + lane.lift * (float(finite.std()) if len(finite) else 0.0)
        return pick_top(rows, params.exploration_pool)
    usable = np.flatnonzero(np.isfinite(value) & (lane.arm >= 0))
    order = usable[np.lexsort((-value[usable], lane.arm[usable]))]
    _, first = np.unique(lane.arm[order], return_index=True)
    place = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    kept: IntArray = order[place < _ROWS_AN_ARM]
    return kept


def describe_lane(lane: Lane | ArmLane) -> dict[str, Any]:
    """The lane as JSON keeps it; `read_lane` is the way back."""
    if isinstance(lane, ArmLane):
        arms = {"arm": lane.arm.tolist(), "chance": lane.chance.tolist()}
        return {"name": lane.name, "share": float(lane.share), **arms}
    lift = None if lane.lift is None else lane.lift.tolist()
    return {"name": lane.name, "share": float(lane.share), "is_in": lane.is_in.tolist(), "lift": lift}


def read_lane(kept: Mapping[str, Any]) -> Lane | ArmLane:
    """The lane that `describe_lane` told of."""
    name, share = str(kept["name"]), float(kept["share"])
    if "arm" in kept:
        return ArmLane(name, share, np.array(kept["arm"], dtype=np.int64), np.array(kept["chance"]))
    lift = None if kept["lift"] is None else np.array(kept["lift"], dtype=np.float32)
    return Lane(name, share, np.array(kept["is_in"], dtype=bool), lift)


#: Rows of an arm in the shortlist: one for each time it may be drawn on a page before others must follow.
_ROWS_AN_ARM = 4


def narrow(lane: Lane | ArmLane, rows: IntArray) -> Lane | ArmLane:
    """The lane over some of its rows."""
    if isinstance(lane, ArmLane):
        return replace(lane, arm=lane.arm[rows])
    return replace(lane, is_in=lane.is_in[rows], lift=None if lane.lift is None else lane.lift[rows])
