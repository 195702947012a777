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
from recommender.experiments.params import ExperimentParams
from recommender.flow import Treat, compose_page, prepare_page
from recommender.queries.scenes import encode_scene
from recommender.queries.viewers import KnownViewer
from recommender.serving.arms import Setting
from recommender.serving.choices import is_sampled, log_choice
from recommender.serving.impressions import PageFacts, ServedPage, find_page, log_page
from recommender.serving.live import LoadedEngine, live_engine
from recommender.serving.state import ViewerProfile, load_locked

_CHOICE_SHARE = ExperimentParams().choice_share


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
    setting = engine.board.choose(viewer.state.viewer_id, scenario.market, scenario.happened_at)
    ready = prepare_page(
        setting.engine, viewer.state, scenario, setting.weights, _treat_creators(setting, scenario.market)
    )
    ready.dropped["seen"] = len(viewer.state.seen_video_id)
    slate = compose_page(setting.engine, ready, rng, request.page_size)
    facts = PageFacts(
        request_id=request_id,
        page=request.page,
        viewer_id=viewer.state.viewer_id,
        mode="personal" if setting.version_id is not None else "fallback",
        model_version=setting.version_id,
        arm=setting.label,
        exposed_arms=_list_exposed(setting, slate),
        weights_version=setting.weights.version[:200],
        market=scenario.market,
        scenario={
            "source": request.source,
            "hour_local": scenario.hour_local,
            "weekday_local": scenario.weekday_local,
            **scenario.extra,
        },
    )
    # Where creators are valued apart, one set of weights does not tell how the page was chosen.
    if slate.videos and not setting.treatments and is_sampled(request_id, request.page, _CHOICE_SHARE):
        log_choice(facts, setting.engine, setting.weights, ready, slate)
    return slate, facts


def _treat_creators(setting: Setting, market: int) -> Treat | None:
    """How experiments among creators value the candidates; None where there are none."""
    if not setting.treatments:
        return None

    def treat(video: c.IntArray, predictions: c.Predictions, terms: c.FloatArray) -> None:
        creator_id = setting.engine.catalogue.creator_id[video]
        for treatment in setting.treatments:
            treatment.revalue(creator_id, predictions, terms, market)

    return treat


def _list_exposed(setting: Setting, slate: c.Slate) -> list[int]:
    """Arms of the request, and of the creators whose videos stand on the page; none on an empty page."""
    if not slate.videos:
        return []
    exposed = list(setting.exposed_arms)
    if setting.treatments:
        catalogue = setting.engine.catalogue
        rows = catalogue.find_rows(np.array([video.video_id for video in slate.videos]))
        for treatment in setting.treatments:
            exposed += treatment.list_arms(catalogue.creator_id[rows])
    return exposed


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
