"""How likely a page shows a video: the re-rank's own rules, with its coins counted instead of thrown.

`rerank.compose` builds a page place by place and throws one coin a place: take the best, or draw from one of
the page's lanes. Here the places are walked once along the page without draws, and each video's chance of
every coin is added up. Agrees with pages that are really composed (tests/recommender/simulation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from recommender.contracts import UNKNOWN, BoolArray, FloatArray, IntArray
from recommender.flow import ReadyPage
from recommender.params import RerankParams
from recommender.rerank.diversity import PageDiversity
from recommender.rerank.exploration import NEW, ArmLane, Lane


@dataclass(frozen=True, slots=True)
class PageOdds:
    """The page without exploration, and what each asked video's chances on it are."""

    page: IntArray  # (k,) shortlist rows in the order of the page
    place: IntArray  # (n_asked,) where it stands on that page, -1 where it does not
    missed: FloatArray  # (n_asked,) chance that no coin of this page draws it
    delay: float  # chance a place that a coin fills it with a video from beyond the page
    drawn: float  # mean number of the page's places that a coin fills
    still: FloatArray  # (n_shortlist,) chance of each row that no coin drew it, earlier pages included

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
    ready: ReadyPage,
    asked: IntArray,
    k: int,
    params: RerankParams,
    alone: bool = False,
    still: FloatArray | None = None,
) -> PageOdds:
    """Chances of the asked shortlist rows.

    Parameters
    ----------
    asked : (n_asked,) rows of `ready.shortlist`, -1 for a video that did not come so far: its chance is 0.
    alone : each asked video meets the page without the other asked ones: variants of one video that do not
        compete with each other. Otherwise they stand in the shortlist like any other.
    still : (n_shortlist,) chance of each row that no coin of an earlier page drew it; None = first page.
    """
    short = ready.shortlist
    value = short.terms.sum(axis=1)
    value = np.where(np.isfinite(value), value, -np.inf)
    present = asked >= 0
    rows = np.where(present, asked, 0)
    walk = _Walk(ready, value, params, still)
    if alone:
        walk.is_open[asked[present]] = False
    is_guest = np.zeros(len(value), dtype=bool)
    is_guest[asked[present]] = alone
    place = np.full(len(asked), -1)
    missed = np.ones(len(asked))
    coins: list[FloatArray] = []
    while len(walk.page) < k and walk.step():
        turn = len(walk.page) - 1
        new_here = (place < 0) & (walk.beats(rows, is_guest) if alone else (rows == walk.page[-1]))
        place[new_here & present] = turn
        coins.append(walk.explore())
        if alone:
            missed *= 1 - walk.draw_guests(rows)
    if not alone:
        missed = walk.still[rows] / np.maximum(walk.before[rows], 1e-12)
    drawn = float(np.sum(coins))
    delay = _find_delay(walk)
    place = np.where(present, place, -1)
    page = np.array(walk.page, dtype=np.int64)
    return PageOdds(page, place, np.where(present, missed, 1.0), delay, drawn, walk.still)


def _find_delay(walk: _Walk) -> float:
    """The chance a place to be delayed with which the chances of all rows sum to the page's places."""
    n_places = len(walk.page)
    missed = walk.still / np.maximum(walk.before, 1e-12)
    on_page = np.array(walk.page, dtype=np.int64)
    inside = missed[on_page]
    left = n_places - float((1 - missed).sum() - (1 - inside).sum())
    low, high = 0.0, 1.0
    for _ in range(20):  # halving: a millionth
        middle = (low + high) / 2
        shown = n_places - float((chance_of_delay(np.arange(n_places), n_places, middle) * inside).sum())
        low, high = (middle, high) if shown > left else (low, middle)
    return low


class _Walk:
    """The page without draws, place by place, as `rerank.compose` would fill it."""

    def __init__(
        self, ready: ReadyPage, value: FloatArray, params: RerankParams, still: FloatArray | None
    ) -> None:
        self.short, self.value, self.params = ready.shortlist, value, params
        self.is_open: BoolArray = np.isfinite(value)
        self.diversity = PageDiversity(self.short.creator, self.short.vectors, value, params)
        self.page: list[int] = []
        self.last = (ready.last_creator, ready.last_sound)
        self.adjusted = value
        self.apart: BoolArray = self.is_open
        self.still = np.ones(len(value)) if still is None else still.copy()
        self.before = self.still.copy()
        self.here = value  # (n,) what this place may be given to, -inf elsewhere
        usual = (Lane(NEW, params.exploration_share, self.short.is_new),)
        lanes = usual if self.short.lanes is None else self.short.lanes
        self.lanes = [lane for lane in lanes if lane.share > 0]
        self.scale = 1.0 / max(1.0, sum(lane.share for lane in self.lanes))

    def step(self) -> bool:
        """Fill the next place; False where the rules leave nothing."""
        apart = self.short.creator != self.last[0]
        if self.last[1] != UNKNOWN:
            apart &= self.short.sound != self.last[1]
        self.apart = apart
        if not (apart & self.is_open).any():
            return False
        self.adjusted = self.diversity.adjust(self.value)
        self.here = np.where(apart & self.is_open, self.adjusted, -np.inf)
        best = int(self.here.argmax())
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

    def explore(self) -> FloatArray:
        """(n,) chance of each row that a coin puts it here instead of the best."""
        drawn = np.zeros(len(self.value))
        for lane in self.lanes:
            if isinstance(lane, ArmLane):
                drawn += lane.share * self.scale * self._draw_arm(lane)
                continue
            rows, odds = lane.chances(self.here, self.params)
            # What an earlier coin took leaves its chance to the others.
            odds = odds * self.still[rows]
            drawn[rows] += lane.share * self.scale * odds / max(odds.sum(), 1e-12)
        drawn[self.page[-1]] = 0.0
        self.still *= 1 - np.minimum(drawn / np.maximum(self.still, 1e-12), 1.0)
        return drawn

    def _draw_arm(self, lane: ArmLane) -> FloatArray:
        """(n,) chance of each row to be the best of its arm that no coin took, and of the arm to be drawn."""
        rows = np.flatnonzero(np.isfinite(self.here) & (lane.arm >= 0))
        drawn = np.zeros(len(self.value))
        if not len(rows):
            return drawn
        order = rows[np.lexsort((-self.here[rows], lane.arm[rows]))]
        arm = lane.arm[order]
        first = np.append(True, arm[1:] != arm[:-1])
        taken = np.log(np.maximum(1 - self.still[order], 1e-12))
        before = np.cumsum(taken) - taken
        before -= before[first][np.cumsum(first) - 1]
        odds = lane.chance[arm] + 1e-9
        drawn[order] = odds / odds[first].sum() * self.still[order] * np.exp(before)
        return drawn

    def draw_guests(self, rows: IntArray) -> FloatArray:
        """(n,) the same chance of each guest, had it alone been among the others."""
        drawn = np.zeros(len(rows))
        may = self.apart[rows] & np.isfinite(self.adjusted[rows])
        for lane in self.lanes:
            if isinstance(lane, ArmLane):
                inside = may & (lane.arm[rows] >= 0)
                odds = _join_arms(lane, self.here, self.adjusted, rows[inside])
            else:
                inside = may & lane.is_in[rows]
                odds = _join_pool(lane, self.here, self.adjusted, rows[inside], self.params)
            drawn[inside] += lane.share * self.scale * odds
        return drawn


def _join_pool(
    lane: Lane, here: FloatArray, value: FloatArray, guests: IntArray, params: RerankParams
) -> FloatArray:
    """(n_guests,) chance of each to be drawn by softmax from the lane's rows and itself."""
    pool = np.flatnonzero(lane.is_in & np.isfinite(here))
    joined = np.column_stack([value[guests], np.tile(value[pool], (len(guests), 1))])
    if lane.lift is not None:
        lift = np.column_stack([lane.lift[guests], np.tile(lane.lift[pool], (len(guests), 1))])
        joined = joined + lift * np.maximum(joined.std(axis=1, keepdims=True), 1e-6)
    own = joined[:, 0].copy()
    most = params.exploration_pool
    if joined.shape[1] > most:
        joined = -np.partition(-joined, most - 1, axis=1)[:, :most]
    heat = np.maximum(joined.std(axis=1) * params.exploration_temperature, 1e-9)
    top = joined.max(axis=1, initial=-np.inf)
    weight = np.exp((joined - top[:, None]) / heat[:, None]).sum(axis=1)
    chance: FloatArray = np.where(own >= joined.min(axis=1), np.exp((own - top) / heat) / weight, 0.0)
    return chance


def _join_arms(lane: ArmLane, here: FloatArray, value: FloatArray, guests: IntArray) -> FloatArray:
    """(n_guests,) chance of each to be its arm's best, and of the arm to be drawn."""
    rows = np.flatnonzero(np.isfinite(here) & (lane.arm >= 0))
    best = np.full(len(lane.chance), -np.inf)
    np.maximum.at(best, lane.arm[rows], here[rows])
    odds = lane.chance + 1e-9
    arm = lane.arm[guests]
    others = odds[np.isfinite(best)].sum()
    total = others + np.where(np.isfinite(best[arm]), 0.0, odds[arm])
    chance: FloatArray = np.where(value[guests] > best[arm], odds[arm] / total, 0.0)
    return chance
