"""The log of choices: of a sample of pages, everything they were chosen from.

What another policy would have shown can be answered from it alone: no model, no state of that day is needed.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from msgspec.json import encode

from recommender.contracts import UNKNOWN, FloatArray, Slate, ValueWeights
from recommender.experiments.params import ExperimentParams
from recommender.flow import Engine, ReadyPage
from recommender.models import FeedChoice
from recommender.queries.columns import open_cursor
from recommender.rerank.lanes import describe_lane
from recommender.serving.impressions import PageFacts


def is_sampled(request_id: uuid.UUID, page: int, share: float) -> bool:
    """Is this page's choice kept? By its id alone, so that what is kept depends on nothing else."""
    return (request_id.int + page) % 10_007 < share * 10_007


def log_choice(
    facts: PageFacts, engine: Engine, weights: ValueWeights, ready: ReadyPage, slate: Slate
) -> None:
    """Keep the shortlist, what was predicted of it, and what was shown with which chance."""
    shortlist = ready.shortlist
    creator_ids = engine.content.creator_ids
    has_creator = ready.last_creator != UNKNOWN
    with open_cursor() as cursor:
        cursor.execute(
            _LOG_SQL,
            {
                "request_id": facts.request_id,
                "page": facts.page,
                "viewer_id": facts.viewer_id,
                "market": facts.market,
                "scenario": encode(facts.scenario).decode(),
                "video_ids": shortlist.video_id.tolist(),
                "expected": _expect(engine, ready).astype(np.float32).tobytes(),
                "is_new": shortlist.is_new.tolist(),
                "last_creator": int(creator_ids[ready.last_creator]) if has_creator else UNKNOWN,
                "last_sound": ready.last_sound,
                "policy": encode(describe_policy(engine, weights, facts.market, ready)).decode(),
                "shown_ids": [video.video_id for video in slate.videos],
                "propensities": [video.propensity for video in slate.videos],
            },
        )


def describe_policy(engine: Engine, weights: ValueWeights, market: int, ready: ReadyPage) -> dict[str, Any]:
    """What chose, so far as the shortlist leaves it a choice."""
    policy = {"weights": weights.for_market(market).tolist(), "rerank": asdict(engine.params.rerank)}
    if ready.shortlist.lanes is not None:
        policy["lanes"] = [describe_lane(lane) for lane in ready.shortlist.lanes]
    return policy


_LOG_SQL = """
insert into recommender_feedchoice
    (request_id, page, viewer_id, market, scenario, video_ids, expected, is_new, last_creator, last_sound,
     policy, shown_ids, propensities)
values (%(request_id)s, %(page)s, %(viewer_id)s, %(market)s, %(scenario)s, %(video_ids)s::bigint[],
        %(expected)s, %(is_new)s::boolean[], %(last_creator)s, %(last_sound)s, %(policy)s,
        %(shown_ids)s::bigint[],
        %(propensities)s::float8[])
on conflict do nothing
"""


def _expect(engine: Engine, ready: ReadyPage) -> FloatArray:
    """(n_shortlist, n_terms) what was predicted of each video, before any worth is put on it."""
    wanted = engine.catalogue.find_rows(ready.shortlist.video_id)
    order = np.argsort(ready.candidates.video)
    place = order[np.searchsorted(ready.candidates.video[order], wanted)]
    said = ready.predictions
    expected: FloatArray = np.concatenate(
        [said.probability[place], said.watch_seconds[place, None], said.affinity[place, None]], axis=1
    )
    return expected


def prune_choices(days: int | None = None) -> int:
    """Forget choices that are older than is answered for; how many went."""
    oldest = timezone.now() - timedelta(days=days or ExperimentParams().choice_days)
    return FeedChoice.objects.filter(served_at__lt=oldest).delete()[0]
