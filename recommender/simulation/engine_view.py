"""What the live engine makes of each variant in each market: who would be shown it, and what they would do.

Every panel viewer's page is prepared by the code that serves (`flow.prepare_page`); a variant meets it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtri

from recommender.contracts import (
    N_ACTIONS,
    VALUE_TERMS,
    BoolArray,
    FloatArray,
    IntArray,
    ValueWeights,
)
from recommender.flow import Engine, ReadyPage, prepare_page
from recommender.rerank.value import value_terms
from recommender.simulation.audience import GroupTastes, draw_panel, make_scene
from recommender.simulation.reach_params import ReachParams
from recommender.simulation.show_odds import find_page_odds

#: Videos of a like length that a viewer's new candidates must hold before length narrows the cohort.
_MIN_COHORT = 8
#: Cohorts by length, seconds: short clips, the usual, long ones.
_DURATION_CUTS = (15.0, 60.0)
_PAGE_SIZE = 10
#: Viewers of one piece of work: a piece takes a tenth of a second, its bookkeeping a hundredth.
_PART_VIEWERS = 10
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class MarketView:
    """One market's panel, every variant of the question a column."""

    odds: FloatArray  # (n_variants,) chance to be shown on a page, over that of a usual new video
    position: FloatArray  # (n_variants,) mean share of the cohort that is worth less, 0-1
    action: FloatArray  # (n_variants, N_ACTIONS) mean predictions of those who would be shown it
    usual_action: FloatArray  # (N_ACTIONS,) the same of the cohort of new videos
    terms: FloatArray  # (n_variants, n_terms) mean value terms
    usual_terms: FloatArray  # (n_terms,) of the cohort
    watch_seconds: FloatArray  # (n_variants,)
    admitted: FloatArray  # (n_variants,) share of the panel whose rules let it through

    def standing(self) -> FloatArray:
        """(n_variants,) normal score of the position in the cohort."""
        score: FloatArray = ndtri(np.clip(self.position, 0.01, 0.99))
        return score


@dataclass(frozen=True, slots=True)
class PanelPart:
    """Some viewers of one market's panel: the piece of a run that one worker takes."""

    market: str
    start: int  # the first viewer
    stop: int  # behind the last


def list_parts(markets: Sequence[str], params: ReachParams) -> list[PanelPart]:
    """The pieces of a run, in the order in which they are summed: always the same, whoever works on them."""
    starts = range(0, params.panel_viewers, _PART_VIEWERS)
    return [
        PanelPart(market, start, min(start + _PART_VIEWERS, params.panel_viewers))
        for market in markets
        for start in starts
    ]


def view_markets(
    engine: Engine,
    weights: ValueWeights,
    rows: IntArray,
    markets: Sequence[str],
    now: float,
    params: ReachParams,
    seed: int,
    report: Report,
    groups: GroupTastes | None = None,
) -> dict[str, MarketView]:
    """The engine's view of the catalogue rows (drafts included in the engine's catalogue) in each market."""
    parts = list_parts(markets, params)
    found = []
    for place, part in enumerate(parts):
        report(place / len(parts), part.market)
        found.append(view_part(engine, weights, rows, part, now, params, seed, groups))
    return close_parts(parts, found, params)


def view_part(
    engine: Engine,
    weights: ValueWeights,
    rows: IntArray,
    part: PanelPart,
    now: float,
    params: ReachParams,
    seed: int,
    groups: GroupTastes | None = None,
) -> PanelSums:
    """What some viewers of a market's panel add to its view."""
    states = draw_panel(engine, part.market, params, seed, now, groups)[part.start : part.stop]
    sums = PanelSums(len(rows))
    for state, scene in zip(states, make_scene(part.market, now, states), strict=True):
        sums.add(engine, rows, prepare_page(engine, state, scene, weights), weights, scene.market)
    return sums


def close_parts(
    parts: Sequence[PanelPart], found: Sequence[PanelSums], params: ReachParams
) -> dict[str, MarketView]:
    """Each market's view; the sums of its parts are added in the order of the parts."""
    markets = dict.fromkeys(part.market for part in parts)
    return {
        market: add_sums(
            [sums for part, sums in zip(parts, found, strict=True) if part.market == market]
        ).close(params.odds_strength)
        for market in markets
    }


def add_sums(found: Sequence[PanelSums]) -> PanelSums:
    """One sum of several, added in their order: a sum of floats depends on it."""
    total = PanelSums(len(found[0].odds))
    for sums in found:
        for name in PanelSums.NAMES:
            setattr(total, name, getattr(total, name) + getattr(sums, name))
    return total


class PanelSums:
    """Running sums over a panel's viewers."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "n_viewers", "odds", "position", "met", "action", "seconds", "terms", "usual_action", "usual_terms",
        "n_usual",
    )  # fmt: skip

    def __init__(self, n_variants: int) -> None:
        self.n_viewers = 0
        self.odds = np.zeros(n_variants)
        self.position, self.met = np.zeros(n_variants), np.zeros(n_variants)
        self.action, self.seconds = np.zeros((n_variants, N_ACTIONS)), np.zeros(n_variants)
        self.terms = np.zeros((n_variants, len(VALUE_TERMS)))
        self.usual_action, self.usual_terms = np.zeros(N_ACTIONS), np.zeros(len(VALUE_TERMS))
        self.n_usual = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers that give the very same sums back (`read_sums`)."""
        return {name: np.asarray(getattr(self, name)).tolist() for name in self.NAMES}

    def add(
        self, engine: Engine, rows: IntArray, ready: ReadyPage, weights: ValueWeights, market: int
    ) -> None:
        """One viewer's page."""
        self.n_viewers += 1
        video = ready.candidates.video
        place = _find(video, rows)
        here = place >= 0
        terms = _expand(ready, weights, market)
        value = terms.sum(axis=1)
        is_variant = np.zeros(len(video), dtype=bool)
        is_variant[place[here]] = True
        cohort = np.flatnonzero(~is_variant & _is_new(engine, video))
        if not len(cohort):
            cohort = np.flatnonzero(~is_variant)
        if not len(cohort):
            return
        asked = np.where(here, _find(ready.shortlist.video_id, engine.catalogue.video_id[rows]), -1)
        odds = find_page_odds(ready, asked, _PAGE_SIZE, engine.params.rerank, alone=True)
        share = odds.drawn / max(len(cohort), 1)
        new_on_page = ready.shortlist.is_new[odds.page].sum() / max(len(cohort), 1)
        self.odds += odds.probability / max(share + new_on_page, 1e-6)
        probability = ready.predictions.probability
        self.usual_action += probability[cohort].mean(axis=0)
        self.usual_terms += terms[cohort].mean(axis=0)
        self.n_usual += 1
        for variant in np.flatnonzero(here).tolist():
            row = int(place[variant])
            like = _keep_like_length(engine, video[cohort], int(rows[variant]))
            self.position[variant] += float((value[cohort][like] < value[row]).mean())
            self.action[variant] += probability[row]
            self.terms[variant] += terms[row]
            self.seconds[variant] += ready.predictions.watch_seconds[row]
            self.met[variant] += 1

    def close(self, strength: float) -> MarketView:
        """Means; a variant nobody of the panel may see has odds and position 0."""
        met = np.maximum(self.met, 1.0)
        share = self.met / max(self.n_viewers, 1)
        usual = self.usual_action / max(self.n_usual, 1)
        odds = (self.odds + strength * share) / (self.n_viewers + strength)
        known = (self.met > 0)[:, None]
        return MarketView(
            odds=np.where(self.met > 0, odds, 0.0),
            position=self.position / met,
            action=np.where(known, self.action / met[:, None], usual),
            usual_action=usual,
            terms=self.terms / met[:, None],
            usual_terms=self.usual_terms / max(self.n_usual, 1),
            watch_seconds=self.seconds / met,
            admitted=share,
        )


def read_sums(told: dict[str, Any]) -> PanelSums:
    """The sums that `PanelSums.to_dict` told."""
    sums = PanelSums(len(told["odds"]))
    for name in PanelSums.NAMES:
        value = told[name]
        setattr(sums, name, np.array(value, dtype=np.float64) if isinstance(value, list) else int(value))
    return sums


def _expand(ready: ReadyPage, weights: ValueWeights, market: int) -> FloatArray:
    """(n_candidates, n_terms) value terms of all candidates."""
    return value_terms(ready.predictions, weights, market).astype(np.float64)


def _find(haystack: IntArray, wanted: IntArray) -> IntArray:
    """(n,) position of each wanted value, -1 where it is not there."""
    if not len(haystack):
        return np.full(len(wanted), -1)
    order = np.argsort(haystack, kind="stable")
    place = np.minimum(np.searchsorted(haystack[order], wanted), len(haystack) - 1)
    return np.where(haystack[order][place] == wanted, order[place], -1)


def _is_new(engine: Engine, video: IntArray) -> BoolArray:
    """(n,) bool: few have been shown it, whatever its age: the cohort of a new video."""
    few: BoolArray = engine.statistics.shown[video] < engine.params.recall.fresh_impressions
    return few


def _keep_like_length(engine: Engine, cohort: IntArray, row: int) -> BoolArray:
    """(n,) bool: cohort members of a like length, or all where they are too few."""
    duration = engine.catalogue.duration_seconds
    like: BoolArray = np.digitize(duration[cohort], _DURATION_CUTS) == np.digitize(
        duration[row], _DURATION_CUTS
    )
    return like if like.sum() >= _MIN_COHORT else np.ones(len(cohort), dtype=bool)
