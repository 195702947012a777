"""The For You feed, one request from start to end: state, recall, prediction, re-rank, log, answer."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction

from recommender import contracts as c
from recommender import markets
from recommender.flow import rank_for_viewer
from recommender.queries.scenes import encode_scene
from recommender.queries.viewers import KnownViewer
from recommender.serving.impressions import PageFacts, ServedPage, find_page, log_page
from recommender.serving.live import LoadedEngine, live_engine
from recommender.serving.state import ViewerProfile, load_locked

#: The arm of a request that no experiment claims.
BASELINE_ARM = "baseline"


class RequestBelongsToAnotherError(Exception):
    """A request id was used again for another viewer."""


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """What a caller asks for. The same `request_id` and `page` always get the same answer."""

    profile: ViewerProfile
    page_size: int = 10
    request_id: uuid.UUID | None = None
    page: int = 0
    source: int = 0  # index into contracts.TRAFFIC_SOURCES
    device: dict[str, Any] = field(default_factory=dict)  # os, network, app_categories as the client says


def for_you(request: FeedRequest) -> ServedPage:
    """Serve one page.

    Raises RequestBelongsToAnotherError if the request id was another viewer's.
    """
    request_id = request.request_id or uuid.uuid4()
    engine = live_engine.get()
    with transaction.atomic():
        viewer = load_locked(request.profile, engine.topic_codes)
        served = find_page(request_id, request.page) if request.request_id else None
        if served is None:
            slate, facts = _rank(request, request_id, engine, viewer)
            return log_page(facts, slate)
    if served.viewer_id != request.profile.viewer_id:
        raise RequestBelongsToAnotherError(
            f"request_id '{request_id}' was used for another viewer; leave it out to get a new one"
        )
    return served


def _rank(
    request: FeedRequest, request_id: uuid.UUID, engine: LoadedEngine, viewer: KnownViewer
) -> tuple[c.Slate, PageFacts]:
    scenario = build_scenario(viewer.market, request.source, {**viewer.device, **request.device})
    rng = np.random.default_rng([request_id.int & (2**64 - 1), request_id.int >> 64, request.page])
    slate = rank_for_viewer(engine.engine, viewer.state, scenario, engine.weights, rng, k=request.page_size)
    facts = PageFacts(
        request_id=request_id,
        page=request.page,
        viewer_id=viewer.state.viewer_id,
        mode="personal" if engine.version_id is not None else "fallback",
        model_version=engine.version_id,
        arm=BASELINE_ARM,
        weights_version=engine.weights.version,
        market=scenario.market,
        scenario={"source": request.source, "hour_local": scenario.hour_local, **scenario.extra},
    )
    return slate, facts


def build_scenario(market: str, source: int, device: dict[str, Any]) -> c.Scenario:
    """The scene of a request that comes in now."""
    now = time.time()
    code = markets.encode_market(market)
    hour = weekday = c.UNKNOWN
    if code >= 0:
        local = markets.MARKETS[market].local_time(now)
        hour, weekday = local.hour, local.weekday()
    return c.Scenario(
        happened_at=now,
        market=code,
        source=source,
        hour_local=hour,
        weekday_local=weekday,
        extra=encode_scene(device),
    )
