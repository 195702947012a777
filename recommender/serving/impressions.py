"""The impressions log: each page is kept as it was served, so that it can be served again and learnt from."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec.json import encode

from recommender.contracts import RankedVideo, Slate
from recommender.events.limits import STATE_SEEN
from recommender.models import FeedPage
from recommender.queries.columns import open_cursor


@dataclass(frozen=True, slots=True)
class ServedPage:
    """A page of a feed, as it left the house."""

    request_id: uuid.UUID
    page: int
    viewer_id: int
    served_at: datetime
    mode: str  # "personal" or "fallback"
    model_version: int | None
    arm: str
    items: list[dict[str, Any]]  # per position: video_id, position, value, propensity, why


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is logged of a page beside its slate."""

    request_id: uuid.UUID
    page: int
    viewer_id: int
    mode: str
    model_version: int | None
    arm: str
    exposed_arms: list[int]  # ids of arms that could make a difference
    weights_version: str
    market: int
    scenario: dict[str, Any]


def find_page(request_id: uuid.UUID, page: int) -> ServedPage | None:
    """The page if it was served before."""
    row = FeedPage.objects.filter(request_id=request_id, page=page).first()
    return None if row is None else _rebuild(row)


def log_page(facts: PageFacts, slate: Slate) -> ServedPage:
    """Write the page and mark its videos as seen, in one statement of the caller's transaction."""
    reasons = [_explain(video) for video in slate.videos]
    with open_cursor() as cursor:
        cursor.execute(_LOG_SQL, _fill_row(facts, slate, reasons), prepare=True)
        row = cursor.fetchone()
    assert row is not None  # an insert returns its row
    items = [_build_item(video, why) for video, why in zip(slate.videos, reasons, strict=True)]
    return ServedPage(
        facts.request_id,
        facts.page,
        facts.viewer_id,
        row[0],
        facts.mode,
        facts.model_version,
        facts.arm,
        items,
    )


def _fill_row(facts: PageFacts, slate: Slate, reasons: list[dict[str, Any]]) -> dict[str, Any]:
    video_ids = [video.video_id for video in slate.videos]
    return {
        "request_id": facts.request_id,
        "page": facts.page,
        "viewer_id": facts.viewer_id,
        "mode": facts.mode,
        "model_version": facts.model_version,
        "arm": facts.arm,
        "exposed_arms": facts.exposed_arms,
        "weights_version": facts.weights_version,
        "market": facts.market,
        "scenario": encode(facts.scenario).decode(),
        "video_ids": video_ids,
        "propensities": [video.propensity for video in slate.videos],
        "values": [video.value for video in slate.videos],
        "reasons": encode(reasons).decode(),
        "dropped": encode(dict(slate.dropped)).decode(),
        "seen_ids": sorted(video_ids),  # a state is in the order of (time, id)
        "seen_limit": STATE_SEEN,
        "count": len(video_ids),
    }


_LOG_SQL = """
with seen as (
    update recommender_viewerstate
       set seen_video_ids = (seen_video_ids || %(seen_ids)s::bigint[])
               [greatest(1, cardinality(seen_video_ids) + %(count)s::integer - %(seen_limit)s + 1):],
           seen_at = (seen_at || array_fill(extract(epoch from now())::integer, array[%(count)s::integer]))
               [greatest(1, cardinality(seen_at) + %(count)s::integer - %(seen_limit)s + 1):]
     where viewer_id = %(viewer_id)s
)
insert into recommender_feedpage
    (request_id, page, viewer_id, mode, model_version, arm, exposed_arms, weights_version, market, scenario,
     video_ids, propensities, "values", reasons, dropped)
values (%(request_id)s, %(page)s, %(viewer_id)s, %(mode)s, %(model_version)s, %(arm)s,
        %(exposed_arms)s::integer[], %(weights_version)s, %(market)s, %(scenario)s, %(video_ids)s::bigint[],
        %(propensities)s::float8[], %(values)s::float8[],
        %(reasons)s, %(dropped)s)
returning served_at
"""


#: Value terms kept per video, the largest by size: the rest is too small to explain anything.
_MAIN_CONTRIBUTIONS = 6


def _explain(video: RankedVideo) -> dict[str, Any]:
    """The "why this video" of one item."""
    return {
        "source": video.source,
        "is_exploration": video.is_exploration,
        "contributions": dict(islice(video.contributions.items(), _MAIN_CONTRIBUTIONS)),
        "rules": list(video.rules),
    }


def _build_item(video: RankedVideo, why: dict[str, Any]) -> dict[str, Any]:
    return {
        "video_id": video.video_id,
        "position": video.position,
        "value": float(video.value),
        "propensity": float(video.propensity),
        "why": why,
    }


def _rebuild(row: FeedPage) -> ServedPage:
    columns = zip(row.video_ids, row.values, row.propensities, row.reasons, strict=True)
    items = [
        {"video_id": video_id, "position": position, "value": value, "propensity": propensity, "why": why}
        for position, (video_id, value, propensity, why) in enumerate(columns)
    ]
    return ServedPage(
        row.request_id, row.page, row.viewer_id, row.served_at, row.mode, row.model_version, row.arm, items
    )
