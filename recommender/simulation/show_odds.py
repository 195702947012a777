"""How likely a page shows a video: the re-rank's own rules, with its coins counted instead of thrown.

`rerank.compose` builds a page place by place and throws one coin a place: explore or not. Here the places are
walked once along the page without exploration, and each video's chance of every coin is added up. Agrees with
pages that are really composed (tests/recommender/simulation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from recommender.contracts import UNKNOWN, BoolArray, FloatArray, IntArray
from recommender.features.order import pick_top
from recommender.flow import ReadyPage
from recommender.params import RerankParams
from recommender.rerank.diversity import PageDiversity
from recommender.rerank.exploration import soften


@dataclass(frozen=True, slots=True)
class PageOdds:
    """The page without exploration, and what each asked video's chances on it are."""

    page: IntArray  # (k,) shortlist rows in the order of the page
    probability: FloatArray  # (n_asked,) chance in [0, 1] to stand on the page


def find_page_odds(
    ready: ReadyPage, asked: IntArray, k: int, params: RerankParams, alone: bool = False
) -> PageOdds:
    """Chances of the asked shortlist rows.

    Parameters
    ----------
    asked : (n_asked,) rows of `ready.shortlist`, -1 for a video that did not come so far: its chance is 0.
    alone : each asked video meets the page without the other asked ones: variants of one video that do not
        compete with each other. Otherwise they stand in the shortlist like any other.
    """
    short = ready.shortlist
    value = short.terms.sum(axis=1)
    value = np.where(np.isfinite(value), value, -np.inf)
    present = asked >= 0
    rows = np.where(present, asked, 0)
    walk = _Walk(ready, value, params)
    if alone:
        walk.is_open[asked[present]] = False
    is_guest = np.zeros(len(value), dtype=bool)
    is_guest[asked[present]] = alone
    place = np.full(len(asked), -1)
    missed = np.ones(len(asked))
    coins = []
    while len(walk.page) < k and walk.step():
        turn = len(walk.page) - 1
        new_here = (place < 0) & (
            walk.beats(rows, is_guest) if alone else (rows == walk.page[-1])
        )
        place[new_here & present] = turn
        odds, own = walk.explore(rows, is_guest)
        missed *= 1 - params.exploration_share * odds
        coins.append(params.exploration_share * (1 - own) if own >= 0 else 0.0)
    explored_share = float(np.mean(coins)) if coins else 0.0
    late = binom.cdf(place, max(len(coins), 1), 1 - explored_share)
    not_shown = np.where(place >= 0, late, 1.0) * missed
    return PageOdds(np.array(walk.page, dtype=np.int64), np.where(present, 1 - not_shown, 0.0))


class _Walk:
    """The page without exploration, place by place, as `rerank.compose` would fill it."""

    def __init__(self, ready: ReadyPage, value: FloatArray, params: RerankParams) -> None:
        self.short, self.value, self.params = ready.shortlist, value, params
        self.is_open: BoolArray = np.isfinite(value)
        self.diversity = PageDiversity(self.short.creator, self.short.vectors, value, params)
        self.page: list[int] = []
        self.last = (ready.last_creator, ready.last_sound)
        self.adjusted = value
        self.apart: BoolArray = self.is_open

    def step(self) -> bool:
        """Fill the next place; False where the rules leave nothing."""
        apart = self.short.creator != self.last[0]
        if self.last[1] != UNKNOWN:
            apart &= self.short.sound != self.last[1]
        self.apart = apart
        if not (apart & self.is_open).any():
            return False
        self.adjusted = self.diversity.adjust(self.value)
        best = int(np.where(apart & self.is_open, self.adjusted, -np.inf).argmax())
        self._pool = self._find_pool()
        self.page.append(best)
        self.is_open[best] = False
        self.diversity.add(best)
        self.last = (int(self.short.creator[best]), int(self.short.sound[best]))
        return True

    def beats(self, rows: IntArray, is_guest: BoolArray) -> BoolArray:
        """(n,) would this guest have stood at the place just filled?"""
        wins: BoolArray = is_guest[rows] & self.apart[rows] & (self.adjusted[rows] > self.adjusted[self.page[-1]])
        return wins

    def _find_pool(self) -> IntArray:
        """Rows exploration draws from at this place."""
        pool = np.flatnonzero(self.short.is_new & self.apart & self.is_open & np.isfinite(self.adjusted))
        if len(pool) > self.params.exploration_pool:
            pool = pool[pick_top(self.adjusted[pool], self.params.exploration_pool)]
        return pool

    def explore(self, rows: IntArray, is_guest: BoolArray) -> tuple[FloatArray, float]:
        """(n,) chance of each row to be drawn if this place explores, and that of the page's own row.

        The own chance is -1 where no new video is left: then no coin is thrown.
        """
        odds, pool = np.zeros(len(rows)), self._pool
        softened = soften(self.adjusted[pool], self.params) if len(pool) else np.zeros(0)
        drawn = dict(zip(pool.tolist(), softened.tolist(), strict=True))
        for place, row in enumerate(rows.tolist()):
            if not is_guest[row]:
                odds[place] = drawn.get(row, 0.0)
            elif self.short.is_new[row] and self.apart[row]:
                odds[place] = self._draw_guest(row, pool)
        own = drawn.get(self.page[-1], 0.0) if len(pool) else -1.0
        return odds, own

    def _draw_guest(self, row: int, pool: IntArray) -> float:
        joined = np.append(pool, row)
        if len(joined) > self.params.exploration_pool:
            joined = joined[pick_top(self.adjusted[joined], self.params.exploration_pool)]
        chosen = soften(self.adjusted[joined], self.params)[joined == row]
        return float(chosen.sum())
