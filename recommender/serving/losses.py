"""Which stage of the live engine limits a creator's videos, in numbers a page can put into words."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from recommender.queries.newcomers import find_states
from recommender.serving.live import live_engine
from recommender.simulation import losses as core
from recommender.simulation.reach_params import LossParams


@dataclass(frozen=True, slots=True)
class LimitTold:
    """What the engine does to one video over a panel of viewers; shares are 0-1, None where nothing came."""

    video_id: int
    creator_id: int
    stage: str  # one of simulation.losses.LIMITS
    viewer_count: int
    met_share: float  # viewers whose rules let it through
    found_share: float | None  # of those, recall took it for
    usual_found_share: float  # the same of all videos
    above_share: float | None  # where it was found: candidates that are worth less
    shown_share: float | None  # where it was among the best: pages that held it
    usual_shown_share: float


def find_limits(creator_ids: list[int], market: str) -> list[LimitTold]:
    """What limits every video of some creators for viewers of a market; nothing of creators not known.

    Prepares a page for each viewer of a panel: seconds, so it belongs in a worker.
    """
    loaded = live_engine.get()
    catalogue, params = loaded.engine.catalogue, LossParams()
    rows = np.flatnonzero(np.isin(catalogue.creator_id, np.array(creator_ids, dtype=np.int64)))
    if not len(rows):
        return []
    counted = core.count_losses(loaded.engine, loaded.weights, rows, market, time.time(), params=params)
    stages = core.name_limits(counted, catalogue.is_blocked[rows], params)
    return [
        LimitTold(
            video_id=int(catalogue.video_id[row]),
            creator_id=int(catalogue.creator_id[row]),
            stage=stage,
            viewer_count=counted.n_viewers,
            met_share=float(counted.met[at] / counted.n_viewers),
            found_share=_divide(counted.found[at], counted.met[at]),
            usual_found_share=counted.usual_found,
            above_share=_divide(counted.above[at], counted.found[at]),
            shown_share=_divide(counted.shown[at], counted.near[at]),
            usual_shown_share=counted.usual_shown,
        )
        for at, (row, stage) in enumerate(zip(rows, stages, strict=True))
    ]


def _divide(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def list_pool_states(creator_id: int, market: str) -> dict[int, str]:
    """Where the new videos of a creator stand with their first viewers in a market, by video."""
    return find_states(creator_id, market)
