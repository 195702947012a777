"""Creators and videos come in, change, and are blocked; running engines notice by `updated_at`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, F, Func
from django.utils import timezone

from recommender.models import Creator, Video

_HASHTAG = re.compile(r"#(\w+)")


class UnknownCreatorError(Exception):
    """Videos were published for creators that nobody has introduced."""


def publish_creators(rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert or update creators by id; returns how many rows were written."""
    return _upsert(Creator, rows)


def publish_videos(rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert or update videos by id; hashtags are read from the caption, and are topics where none are given.

    Raises UnknownCreatorError naming the creators that must be published first.
    """
    wanted = {row["creator_id"] for row in rows}
    missing = wanted - set(Creator.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if missing:
        listed = ", ".join(map(str, sorted(missing)[:10]))
        raise UnknownCreatorError(f"creator_id {listed} not known; send them to POST /api/v1/creators first")
    return _upsert(Video, [_read_hashtags(row) for row in rows])


def set_blocked(queryset: models.QuerySet[Any], is_blocked: bool) -> int:
    """Block or unblock videos or creators; every running engine follows within seconds."""
    return queryset.update(is_blocked=is_blocked, updated_at=timezone.now())


def _read_hashtags(row: Mapping[str, Any]) -> dict[str, Any]:
    tags = list(dict.fromkeys(tag.lower()[:64] for tag in _HASHTAG.findall(row.get("caption", ""))))
    return {**row, "hashtags": tags, "topics": row.get("topics") or tags}


def _upsert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> int:
    if not rows:
        return 0
    newest = {row["id"]: row for row in rows}  # the last of several rows with one id stands
    fields = sorted(set.intersection(*(set(row) for row in newest.values())) - {"id"})
    now = timezone.now()
    made = [model(updated_at=now, **row) for _, row in sorted(newest.items())]
    model._default_manager.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*fields, "updated_at"],
        batch_size=5000,
    )
    return len(made)


@dataclass(frozen=True, slots=True)
class VideoCard:
    """What a person needs to see of a video."""

    video_id: int
    caption: str
    handle: str
    nickname: str
    market: str
    topics: tuple[str, ...]
    duration_seconds: float | None
    has_cart: bool


def describe_videos(video_ids: Sequence[int]) -> dict[int, VideoCard]:
    """Cards of the given videos by id; one query."""
    rows = Video.objects.filter(pk__in=video_ids).select_related("creator")
    return {
        row.pk: VideoCard(
            row.pk,
            row.caption,
            row.creator.handle,
            row.creator.nickname,
            row.creator.market,
            tuple(row.topics),
            row.duration_seconds,
            row.has_cart,
        )
        for row in rows
    }


def find_creator_of(video_id: int) -> int | None:
    """The creator of a video; None for one nobody published."""
    return Video.objects.filter(pk=video_id).values_list("creator_id", flat=True).first()


def list_topics(limit: int = 40) -> list[str]:
    """The topics with most videos, by name: what a viewer may choose at sign-up."""
    topics = Video.objects.annotate(topic=Func(F("topics"), function="unnest")).values("topic")
    most = topics.annotate(count=Count("pk")).order_by("-count", "topic").values_list("topic", flat=True)
    return sorted(most[:limit])
