"""Rows for tests: Alice owns, Bob works with her, Charlie is a stranger; a small platform with known ids."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from merchants.models import Account, Membership, Role, Team
from recommender.api.permissions import SCOPES
from recommender.api.tokens import make_token
from recommender.models import Creator, Experiment, Video
from recommender.serving.experiment_control import save_experiment

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_user(name: str, **fields: Any) -> User:
    """A login with the password 'a-good-password'."""
    return User.objects.create_user(name, password="a-good-password", **fields)


def make_account(owner: User, handle: str, team: str = "", **fields: Any) -> Account:
    """An account of a team that the person owns: the named one, or their own, made where it is missing."""
    found, _ = Team.objects.get_or_create(name=team or f"{owner.username}'s team")
    Membership.objects.get_or_create(user=owner, team=found, defaults={"role": Role.OWNER})
    return Account.objects.create(team=found, handle=handle, **{"market": "GB", **fields})


def make_key(*scopes: str, owner: User | None = None) -> str:
    """An API key with the scopes, all of them if none is named."""
    owner = owner or User.objects.filter(username="alice").first() or make_user("alice")
    return make_token("test", owner, scopes or list(SCOPES))[1]


def bearer(key: str) -> dict[str, str]:
    """Headers of a request with the key."""
    return {"Authorization": f"Bearer {key}"}


_CREATORS = (
    (11, "GB", "en"), (12, "MY", "ms"), (13, "TH", "th"), (14, "US", "en"), (15, "SG", "en"),
    (16, "GB", "en"), (17, "GB", "en"),
)  # fmt: skip


def make_videos(count: int, **fields: Any) -> list[Video]:
    """Videos 1..count of seven creators in turn, with four topics in turn, an hour apart."""
    creators = [
        Creator.objects.get_or_create(
            pk=pk, defaults={"handle": f"creator{pk}", "market": market, "language": language}
        )[0]
        for pk, market, language in _CREATORS
    ]
    topics = ("lipstick", "shoes", "fishing", "bags")
    return Video.objects.bulk_create(
        Video(
            **{
                "id": row + 1,
                "creator": creators[row % len(creators)],
                "caption": f"video {row + 1} #{topics[row % 4]}",
                "topics": [topics[row % 4]],
                "duration_seconds": 10 + row % 30,
                "published_at": NOW - timedelta(hours=row),
                **fields,
            }
        )
        for row in range(count)
    )


def make_event(kind: str, viewer_id: int, video_id: int | None, **fields: Any) -> dict[str, Any]:
    """An event as a client sends it, happened just now, with an id of its own."""
    event: dict[str, Any] = {
        "event_id": str(uuid.uuid4()),
        "kind": kind,
        "viewer_id": viewer_id,
        "happened_at": int(datetime.now(UTC).timestamp() * 1000),
        "market": "GB",
        "source": "for_you",
    }
    if video_id is not None:
        event["video_id"] = video_id
    return {**event, **fields}


def make_experiment(
    overrides: dict[str, Any], name: str = "try", planned_units: int = 500, **fields: Any
) -> Experiment:
    """A draft of two equal arms, `control` and `other`; the overrides are those of the other."""
    arms = [
        {"name": "control", "share": 0.5, "overrides": {}},
        {"name": "other", "share": 0.5, "overrides": overrides},
    ]
    about = {"name": name, "hypothesis": "it helps", "planned_units": planned_units, **fields}
    return save_experiment(about, arms, None)
