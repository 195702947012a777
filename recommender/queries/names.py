"""What search needs of every creator: terms, niche, market, language and clicks by position."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max

from recommender.models import NicheProfile, SearchShown

_COLUMNS = (
    "creator_id", "terms", "niche", "probability", "language", "creator__market", "creator__language",
    "creator__follower_count",
)  # fmt: skip


def read_profiles() -> list[tuple[Any, ...]]:
    """(creator id, terms, niche, probability, language of the name, market, language, followers), by id."""
    rows = NicheProfile.objects.filter(creator__is_blocked=False).order_by("creator_id")
    return list(rows.values_list(*_COLUMNS))


def read_newest_profile() -> tuple[datetime | None, int]:
    """When a profile was last read, and how many there are: a change means another index."""
    newest = NicheProfile.objects.aggregate(at=Max("read_at"))["at"]
    return newest, NicheProfile.objects.filter(creator__is_blocked=False).count()


def read_shown(since: datetime) -> list[tuple[int, int, bool]]:
    """(creator id, position, is clicked) of what searches showed since a moment."""
    rows = SearchShown.objects.filter(shown_at__gte=since)
    return list(rows.values_list("creator_id", "position", "is_clicked"))
