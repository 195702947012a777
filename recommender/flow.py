"""The whole journey from a viewer's state to a page, at array level.

Serving, evaluation and simulation call the same functions, so what is measured is what is served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.coldstart.lanes import Newcomers
from recommender.coldstart.tastes import TastePriors
from recommender.contracts import (
    N_ACTIONS,
    UNKNOWN,
    Candidates,
    Catalogue,
    FloatArray,
    IntArray,
    Predictions,
    Scenario,
    Slate,
    ValueWeights,
    ViewerState,
)
from recommender.features.assemble import FeatureRows, assemble
from recommender.features.content import Content
from recommender.features.crosses import (
    encode_crosses,
    list_alone,
    scene_columns,
    video_columns,
    viewer_columns,
)
from recommender.features.order import pick_top
from recommender.features.responses import Responses
from recommender.features.statistics import Statistics, encode_videos, look_up_rates
from recommender.features.viewers import ViewerProfile, read_viewer
from recommender.params import Params
from recommender.prediction.inputs import PredictionInputs, Predictor, Reading
from recommender.recall.gather import SIGNALS, SOURCES, fill_signals, gather
from recommender.recall.index import RecallIndex
from recommender.recall.newcomers import imagine_watches
from recommender.recall.searches import match_words
from recommender.rerank.compose import Shortlist, compose
from recommender.rerank.exploration import ArmLane, Lane
from recommender.rerank.lanes import kept_lanes, narrow, taste_lane, top_of
from recommender.rerank.rules import Gates, admit_for_viewer, explain_admission, find_capped
from recommender.rerank.value import value_terms


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a ranking reads; immutable, so that a new version replaces it in one assignment."""

    catalogue: Catalogue
    content: Content
    statistics: Statistics
    recall: RecallIndex
    responses: Responses
    gates: Gates
    newcomers: Newcomers
    tastes: TastePriors
    predictor: Predictor
    fusion: FloatArray  # (n_signals,) float32
    params: Params
    version: str
    meta: Mapping[str, Any]

    @property
    def is_fallback(self) -> bool:
        """No fitted artifact stands behind this engine."""
        return bool(self.meta.get("fallback", False))


def rank_for_viewer(
    engine: Engine,
    state: ViewerState,
    scenario: Scenario,
    weights: ValueWeights,
    rng: np.random.Generator,
    k: int = 10,
) -> Slate:
    """One page for one viewer: recall, features, prediction, value, rules, composition.

    Pure: the same inputs and generator state give the same page.

    Raises
    ------
    ValueError
        if `k` is not between 1 and the shortlist's size.
    """
    ready = prepare_page(engine, state, scenario, weights)
    ready.dropped["seen"] = len(state.seen_video_id)
    return compose_page(engine, ready, rng, k)


def compose_page(engine: Engine, ready: ReadyPage, rng: np.random.Generator, k: int) -> Slate:
    """The page itself, of what was made ready for it.

    Raises
    ------
    ValueError
        if `k` is not between 1 and the shortlist's size.
    """
    if not 1 <= k <= engine.params.rerank.shortlist:
        raise ValueError(f"a page of {k} videos was asked for; choose 1 to {engine.params.rerank.shortlist}")
    return compose(
        ready.shortlist,
        ready.last_creator,
        ready.last_sound,
        k,
        rng,
        engine.params.rerank,
        ready.dropped,
        len(ready.candidates),
    )


@dataclass(frozen=True, slots=True)
class ReadyPage:
    """Everything a page is composed of: what recall and prediction said, and the best of it."""

    candidates: Candidates
    predictions: Predictions  # of the candidates, in their order
    shortlist: Shortlist
    dropped: dict[str, int]  # rule -> candidates it removed
    last_creator: int  # of the video seen just before the page, UNKNOWN for none
    last_sound: int


#: Replaces, in place, rows of the value terms: (rows of the catalogue, predictions, terms) -> None.
Treat = Callable[[IntArray, Predictions, FloatArray], None]


def prepare_page(
    engine: Engine,
    state: ViewerState,
    scenario: Scenario,
    weights: ValueWeights,
    treat: Treat | None = None,
) -> ReadyPage:
    """The journey up to the page: recall, features, prediction, value, rules. No chance in it.

    `treat` may value some videos otherwise: experiments among creators do.
    """
    viewer, searched = open_viewer(engine, state, scenario)
    candidates = gather(engine.recall, viewer, scenario, engine.fusion, engine.params.recall.candidates)
    predictions = predict_candidates(engine, viewer, scenario, candidates)
    terms = value_terms(predictions, weights, scenario.market)
    if treat is not None:
        treat(candidates.video, predictions, terms)
    shortlist, dropped = _shortlist(engine, state, scenario, candidates, terms, searched)
    last = engine.catalogue.find_rows(state.recent_video_id[-1:])
    has_last = len(last) > 0 and last[0] >= 0
    return ReadyPage(
        candidates=candidates,
        predictions=predictions,
        shortlist=shortlist,
        dropped=dropped,
        last_creator=int(engine.content.creator[last[0]]) if has_last else UNKNOWN,
        last_sound=int(engine.catalogue.sound_id[last[0]]) if has_last else UNKNOWN,
    )


def open_viewer(engine: Engine, state: ViewerState, scenario: Scenario) -> tuple[ViewerProfile, IntArray]:
    """The viewer against this catalogue and market, and the rows that match what they searched for."""
    searched, _ = match_words(engine.recall, state.search_tokens)
    admitted = admit_for_viewer(engine.gates, engine.catalogue, state, scenario.market, searched)
    imagined = imagine_watches(state, engine.recall.topics.get(scenario.market), engine.params.recall)
    viewer = read_viewer(engine.catalogue, engine.content, state, admitted, imagined, engine.params.features)
    return viewer, searched


def predict_candidates(
    engine: Engine, viewer: ViewerProfile, scenario: Scenario, candidates: Candidates
) -> Predictions:
    """Calibrated predictions of one viewer's candidates, in their order."""
    if not len(candidates):  # a viewer who has seen everything: no row for the predictor to look at
        none = np.zeros(0, dtype=np.float32)
        return Predictions(np.zeros((0, N_ACTIONS), dtype=np.float32), none, none)
    state, item = read_responses(engine, viewer, candidates.video)
    rows = describe_rows(engine, viewer, scenario, candidates.video, candidates.signals, (state, item))
    matrix, _ = assemble(engine.catalogue, engine.content, rows, engine.params.features)
    columns = video_columns(engine.catalogue, engine.content, candidates.video)
    columns |= scene_columns(scenario) | viewer_columns(viewer.state)
    return engine.predictor.predict(
        PredictionInputs(
            matrix=matrix,
            slots=encode_crosses(engine.statistics.crosses, columns),
            duration_seconds=engine.catalogue.duration_seconds[candidates.video],
            fused=candidates.fused,
            market=scenario.market,
            reading=Reading(state, item, encode_crosses(list_alone(engine.statistics.crosses), columns)),
        )
    )


def read_responses(engine: Engine, viewer: ViewerProfile, video: IntArray) -> tuple[FloatArray, FloatArray]:
    """The viewer's state, (1, d), and the vectors of the videos, (n, d), as the response CNN reads them."""
    if "response" not in viewer.read:
        viewer.read["response"] = engine.responses.read(viewer.recent.video, viewer.recent.actions)
    return viewer.read["response"], engine.responses.take_items(video)


def score_videos(engine: Engine, state: ViewerState, scenario: Scenario, video: IntArray) -> Predictions:
    """Predictions of given catalogue rows for one viewer, in the order given: search and reach ask this."""
    viewer, _ = open_viewer(engine, state, scenario)
    signals = np.zeros((len(video), len(SIGNALS)), dtype=np.float32)
    fill_signals(engine.recall, viewer, scenario, video, signals)
    fused = signals @ engine.fusion
    source = np.zeros(len(video), dtype=np.int8)
    return predict_candidates(engine, viewer, scenario, Candidates(video, source, signals, fused))


def describe_rows(
    engine: Engine,
    viewer: ViewerProfile,
    scenario: Scenario,
    video: IntArray,
    signals: FloatArray,
    read: tuple[FloatArray, FloatArray],
) -> FeatureRows:
    """What is known now about (viewer, each video, scene); `read` is of `read_responses`."""
    statistics = engine.statistics
    codes = encode_videos(engine.catalogue, engine.content, video)
    odds, shown = look_up_rates(statistics.tables, codes)
    return FeatureRows(
        video=video,
        happened_at=np.array([scenario.happened_at]),
        rate_log_odds=odds,
        rate_log_shown=shown,
        recent=viewer.recent,
        viewer_market=np.array([viewer.state.market]),
        viewer_language=np.array([viewer.state.language]),
        interests=viewer.state.interests[None, :],
        scores=signals,
        score_names=SIGNALS,
        responses=engine.responses.respond(*read, video),
        base_rate=statistics.tables.base_rate,
    )


def _shortlist(
    engine: Engine,
    state: ViewerState,
    scenario: Scenario,
    candidates: Candidates,
    terms: FloatArray,
    searched: IntArray,
) -> tuple[Shortlist, dict[str, int]]:
    """The most valuable candidates that the caps leave, with the best new ones among them."""
    params = engine.params.rerank
    value = terms.sum(axis=1)
    creator_full, topic_full = find_capped(
        engine.catalogue, engine.content, state, candidates.video, scenario.happened_at, params
    )
    usable = np.isfinite(value) & ~creator_full & ~topic_full
    dropped = {
        "creator_daily_cap": int(creator_full.sum()),
        "topic_daily_cap": int((topic_full & ~creator_full).sum()),
        "not_finite": int((~np.isfinite(value)).sum()),
    }
    value = np.where(usable, value, -np.inf)
    lanes = _open_lanes(engine, state, scenario, candidates.video)
    best = [pick_top(value, params.shortlist), *(top_of(lane, value, params) for lane in lanes)]
    rows = np.unique(np.concatenate(best))
    video = candidates.video[rows]
    shortlist = Shortlist(
        video_id=engine.catalogue.video_id[video],
        creator=engine.content.creator[video],
        sound=engine.catalogue.sound_id[video],
        vectors=engine.content.vectors[video],
        terms=terms[rows],
        source=candidates.source[rows],
        is_new=engine.newcomers.need_in(scenario.market)[video] > 0,
        admission=explain_admission(engine.gates, scenario.market, video, searched),
        source_names=SOURCES,
        lanes=tuple(narrow(lane, rows) for lane in lanes),
    )
    return shortlist, dropped


def _open_lanes(
    engine: Engine, state: ViewerState, scenario: Scenario, video: IntArray
) -> list[Lane | ArmLane]:
    """Who is drawn for beside the best on this page; chances of (n_candidates,) catalogue rows."""
    newcomers, market = engine.newcomers, scenario.market
    home = engine.catalogue.market[video] == market if market != UNKNOWN else np.zeros(len(video), bool)
    lanes: list[Lane | ArmLane] = list(
        kept_lanes(newcomers, market, video, home, engine.params.rerank, engine.params.new_videos)
    )
    taste = taste_lane(engine.tastes, state, scenario, engine.catalogue, video, engine.params.new_viewers)
    return [taste, *lanes] if taste is not None else lanes
