"""What the live engine makes of each variant in each market: who would be shown it, and what they would do.

Every panel viewer's page is prepared by the code that serves (`flow.prepare_page`); a variant meets it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from recommender.contracts import (
    N_ACTIONS,
    VALUE_TERMS,
    BoolArray,
    FloatArray,
    IntArray,
    Scenario,
    ValueWeights,
    ViewerState,
)
from recommender.flow import Engine, ReadyPage, prepare_page
from recommender.rerank.value import value_terms
from recommender.simulation.audience import draw_panel, make_scene
from recommender.simulation.reach_params import ReachParams
from recommender.simulation.show_odds import find_page_odds

#: Videos of a like length that a viewer's new candidates must hold before length narrows the cohort.
_MIN_COHORT = 8
#: Cohorts by length, seconds: short clips, the usual, long ones.
_DURATION_CUTS = (15.0, 60.0)
_PAGE_SIZE = 10
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


def view_markets(
    engine: Engine,
    weights: ValueWeights,
    rows: IntArray,
    markets: Sequence[str],
    now: float,
    params: ReachParams,
    seed: int,
    report: Report,
) -> dict[str, MarketView]:
    """The engine's view of the catalogue rows (drafts included in the engine's catalogue) in each market."""
    views = {}
    for place, market in enumerate(markets):
        report(place / len(markets), market)
        states = draw_panel(engine, market, params, seed, now)
        scenes = make_scene(market, now, states)
        views[market] = _view_market(engine, weights, rows, states, scenes, params)
    return views


def _view_market(
    engine: Engine,
    weights: ValueWeights,
    rows: IntArray,
    states: Sequence[ViewerState],
    scenes: Sequence[Scenario],
    params: ReachParams,
) -> MarketView:
    sums = _Sums(len(rows))
    for state, scene in zip(states, scenes, strict=True):
        sums.add(engine, rows, prepare_page(engine, state, scene, weights), weights, scene.market)
    return sums.close(params.odds_strength)


class _Sums:
    """Running sums over a panel's viewers."""

    def __init__(self, n_variants: int) -> None:
        self.n_viewers = 0
        self.odds = np.zeros(n_variants)
        self.position, self.met = np.zeros(n_variants), np.zeros(n_variants)
        self.action, self.seconds = np.zeros((n_variants, N_ACTIONS)), np.zeros(n_variants)
        self.terms = np.zeros((n_variants, len(VALUE_TERMS)))
        self.usual_action, self.usual_terms = np.zeros(N_ACTIONS), np.zeros(len(VALUE_TERMS))
        self.n_usual = 0

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
        share = len(odds.page) * engine.params.rerank.exploration_share / max(len(cohort), 1)
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
