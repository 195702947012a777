"""A merchant's test viewers and what the live engine shows them, put in words."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from recommender import engine

#: Test viewers of a login live in a range of their own, so that no merchant meets another's.
_FIRST_VIEWER, _VIEWERS_PER_LOGIN = 7_900_000_000_000, 1_000_000
#: Reactions offered below a video: name -> the events that tell them (kind, share of the duration watched).
REACTIONS: dict[str, tuple[str, float]] = {
    "like": ("like", 1.0),
    "finish": ("watch", 1.0),
    "swipe": ("swipe", 0.05),
}
_ASSUMED_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class FeedCard:
    """One video of a preview page, ready to be read."""

    video: engine.VideoCard
    position: int
    source: str
    is_exploration: bool
    parts: list[tuple[str, float]]  # name and share of the value, largest first


def make_viewer(user_id: int, said: dict[str, Any]) -> int:
    """Sign a new test viewer up; its id."""
    viewer_id = _FIRST_VIEWER + user_id * _VIEWERS_PER_LOGIN + int(time.time() * 1000) % _VIEWERS_PER_LOGIN
    engine.sign_up(
        engine.ViewerProfile(
            viewer_id, said["market"], said["language"], tuple(said["interests"]), {"os": said["os"]}
        )
    )
    return viewer_id


def owns_viewer(user_id: int, viewer_id: int) -> bool:
    """True if the test viewer belongs to this login."""
    return (viewer_id - _FIRST_VIEWER) // _VIEWERS_PER_LOGIN == user_id


def show_page(
    viewer_id: int, request_id: uuid.UUID | None, page: int, size: int = 6
) -> tuple[Any, list[FeedCard]]:
    """A page of the viewer's feed as the live engine serves it, and its cards."""
    served = engine.for_you(
        engine.FeedRequest(engine.ViewerProfile(viewer_id), page_size=size, request_id=request_id, page=page)
    )
    cards = engine.describe_videos([item["video_id"] for item in served.items])
    return served, [_build_card(item, cards[item["video_id"]]) for item in served.items]


def react(viewer_id: int, video_id: int, request_id: uuid.UUID, reaction: str) -> None:
    """Tell the engine what the test viewer did; its next page follows."""
    kind, share = REACTIONS[reaction]
    video = engine.describe_videos([video_id])[video_id]
    seconds = round(share * (video.duration_seconds or _ASSUMED_SECONDS), 2)
    base = {
        "viewer_id": viewer_id,
        "video_id": video_id,
        "happened_at": int(time.time() * 1000),
        "request_id": str(request_id),
        "source": "for_you",
    }
    kinds = dict.fromkeys(["watch", kind])
    engine.record_event_dicts(
        [
            {**base, "event_id": str(uuid.uuid5(request_id, f"{video_id} {name}")), "kind": name}
            | ({"watch_seconds": seconds} if name == "watch" else {})
            for name in kinds
        ],
        "preview",
    )


def _build_card(item: dict[str, Any], video: engine.VideoCard) -> FeedCard:
    why = item["why"]
    positive = {name: part for name, part in why["contributions"].items() if part > 0}
    total = sum(positive.values()) or 1.0
    words = name_parts()
    parts = [(words.get(name, name), part / total) for name, part in positive.items()]
    return FeedCard(video, item["position"], name_sources()[why["source"]], why["is_exploration"], parts[:4])


def name_parts() -> dict[str, str]:
    """Terms of the value in words."""
    return {
        "watch": _("expected watch time"),
        "affinity": _("closeness to the viewer"),
        "p_finish": _("watched to the end"),
        "p_long_watch": _("watched long"),
        "p_like": _("likes"),
        "p_comment": _("comments"),
        "p_share": _("shares"),
        "p_follow": _("follows"),
        "p_cart_click": _("cart clicks"),
        "p_order": _("orders"),
    }


def name_sources() -> dict[str, str]:
    """Sources of recall in words."""
    return {
        "interests": _("an interest of the viewer"),
        "similar_videos": _("similar to what the viewer watched or chose"),
        "collaborative": _("watched by people like the viewer"),
        "factors": _("watched by people like the viewer"),
        "tastes": _("watched by people like the viewer"),
        "sequence": _("similar to what the viewer watched or chose"),
        "searches": _("the viewer searched for it"),
        "follows": _("a creator the viewer follows"),
        "trending": _("popular in this country and language"),
        "fresh": _("a new video"),
    }
