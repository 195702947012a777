"""The demo world as rows and events: a synthetic platform poured through the product's own doors.

Ids and event ids follow from the seed, so pouring twice has one effect.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recommender.contracts import ACTIONS, APP_CATEGORIES, DEVICE_OSES
from recommender.management.demo_faces import draw_face
from recommender.markets import LANGUAGES, MARKET_CODES, MARKETS
from recommender.simulation.exposure import Exposures, expose
from recommender.simulation.population import TOPICS, Population, make_population
from recommender.simulation.response import Responses, respond

#: Far from ids that real platforms and data sets use.
FIRST_CREATOR, FIRST_VIDEO, FIRST_VIEWER = 7_000_000_000_000, 7_100_000_000_000, 7_200_000_000_000
SENDER = "demo-world"
_SEED = 20_261_124
_DAYS = 12
#: Actions that are sent as events of their own; the others follow from the watch.
_SENT_ACTIONS = ("like", "comment", "share", "follow", "cart_click", "order", "not_interested")


@dataclass(frozen=True, slots=True)
class DemoSize:
    """How large a demo world is."""

    creators: int = 240
    videos: int = 2400
    viewers: int = 2000

    def scale(self, share: float) -> DemoSize:
        """The size times `share` (above 0), none of it below 1."""
        return DemoSize(*(max(1, round(share * count)) for count in astuple(self)))


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """A world and what happened in it."""

    population: Population
    exposures: Exposures
    responses: Responses


def make_demo_world(now: float, size: DemoSize) -> DemoWorld:
    """The world that ends at `now` (unix seconds)."""
    population = make_population(size.creators, size.videos, size.viewers, now, days=_DAYS + 6, seed=_SEED)
    rng = np.random.default_rng(_SEED + 1)
    exposures = expose(population, now, _DAYS, rng)
    responses = respond(population, exposures.viewer, exposures.video, exposures.hour_local, rng)
    return DemoWorld(population, exposures, responses)


def list_creators(world: DemoWorld) -> list[dict[str, Any]]:
    """Rows for `engine.publish_creators`."""
    creators = world.population.creators
    return [
        {
            "id": FIRST_CREATOR + row,
            "handle": creators.handle[row],
            "nickname": creators.nickname[row],
            "market": MARKET_CODES[creators.market[row]],
            "language": LANGUAGES[creators.language[row]],
            "follower_count": int(creators.follower_count[row]),
        }
        for row in range(len(creators.handle))
    ]


def iterate_faces(world: DemoWorld) -> Iterator[tuple[int, bytes]]:
    """(creator id, PNG of the avatar) of every creator."""
    creators = world.population.creators
    for row in range(len(creators.handle)):
        face = draw_face(int(creators.topic[row]), creators.nickname[row], _SEED + row)
        yield FIRST_CREATOR + row, face


def list_videos(world: DemoWorld) -> list[dict[str, Any]]:
    """Rows for `engine.publish_videos`."""
    videos = world.population.videos
    return [
        {
            "id": FIRST_VIDEO + row,
            "creator_id": FIRST_CREATOR + int(videos.creator[row]),
            "caption": videos.caption[row],
            "topics": [TOPICS[videos.topic[row]]],
            "language": LANGUAGES[videos.language[row]],
            "duration_seconds": float(videos.duration_seconds[row]),
            "sound_id": int(videos.sound[row]) if videos.sound[row] >= 0 else None,
            "has_cart": bool(videos.has_cart[row]),
            "published_at": datetime.fromtimestamp(videos.published_at[row], UTC),
        }
        for row in range(len(videos.caption))
    ]


def list_viewers(world: DemoWorld) -> list[dict[str, Any]]:
    """Columns of `models.Viewer`."""
    people = world.population
    return [
        {
            "id": FIRST_VIEWER + row,
            "market": MARKET_CODES[people.viewer_market[row]],
            "language": LANGUAGES[people.viewer_language[row]],
            "interests": list(people.chosen[row]),
            "device": describe_device(people, row),
        }
        for row in range(len(people.viewer_market))
    ]


def describe_device(people: Population, viewer: int) -> dict[str, Any]:
    """A viewer's phone as events carry it."""
    mask = int(people.app_categories[viewer])
    return {
        "os": DEVICE_OSES[people.device_os[viewer]],
        "network": "wifi" if viewer % 3 else "4g",
        "app_categories": [name for bit, name in enumerate(APP_CATEGORIES) if mask >> bit & 1],
    }


def iterate_events(world: DemoWorld) -> Iterator[list[dict[str, Any]]]:
    """The events of each shown video, in the order of time, one list per video shown."""
    people, shown = world.population, world.exposures
    devices = [describe_device(people, row) for row in range(len(people.viewer_market))]
    for row in range(len(shown.viewer)):
        viewer = int(shown.viewer[row])
        base = {
            "viewer_id": FIRST_VIEWER + viewer,
            "video_id": FIRST_VIDEO + int(shown.video[row]),
            "market": MARKET_CODES[people.viewer_market[viewer]],
            "source": "for_you",
            "session_id": str(uuid.uuid5(_NAMESPACE, f"session {shown.session[row]}")),
            "request_id": str(uuid.uuid5(_NAMESPACE, f"request {shown.session[row]}")),
            "position": min(int(shown.position[row]), 999),
        }
        yield list(_tell(world, row, base, devices[viewer]))


_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, f"ttok-demo-world-{_SEED}")


def _describe_order(action: str, market: str, row: int) -> dict[str, Any]:
    """An order's value: a few units of a plausible price in the market's currency."""
    if action != "order":
        return {}
    price = _PRICES[market] * (1 + row % 7)
    return {"order": {"value": price, "currency": MARKETS[market].currency, "quantity": 1 + row % 2}}


#: A small basket in each market's currency.
_PRICES = {"GB": 6, "US": 7, "ID": 45_000, "MY": 15, "TH": 120, "VN": 90_000, "SG": 9, "PH": 180}


def _tell(
    world: DemoWorld, row: int, base: dict[str, Any], device: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Impression, watch, swipe and actions of one shown video."""
    at = float(world.exposures.happened_at[row])
    watch_seconds = float(world.responses.watch_seconds[row])

    def event(kind: str, after: float, **more: Any) -> dict[str, Any]:
        return {
            "event_id": str(uuid.uuid5(_NAMESPACE, f"{row} {kind}")),
            "kind": kind,
            "happened_at": int((at + after) * 1000),
            **base,
            **more,
        }

    yield event("impression", 0.0, device=device)
    yield event("watch", watch_seconds, watch_seconds=watch_seconds)
    if world.responses.is_swiped[row]:
        yield event("swipe", watch_seconds)
    for action in _SENT_ACTIONS:
        if world.responses.taken[row, ACTIONS.index(action)]:
            yield event(action, watch_seconds + 1.0, **_describe_order(action, base["market"], row))
