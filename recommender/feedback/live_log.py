"""The gate's second question: by the live log of choices, would the candidate have earned less?

Both versions are asked alike: their own predictions of each logged shortlist, for the viewer as they were
known at the time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from recommender import contracts as c
from recommender.build import build_engine
from recommender.contracts import FloatArray
from recommender.experiments.params import ExperimentParams
from recommender.experiments.promotion import PromotionVerdict, judge_promotion
from recommender.experiments.replay import LoggedPage, Policy, Replayed, locate_page, replay
from recommender.features.content import Content, describe_content
from recommender.flow import Engine, score_videos
from recommender.params import Params
from recommender.queries.experiments import read_choices
from recommender.training.fit import FittedArtifact
from recommender.training.gate import GateDecision
from recommender.training.histories import take_impressions
from recommender.training.states import Timeline, build_timeline, state_at

logger = logging.getLogger(__name__)


def ask_live_log(
    decision: GateDecision,
    candidate: FittedArtifact,
    live: FittedArtifact | None,
    known: c.Dataset,
    held_out: c.Impressions,
    span: tuple[datetime, datetime],
) -> GateDecision:
    """The gate's decision, turned into a refusal where the log of choices speaks against a promotion.

    A log that is too thin, or that could not have made the candidate's choices, changes nothing and says so
    in the figures.
    """
    if not decision.promote or live is None:
        return decision
    verdict = _judge(candidate, live, known, held_out, span)
    figures = {
        **decision.figures,
        "live_log": {**verdict.figures, "is_answered": verdict.is_answered, "reason": verdict.reason},
    }
    if not verdict.is_refused:
        return replace(decision, figures=figures)
    return GateDecision(False, f"by the log of live choices it earns less: {verdict.reason}", figures)


def _judge(
    candidate: FittedArtifact,
    live: FittedArtifact,
    known: c.Dataset,
    held_out: c.Impressions,
    span: tuple[datetime, datetime],
) -> PromotionVerdict:
    params = ExperimentParams()
    choices = read_choices(*span, params.gate_pages)
    content = describe_content(known.catalogue, Params().features)
    pages = _find_pages(choices, known, content)
    if len(pages) < params.gate_min_pages:
        text = f"the log holds {len(pages)} whole choices, {params.gate_min_pages} are due"
        return PromotionVerdict(False, False, text, {"pages": len(pages)})
    timeline = build_timeline(_join(known, held_out))
    asked, served = (_replay(one, timeline, pages, known) for one in (candidate, live))
    return judge_promotion(asked, served, params)


def _find_pages(
    choices: Sequence[c.LoggedChoice], known: c.Dataset, content: Content
) -> list[tuple[c.LoggedChoice, LoggedPage]]:
    """Choices whose viewer and videos are known."""
    viewers = set(known.viewers.viewer_id.tolist())
    located = [
        (choice, locate_page(choice, known.catalogue, content))
        for choice in choices
        if choice.viewer_id in viewers
    ]
    return [(choice, page) for choice, page in located if page is not None]


def _join(known: c.Dataset, held_out: c.Impressions) -> c.Dataset:
    """What was known at any moment of the held-out window, its earlier part included."""
    earlier = known.impressions
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(earlier, name), getattr(held_out, name)])
        for name in (
            "viewer", "video", "happened_at", "actions", "watch_seconds", "source", "position", "propensity",
        )
    }  # fmt: skip
    both = c.Impressions(**columns)
    order = np.argsort(both.happened_at, kind="stable")
    last = float(both.happened_at.max(initial=known.cut_at)) + 1.0
    return replace(known, impressions=take_impressions(both, order), cut_at=last)


def _replay(
    fitted: FittedArtifact,
    timeline: Timeline,
    pages: Sequence[tuple[c.LoggedChoice, LoggedPage]],
    known: c.Dataset,
) -> Replayed:
    engine = build_engine(known.catalogue, fitted.arrays, fitted.meta, params=Params(), now=known.cut_at)
    policies = [
        Policy(page.weights, page.rerank, _expect(engine, timeline, choice)) for choice, page in pages
    ]
    return replay([page for _, page in pages], policies, "long_watch")


def _expect(engine: Engine, timeline: Timeline, choice: c.LoggedChoice) -> FloatArray:
    """(n_shortlist, n_terms) what this engine predicts of a logged shortlist."""
    viewers = timeline.dataset.viewers
    viewer = int(np.searchsorted(viewers.viewer_id, choice.viewer_id))
    state = state_at(timeline, viewer, choice.happened_at)
    told = dict(choice.scenario)
    scenario = c.Scenario(
        happened_at=choice.happened_at,
        market=choice.market,
        source=told.pop("source", 0),
        hour_local=told.pop("hour_local", c.UNKNOWN),
        weekday_local=told.pop("weekday_local", c.UNKNOWN),
        extra=told,
    )
    said = score_videos(engine, state, scenario, engine.catalogue.find_rows(choice.video_id))
    expected: FloatArray = np.concatenate(
        [said.probability, said.watch_seconds[:, None], said.affinity[:, None]], axis=1
    )
    return expected
