"""Served pages and what became of them, for versions that are watched or in the shadow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from recommender import contracts as c
from recommender.events.schema import KINDS
from recommender.models import FeedPage
from recommender.queries.columns import read_columns

#: What a viewer may do that guards look at, in this order.
OUTCOMES: tuple[str, ...] = ("finish", "long_watch", "swipe", "not_interested")

_KIND = {kind: code for code, kind in enumerate(KINDS)}
_OUTCOMES_SQL = """
    with shown as (
        select p.viewer_id, p.market, p.served_at, v.video_id
          from recommender_feedpage p cross join lateral unnest(p.video_ids) as v(video_id)
         where p.served_at >= %(since)s and p.served_at < %(until)s and p.mode = 'personal'
           and (p.model_version = %(version)s) = %(own)s
    )
    select s.viewer_id, s.market, bit_or(e.actions), max((e.kind = %(swipe)s)::int)
      from shown s join recommender_event e
        on e.viewer_id = s.viewer_id and e.video_id = s.video_id and e.happened_at >= s.served_at
       and e.happened_at < s.served_at + interval '1 day' and e.happened_at >= %(since)s
     group by s.viewer_id, s.market, s.video_id
"""


@dataclass(frozen=True, slots=True)
class PageOutcomes:
    """What viewers did with the videos of some pages that they reacted to; one row a viewer and video."""

    viewer_id: c.IntArray  # (n,) int64
    market: c.IntArray  # (n,) int8
    happened: c.BoolArray  # (n, len(OUTCOMES))


def read_outcomes(version_id: int, since: datetime, until: datetime, own: bool) -> PageOutcomes:
    """Outcomes of pages served in [since, until) by a version, or with `own` False by every other one."""
    values = {"since": since, "until": until, "version": version_id, "own": own, "swipe": _KIND["swipe"]}
    viewer, market, actions, swiped = read_columns(_OUTCOMES_SQL, values, 4)
    bits = np.array(actions, dtype=np.int64)
    columns = [
        np.array(swiped, dtype=np.int64) > 0 if name == "swipe" else (bits >> c.ACTION_INDEX[name]) & 1 == 1
        for name in OUTCOMES
    ]
    return PageOutcomes(
        np.array(viewer, dtype=np.int64), np.array(market, dtype=np.int8), np.stack(columns, axis=1)
    )


def read_actions(viewer_id: int, video_ids: list[int], since: datetime, until: datetime) -> dict[int, int]:
    """Action bits of the videos that a viewer met within [since, until); what was never met is absent."""
    sql = """
        select video_id, bit_or(actions) from recommender_event
         where viewer_id = %(viewer)s and video_id = any(%(videos)s)
           and happened_at >= %(since)s and happened_at < %(until)s group by 1
    """
    values = {"viewer": viewer_id, "videos": video_ids, "since": since, "until": until}
    videos, actions = read_columns(sql, values, 2)
    return dict(zip(videos, actions, strict=True))


def read_settled_pages(since: datetime, until: datetime, seed: int, share: float, limit: int) -> list[Any]:
    """Pages served in [since, until), sampled by a hash of their request, oldest first."""
    sampled = (
        FeedPage.objects.filter(served_at__gte=since, served_at__lt=until, mode="personal")
        .extra(
            where=["abs(hashtextextended(request_id::text, %s) %% 1000000) < %s"],
            params=[seed, int(share * 1_000_000)],
        )
        .order_by("served_at")
    )
    return list(sampled[:limit])
