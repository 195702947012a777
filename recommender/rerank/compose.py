"""Build the page: place by place, the most valuable video that the rules, diversity and exploration allow.

Deterministic given the generator; a value that is not finite never wins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import UNKNOWN, BoolArray, FloatArray, IntArray, RankedVideo, Slate
from recommender.params import RerankParams
from recommender.rerank.diversity import PageDiversity
from recommender.rerank.exploration import NEW, ArmLane, Exploration, Lane
from recommender.rerank.rules import ADMISSION_RULES
from recommender.rerank.value import name_contributions


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Candidates that passed the rules, any order; one row each."""

    video_id: IntArray  # (n,) int64
    creator: IntArray  # (n,) int64 codes
    sound: IntArray  # (n,) int64, UNKNOWN = none to compare
    vectors: FloatArray  # (n, d) float32 content vectors
    terms: FloatArray  # (n, n_terms) float32 value terms
    source: IntArray  # (n,) codes into `source_names`
    is_new: BoolArray  # (n,) may be shown for exploration
    admission: IntArray  # (n,) codes into rules.ADMISSION_RULES: why a gate let it through
    source_names: tuple[str, ...]
    #: Who is drawn for beside the best; None = new videos alone, with the usual share.
    lanes: tuple[Lane | ArmLane, ...] | None = None


def compose(
    shortlist: Shortlist,
    last_creator: int,
    last_sound: int,
    k: int,
    rng: np.random.Generator,
    params: RerankParams,
    dropped: dict[str, int],
    n_candidates: int,
) -> Slate:
    """At most k videos in order, each with its propensity and reasons.

    `last_creator` and `last_sound` are those of what the viewer saw just before the page, UNKNOWN for none.
    Fewer than k are returned where the rules leave fewer.
    """
    value = shortlist.terms.sum(axis=1)
    value = np.where(np.isfinite(value), value, -np.inf)
    open_rows = np.isfinite(value)
    diversity = PageDiversity(shortlist.creator, shortlist.vectors, value, params)
    usual = (Lane(NEW, params.exploration_share, shortlist.is_new),)
    exploration = Exploration(usual if shortlist.lanes is None else shortlist.lanes, rng, params)
    page: list[RankedVideo] = []
    while len(page) < k:
        apart = open_rows & (shortlist.creator != last_creator)
        if last_sound != UNKNOWN:
            apart &= shortlist.sound != last_sound
        if not apart.any():
            break
        adjusted = np.where(apart, diversity.adjust(value), -np.inf)
        best = int(adjusted.argmax())
        row, propensity, lane = exploration.choose(adjusted, best)
        moved = _explain_move(row, int(np.where(open_rows, value, -np.inf).argmax()), apart)
        rules = (*ADMISSION_RULES[int(shortlist.admission[row])], *((lane,) if lane else moved))
        page.append(_show(shortlist, row, len(page), float(adjusted[row]), propensity, lane != "", rules))
        open_rows[row] = False
        diversity.add(row)
        last_creator, last_sound = int(shortlist.creator[row]), int(shortlist.sound[row])
    return Slate(tuple(page), dropped, n_candidates)


def _show(
    shortlist: Shortlist,
    row: int,
    position: int,
    value: float,
    propensity: float,
    explored: bool,
    rules: tuple[str, ...],
) -> RankedVideo:
    return RankedVideo(
        video_id=int(shortlist.video_id[row]),
        position=position,
        value=value,
        propensity=propensity,
        source=shortlist.source_names[int(shortlist.source[row])],
        is_exploration=explored,
        contributions=name_contributions(shortlist.terms[row]),
        rules=rules,
    )


def _explain_move(row: int, most_valuable: int, apart: BoolArray) -> tuple[str, ...]:
    """Why the most valuable video left is not the one shown."""
    if row == most_valuable:
        return ()
    return ("diversity",) if apart[most_valuable] else ("no_repeat_in_a_row",)
