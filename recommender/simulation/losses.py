"""Where the engine loses videos on their way to a page, counted over a panel of viewers of a market.

The code that serves prepares and composes every page; chance alone is left out. A video is compared with what
the same stages do to all others for the same viewers, so that competition by itself limits nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray, Scenario, ValueWeights, ViewerState
from recommender.flow import Engine, ReadyPage, open_viewer, prepare_page
from recommender.rerank.compose import compose
from recommender.rerank.value import value_terms
from recommender.simulation.audience import draw_panel, make_scene
from recommender.simulation.reach_params import LossParams, ReachParams

#: Where a video may be limited, in the order of the flow.
LIMITS: tuple[str, ...] = ("blocked", "gate", "recall", "prediction", "rerank", "none")


@dataclass(frozen=True, slots=True)
class Losses:
    """What became of some videos on a panel's pages; arrays are (n_videos,), counts of viewers."""

    n_viewers: int
    met: FloatArray  # their rules let it through
    found: FloatArray  # recall made it a candidate
    above: FloatArray  # summed over those: share of the candidates that are worth less, 0-1
    near: FloatArray  # it was among the best by value, so the re-rank could have shown it
    shown: FloatArray  # of those: it was on the page
    usual_found: float  # share of the admitted videos that recall takes, 0-1
    usual_shown: float  # share of the best by value that a page holds, 0-1


def count_losses(
    engine: Engine, weights: ValueWeights, rows: IntArray, market: str, now: float, seed: int = 7,
    params: LossParams | None = None,
) -> Losses:  # fmt: skip
    """Follow catalogue rows (n_videos,) through the pages of a market's panel (`audience.draw_panel`)."""
    states = draw_panel(engine, market, ReachParams(), seed, now)
    return follow(engine, weights, rows, states, make_scene(market, now, states), params or LossParams())


def follow(
    engine: Engine,
    weights: ValueWeights,
    rows: IntArray,
    states: Sequence[ViewerState],
    scenes: Sequence[Scenario],
    params: LossParams,
) -> Losses:
    """The same for viewers and scenes at hand."""
    sums = _Sums(len(rows))
    for state, scene in zip(states, scenes, strict=True):
        viewer, _ = open_viewer(engine, state, scene)
        ready = prepare_page(engine, state, scene, weights)
        value = value_terms(ready.predictions, weights, scene.market).sum(axis=1)
        sums.add(rows, viewer.allowed, ready.candidates.video, value, _compose(engine, ready, params), params)
    return sums.close(len(states))


def _compose(engine: Engine, ready: ReadyPage, params: LossParams) -> IntArray:
    """Catalogue rows of the page without draws."""
    calm = replace(ready.shortlist, lanes=())
    rng, size = np.random.default_rng(0), params.page_size
    page = compose(
        calm, ready.last_creator, ready.last_sound, size, rng, engine.params.rerank, {}, len(ready.candidates)
    )
    ids = np.array([video.video_id for video in page.videos], dtype=np.int64)
    found: IntArray = engine.catalogue.find_rows(ids)
    return found


class _Sums:
    """Running sums over a panel's viewers."""

    def __init__(self, n_videos: int) -> None:
        self.met, self.found, self.above, self.near, self.shown = (np.zeros(n_videos) for _ in range(5))
        self.n_allowed = self.n_found = self.n_near = self.n_shown = 0

    def add(
        self,
        rows: IntArray,
        allowed: BoolArray,
        candidates: IntArray,
        value: FloatArray,
        page: IntArray,
        params: LossParams,
    ) -> None:
        """One viewer: (n_catalogue,) rules, candidates in recall's order with their value, the page."""
        order = np.argsort(-np.where(np.isfinite(value), value, -np.inf), kind="stable")
        ranked = candidates[order]  # most valuable first
        best = ranked[: int(params.page_size * params.reach_pages)]
        place = _find(ranked, rows)
        here = place >= 0
        self.met += allowed[rows]
        self.found += here
        self.above += np.where(here, 1.0 - (place + 0.5) / max(len(ranked), 1), 0.0)
        is_near = np.isin(rows, best)
        self.near += is_near
        self.shown += is_near & np.isin(rows, page)
        self.n_allowed += int(allowed.sum())
        self.n_found += len(ranked)
        self.n_near += len(best)
        self.n_shown += int(np.isin(best, page).sum())

    def close(self, n_viewers: int) -> Losses:
        """The sums as they stand."""
        return Losses(
            n_viewers=n_viewers, met=self.met, found=self.found, above=self.above, near=self.near,
            shown=self.shown, usual_found=self.n_found / max(self.n_allowed, 1),
            usual_shown=self.n_shown / max(self.n_near, 1),
        )  # fmt: skip


def _find(ranked: IntArray, rows: IntArray) -> IntArray:
    """(n_videos,) place of each row among the candidates, -1 for none."""
    if not len(ranked):
        return np.full(len(rows), -1)
    order = np.argsort(ranked, kind="stable")
    at = np.minimum(np.searchsorted(ranked[order], rows), len(ranked) - 1)
    place: IntArray = np.where(ranked[order][at] == rows, order[at], -1)
    return place


def compare(losses: Losses, params: LossParams) -> FloatArray:
    """(n_videos, 3) what recall, prediction and re-rank leave of each video, over what they usually leave.

    Shares are drawn towards the usual by `strength` imagined viewers; 1 = as usual, below 1 = less. A stage
    that a video never came to is 1: it was not limited there.
    """
    k = params.strength
    expected = losses.met * losses.usual_found
    recall = (losses.found + k * losses.usual_found) / (expected + k * losses.usual_found + 1e-12)
    prediction = (losses.above + k * 0.5) / (losses.found + k) / 0.5
    room = losses.usual_shown
    rerank = (losses.shown + k * room + 1e-12) / (losses.near * room + k * room + 1e-12)
    ratios: FloatArray = np.stack([recall, prediction, rerank], axis=1)
    return ratios


def name_limits(losses: Losses, is_blocked: BoolArray, params: LossParams) -> list[str]:
    """Each video's limit: the stage that leaves least of it, if that is clearly less than usual.

    A video that no viewer of the panel may see is limited by the gate, one that operators block by that.
    """
    ratios = compare(losses, params)
    weakest = ratios.argmin(axis=1)
    named = np.array(["recall", "prediction", "rerank"])[weakest]
    named = np.where(ratios.min(axis=1) < params.limit, named, "none")
    named = np.where(losses.met > 0, named, "gate")
    return [str(name) for name in np.where(is_blocked, "blocked", named)]
