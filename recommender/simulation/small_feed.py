"""The slow side of a small world: every page really ranked, viewer after viewer, and pools filled from them.

No viewer of the small world changes what another is shown, so each walk through a viewer's pages is drawn
alone, and any mixture of walks, with any order of pages in time, is one more day of the same feed. A few
rounds of serving so give the many days that a 95 % quantile needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recommender.contracts import N_ACTIONS, FloatArray, IntArray
from recommender.flow import rank_for_viewer
from recommender.simulation.processes import map_parts
from recommender.simulation.small_world import (
    MOST_PAGES,
    Chances,
    Platform,
    Pools,
    believe,
    find_bars,
    see,
    weigh,
)

_PART = 50  # viewers of one piece of work


@dataclass(frozen=True, slots=True)
class Walks:
    """Who met which asked video on which of their pages, in several rounds of serving everybody."""

    n_pages: IntArray  # (n_rounds, n_viewers) pages asked for
    round: IntArray  # (n,) int64 of each meeting
    viewer: IntArray  # (n,) int64
    page: IntArray  # (n,) int64, 0 = the viewer's first
    place: IntArray  # (n,) int64 row of `Platform.asked`


def walk_feed(
    platform: Platform,
    n_rounds: int,
    seed: int,
    n_processes: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Walks:
    """Serve every viewer's pages in each round; the same seed gives the same walks for any `n_processes`."""
    n_viewers = len(platform.states)
    code = {
        int(video): place for place, video in enumerate(platform.engine.catalogue.video_id[platform.asked])
    }
    parts = [range(start, min(start + _PART, n_viewers)) for start in range(0, n_viewers, _PART)]
    n_pages = np.zeros((n_rounds, n_viewers), dtype=np.int64)
    meetings: list[tuple[int, int, int, int]] = []

    def walk(part: range) -> list[tuple[int, int, int, list[tuple[int, int, int, int]]]]:
        return [_walk(platform, code, turn, one, seed) for one in part for turn in range(n_rounds)]

    for done, walked in enumerate(map_parts(walk, parts, n_processes)):
        for turn, viewer, pages, met in walked:
            n_pages[turn, viewer] = pages
            meetings += met
        if progress is not None:
            progress((done + 1) / len(parts))
    columns = np.array(meetings, dtype=np.int64).reshape(-1, 4).T
    return Walks(n_pages, *columns)


def take_round(walks: Walks, turn: int) -> Walks:
    """One round alone."""
    here = walks.round == turn
    return Walks(
        walks.n_pages[turn : turn + 1],
        np.zeros(int(here.sum()), dtype=np.int64),
        walks.viewer[here],
        walks.page[here],
        walks.place[here],
    )


def _walk(
    platform: Platform, code: dict[int, int], turn: int, viewer: int, seed: int
) -> tuple[int, int, int, list[tuple[int, int, int, int]]]:
    """(round, viewer, pages, meetings) of one viewer in one round."""
    rng = np.random.default_rng([seed, turn, viewer])
    state = platform.states[viewer]
    scene = platform.scene(state)
    n_pages = min(int(rng.poisson(platform.pages_per_viewer[viewer])), MOST_PAGES)
    met = []
    for page in range(n_pages):
        slate = rank_for_viewer(platform.engine, state, scene, platform.weights, rng, platform.page_size)
        ids = [video.video_id for video in slate.videos]
        state = see(state, np.array(ids, dtype=np.int64))
        met += [(turn, viewer, page, code[video]) for video in ids if video in code]
    return turn, viewer, n_pages, met


def fill_pools(
    platform: Platform, pools: Pools, chances: Chances, walks: Walks, n_days: int, seed: int
) -> FloatArray:
    """(n_days, n_asked) impressions of each asked video on days mixed from the walks."""
    rng = np.random.default_rng(seed)
    cohort, bars = find_bars(platform, pools, chances, seed=0)
    days = [_fill(platform, pools, chances, walks, cohort, bars, rng) for _ in range(n_days)]
    return np.stack(days)


def _fill(
    platform: Platform,
    pools: Pools,
    chances: Chances,
    walks: Walks,
    cohort: float,
    bars: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """(n_asked,) impressions of one day."""
    n_rounds, n_viewers = walks.n_pages.shape
    chosen = rng.integers(0, n_rounds, size=(n_viewers,))
    here = np.flatnonzero(walks.round == chosen[walks.viewer])
    asked_at = np.sort(rng.random((n_viewers, MOST_PAGES)), axis=1)
    # A viewer with fewer pages asks for them at the first of as many moments drawn.
    n_pages: IntArray = np.take_along_axis(walks.n_pages, chosen[None, :], axis=0)[0]
    unused = np.arange(MOST_PAGES)[None, :] >= n_pages[:, None]
    asked_at = np.sort(np.where(unused, np.inf, rng.permuted(asked_at, axis=1)), axis=1)
    viewer, place = walks.viewer[here], walks.place[here]
    order = np.lexsort((asked_at[viewer, walks.page[here]], place))
    viewer, place = viewer[order], place[order]
    worth = weigh(platform, rng.random((len(viewer), N_ACTIONS)) < chances.action[viewer, place])
    return _climb(pools, worth, np.bincount(place, minlength=len(platform.asked)), cohort, bars)


def _climb(pools: Pools, worth: FloatArray, met: IntArray, cohort: float, bars: FloatArray) -> FloatArray:
    """(n_asked,) impressions until a pool was not passed; `worth` (n,) of the meetings, video after video."""
    first = np.cumsum(met) - met
    total = np.concatenate([[0.0], np.cumsum(worth)])
    reach, rising = np.zeros(len(met), dtype=np.int64), np.ones(len(met), dtype=bool)
    for budget, bar in zip(pools.list_budgets().tolist(), bars.tolist(), strict=True):
        reach = np.where(rising, np.minimum(met, budget), reach)
        value = total[first + reach] - total[first]
        rising &= (reach == budget) & (believe(pools, cohort, value, reach) > bar)
    return reach.astype(np.float64)
