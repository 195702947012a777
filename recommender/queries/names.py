"""What search and the norms of a niche need: names with their niche, clicks by position, captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Max

from recommender.models import CreatorPicture, NicheProfile, SearchShown
from recommender.queries.columns import read_columns

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


@dataclass(frozen=True, slots=True)
class NameRow:
    """A creator's name as a norm counts it."""

    creator_id: int
    nickname: str
    terms: list[str]
    niche: str
    market: str
    says_niche: bool


def read_names_by_niche(niche: str) -> Iterator[NameRow]:
    """The accounts of a niche, the likeliest first, the more followed first among equals."""
    rows = NicheProfile.objects.filter(niche=niche, creator__is_blocked=False)
    rows = rows.order_by("-probability", "-creator__follower_count", "creator_id")
    columns = ("creator_id", "creator__nickname", "creator__handle", "terms", "creator__market", "evidence")
    for creator_id, nickname, handle, terms, market, evidence in rows.values_list(*columns).iterator():
        says = any(item["niche"] == niche for item in evidence)
        yield NameRow(creator_id, nickname or handle, terms, niche, market, says)


def read_embeddings(creator_ids: Iterable[int]) -> dict[int, tuple[str, np.ndarray]]:
    """By creator: what the picture shows, and its features, (1280,) float32."""
    rows = CreatorPicture.objects.filter(pk__in=list(creator_ids)).values_list("pk", "niche", "embedding")
    return {
        pk: (niche, np.frombuffer(bytes(stored), dtype=np.float16).astype(np.float32))
        for pk, niche, stored in rows
    }


def read_captions() -> list[list[Any]]:
    """Columns of every video that may be shown, by id: id, caption, market and language of the creator or
    video, niche and probability of the creator's name, impressions, likes."""
    return read_columns(
        """
        select v.id, v.caption, c.market, coalesce(nullif(v.language, ''), c.language),
               coalesce(p.niche, 'none'), coalesce(p.probability, 0),
               coalesce(r.shown, 0)::float8, coalesce(r.liked, 0)::float8
          from recommender_video v
          join recommender_creator c on c.id = v.creator_id
          left join recommender_nicheprofile p on p.creator_id = c.id
          left join (select video_id, sum(impression_count) as shown, sum(like_count) as liked
                       from recommender_hourlyrollup group by video_id) r on r.video_id = v.id
         where not (v.is_blocked or c.is_blocked)
         order by v.id
        """,
        {},
        8,
    )
