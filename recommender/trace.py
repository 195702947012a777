"""Why a video is, or is not, on a viewer's page: a walk through the stages, to where the video is lost.

The same functions that serve are asked, so an answer cannot differ from what happens; chance alone is left
out:
the page of the trace is the one without draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.contracts import Scenario, ValueWeights, ViewerState
from recommender.features.viewers import find_muted
from recommender.flow import Engine, open_viewer, prepare_page
from recommender.recall.gather import rank_in_sources
from recommender.rerank.compose import compose
from recommender.rerank.rules import ADMISSION_RULES, explain_admission, find_capped
from recommender.rerank.value import name_contributions, value_terms

#: What may become of a video, in the order in which it is found out.
OUTCOMES: tuple[str, ...] = (
    "unknown_video", "blocked", "gate", "seen", "muted_creator", "muted_sound_or_word", "not_recalled",
    "crowded_out", "creator_daily_cap", "topic_daily_cap", "outranked", "shown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VideoTrace:
    """The way of one video towards one viewer's page."""

    video_id: int
    outcome: str  # one of OUTCOMES
    sources: Mapping[str, int] = field(default_factory=dict)  # recall source -> place, 0 = best
    admitted_by: tuple[str, ...] = ()  # exceptions that let it through its market's gate
    n_candidates: int = 0
    value: float | None = None
    value_rank: int | None = None  # 1 = most valuable candidate
    value_needed: float | None = None  # of the last video on the page
    contributions: Mapping[str, float] = field(default_factory=dict)  # value terms, largest first
    position: int | None = None  # 0-based on the page without draws
    rules: tuple[str, ...] = ()
    is_owed_viewers: bool = False  # a new video whose pool is not full: it may be drawn beside the best


def trace_video(
    engine: Engine, state: ViewerState, scenario: Scenario, weights: ValueWeights, video_id: int, k: int = 10
) -> VideoTrace:
    """Follow a video through gate, mutes, recall, caps, value and page for one viewer and scene."""
    row = int(engine.catalogue.find_rows(np.array([video_id]))[0])
    if row < 0:
        return VideoTrace(video_id, "unknown_video")
    early = _find_hidden(engine, state, scenario, row)
    if early is not None:
        return VideoTrace(video_id, early)
    viewer, searched = open_viewer(engine, state, scenario)
    admitted = explain_admission(engine.gates, scenario.market, np.array([row]), searched)
    told = VideoTrace(
        video_id,
        "not_recalled",
        sources=rank_in_sources(engine.recall, viewer, scenario, row),
        admitted_by=ADMISSION_RULES[int(admitted[0])],
        is_owed_viewers=bool(engine.newcomers.need_in(scenario.market)[row] > 0),
    )
    return _follow(engine, state, scenario, weights, row, told, k)


def _find_hidden(engine: Engine, state: ViewerState, scenario: Scenario, row: int) -> str | None:
    """The rule that hides a row from this viewer before anything is predicted, or None."""
    catalogue = engine.catalogue
    if catalogue.is_blocked[row]:
        return "blocked"
    viewer, _ = open_viewer(engine, state, scenario)
    if viewer.allowed[row]:
        return None
    ids = {int(video) for video in (*state.seen_video_id, *state.recent_video_id)}
    if int(catalogue.video_id[row]) in ids:
        return "seen"
    if int(catalogue.creator_id[row]) in set(state.blocked_creator_id.tolist()):
        return "muted_creator"
    return "muted_sound_or_word" if find_muted(catalogue, state)[row] else "gate"


def _follow(
    engine: Engine,
    state: ViewerState,
    scenario: Scenario,
    weights: ValueWeights,
    row: int,
    told: VideoTrace,
    k: int,
) -> VideoTrace:
    """From the candidates to the page."""
    ready = prepare_page(engine, state, scenario, weights)
    told = replace(told, n_candidates=len(ready.candidates))
    place = np.flatnonzero(ready.candidates.video == row)
    if not len(place):
        return replace(told, outcome="crowded_out" if told.sources else "not_recalled")
    terms = value_terms(ready.predictions, weights, scenario.market)
    value = terms.sum(axis=1)
    at = int(place[0])
    told = replace(
        told,
        value=float(value[at]),
        value_rank=int((value > value[at]).sum()) + 1,
        contributions=name_contributions(terms[at]),
    )
    creator_full, topic_full = find_capped(
        engine.catalogue, engine.content, state, np.array([row]), scenario.happened_at, engine.params.rerank
    )
    if creator_full[0] or topic_full[0]:
        return replace(told, outcome="creator_daily_cap" if creator_full[0] else "topic_daily_cap")
    calm = replace(ready.shortlist, lanes=())
    page = compose(
        calm, ready.last_creator, ready.last_sound, k, np.random.default_rng(0), engine.params.rerank, {},
        len(ready.candidates),
    )  # fmt: skip
    shown = next((video for video in page.videos if video.video_id == told.video_id), None)
    needed = page.videos[-1].value if page.videos else None
    if shown is None:
        return replace(told, outcome="outranked", value_needed=needed)
    return replace(told, outcome="shown", position=shown.position, rules=shown.rules, value_needed=needed)
