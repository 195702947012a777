"""How likely a page shows a video: the re-rank's own rules, with its coins counted instead of thrown.

`rerank.compose` builds a page place by place and throws one coin a place: explore or not. Here the places are
walked once along the page without exploration, and each video's chance of every coin is added up. Agrees with
pages that are really composed (tests/recommender/simulation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

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
    place: IntArray  # (n_asked,) where it stands on that page, -1 where it does not
    missed: FloatArray  # (n_asked,) chance that no coin of this page draws it
    delay: float  # chance a place that a coin fills it with a video from beyond the page

    @property
    def probability(self) -> FloatArray:
        """(n_asked,) chance in [0, 1] to stand on the page as it is really composed."""
        late = chance_of_delay(self.place, len(self.page), self.delay)
        return 1 - np.where(self.place >= 0, late, 1.0) * self.missed


def chance_of_delay(place: IntArray, n_places: int, delay: float) -> FloatArray:
    """(n,) chance that coins push the video of each place (0-based) beyond the first `n_places` places."""
    late: FloatArray = bdtr(np.clip(place, 0, max(n_places, 1)), max(n_places, 1), 1 - delay)
    return late


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
    coins: list[dict[int, float]] = []
    while len(walk.page) < k and walk.step():
        turn = len(walk.page) - 1
        new_here = (place < 0) & (walk.beats(rows, is_guest) if alone else (rows == walk.page[-1]))
        place[new_here & present] = turn
        drawn = walk.explore()
        missed *= 1 - params.exploration_share * walk.draw_asked(rows, is_guest, drawn)
        coins.append(drawn)
    # A coin delays the page where it draws a video that the rest of the page would not have shown.
    stays = set(walk.page)
    delays = [sum(chance for row, chance in drawn.items() if row not in stays) for drawn in coins]
    delay = params.exploration_share * float(np.mean(delays)) if delays else 0.0
    place = np.where(present, place, -1)
    return PageOdds(np.array(walk.page, dtype=np.int64), place, np.where(present, missed, 1.0), delay)


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
        self._pool: IntArray = np.zeros(0, dtype=np.int64)

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
        wins: BoolArray = (
            is_guest[rows] & self.apart[rows] & (self.adjusted[rows] > self.adjusted[self.page[-1]])
        )
        return wins

    def _find_pool(self) -> IntArray:
        """Rows exploration draws from at this place."""
        pool = np.flatnonzero(self.short.is_new & self.apart & self.is_open & np.isfinite(self.adjusted))
        if len(pool) > self.params.exploration_pool:
            pool = pool[pick_top(self.adjusted[pool], self.params.exploration_pool)]
        return pool

    def explore(self) -> dict[int, float]:
        """Chance of each row to be drawn if this place explores; empty where no new video is left."""
        if not len(self._pool):
            return {}
        chances = soften(self.adjusted[self._pool], self.params)
        return dict(zip(self._pool.tolist(), chances.tolist(), strict=True))

    def draw_asked(self, rows: IntArray, is_guest: BoolArray, drawn: dict[int, float]) -> FloatArray:
        """(n,) chance of each asked row to be drawn if this place explores."""
        odds = np.zeros(len(rows))
        for place, row in enumerate(rows.tolist()):
            if not is_guest[row]:
                odds[place] = drawn.get(row, 0.0)
            elif self.short.is_new[row] and self.apart[row]:
                odds[place] = self._draw_guest(row, self._pool)
        return odds

    def _draw_guest(self, row: int, pool: IntArray) -> float:
        joined = np.append(pool, row)
        if len(joined) > self.params.exploration_pool:
            joined = joined[pick_top(self.adjusted[joined], self.params.exploration_pool)]
        chosen = soften(self.adjusted[joined], self.params)[joined == row]
        return float(chosen.sum())
