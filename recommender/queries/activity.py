"""Stored events as impressions, histories and live counts: what models learn from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import connection

from recommender import contracts as c
from recommender.events.schema import KINDS
from recommender.loop_params import TrustParams
from recommender.queries.columns import read_columns
from recommender.queries.scenes import encode_scenes

_KINDS = {kind: code for code, kind in enumerate(KINDS)}

_LIKE_BIT = c.encode_actions(["like"])

#: A like counts if no later unlike took it back.
_ACTIONS_SQL = f"""
    (bit_or(e.actions) & ~{_LIKE_BIT}) | case when max(e.happened_at) filter (where e.kind = %(like)s)
        > coalesce(max(e.happened_at) filter (where e.kind = %(unlike)s), '-infinity')
        then {_LIKE_BIT} else 0 end
"""

_SHOWN_SQL = "e.kind in (%(impression)s, %(watch)s, %(swipe)s)"

_IMPRESSIONS_SQL = f"""
    select e.viewer_id, e.video_id,
           extract(epoch from min(e.happened_at) filter (where {_SHOWN_SQL}))::float8,
           {_ACTIONS_SQL}, (coalesce(sum(e.watch_ms), 0) / 1000.0)::float8, max(e.source),
           coalesce(min(e.position), -1), max(e.market), max(e.details -> 'device' ->> 'os'),
           max(e.details -> 'device' ->> 'network'), max(e.details -> 'device' ->> 'app_categories')
      from recommender_event e
     where e.happened_at >= %(since)s and e.happened_at < %(until)s and e.video_id is not null
     group by e.viewer_id, e.video_id
    having bool_or({_SHOWN_SQL})
     order by 3
"""

_HISTORY_SQL = f"""
    select viewer_id, video_id, happened_at, actions, watch_seconds from (
        select e.viewer_id, e.video_id, extract(epoch from max(e.happened_at))::float8 as happened_at,
               {_ACTIONS_SQL} as actions, (sum(e.watch_ms) / 1000.0)::float8 as watch_seconds,
               row_number() over (
                   partition by e.viewer_id order by max(e.happened_at) desc, e.video_id) as back
          from recommender_event e
         where e.happened_at < %(until)s and e.video_id is not null
         group by e.viewer_id, e.video_id
        having bool_or({_SHOWN_SQL})
    ) newest where back <= %(per_viewer)s order by viewer_id, happened_at, video_id
"""


def read_impressions(
    catalogue: c.Catalogue, viewers: c.Viewers, since: datetime, until: datetime
) -> c.Impressions:
    """What was shown in [since, until) and what came of it in the same span, ascending by time.

    One row per viewer and video: repeats within the span are merged, and what happens after `until` is not
    seen, so that a span can be held out.
    """
    names = (
        "viewer", "video", "happened_at", "actions", "watch_seconds", "source", "position", "market",
        "os", "network", "apps",
    )  # fmt: skip
    parts = {**_KINDS, "since": since, "until": until}
    columns = dict(zip(names, read_columns(_IMPRESSIONS_SQL, parts, len(names)), strict=True))
    video, viewer, kept = _locate(catalogue, viewers, columns["video"], columns["viewer"])
    happened_at = np.array(columns["happened_at"], dtype=np.float64)[kept]
    return c.Impressions(
        viewer=viewer,
        video=video,
        happened_at=happened_at,
        actions=np.array(columns["actions"], dtype=np.int32)[kept],
        watch_seconds=np.array(columns["watch_seconds"], dtype=np.float32)[kept],
        source=np.array(columns["source"], dtype=np.int8)[kept],
        position=np.array(columns["position"], dtype=np.int16)[kept],
        propensity=np.full(len(video), np.nan, dtype=np.float32),
        extra=encode_scenes(columns, kept, happened_at),
    )


def read_history(catalogue: c.Catalogue, viewers: c.Viewers, until: datetime, per_viewer: int) -> c.History:
    """The last `per_viewer` videos that each viewer was shown before `until`, oldest first."""
    rows = read_columns(_HISTORY_SQL, {**_KINDS, "until": until, "per_viewer": per_viewer}, 5)
    video, viewer, kept = _locate(catalogue, viewers, rows[1], rows[0])
    counts = np.bincount(viewer, minlength=len(viewers))
    return c.History(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        video=video,
        happened_at=np.array(rows[2], dtype=np.float64)[kept],
        actions=np.array(rows[3], dtype=np.int32)[kept],
        watch_seconds=np.array([np.nan if value is None else value for value in rows[4]], dtype=np.float32)[
            kept
        ],
    )


def read_span() -> tuple[datetime, datetime] | None:
    """Time of the first and the last stored event, or None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("select min(happened_at), max(happened_at) from recommender_event")
        first, last = cursor.fetchone()
    return None if first is None else (first, last)


def read_live_stats(since: datetime) -> c.LiveStats:
    """Rolled-up counts per video, market and hour from `since` on, less what is discounted."""
    names = [*(f"{name}_count" for name in c.ACTIONS), "impression_count", "watch_count", "watch_ms"]
    summed = ", ".join(f"sum({name}) as {name}" for name in names)
    kept = {name: f"greatest(r.{name} - coalesce(d.{name}, 0), 0)" for name in names}
    sql = f"""
        select r.video_id, r.market, extract(epoch from r.hour_at)::float8,
               greatest({kept["impression_count"]}, {kept["watch_count"]})::float4,
               ({kept["watch_ms"]} / 1000.0)::float8,
               {", ".join(f"{kept[f'{name}_count']}::float4" for name in c.ACTIONS)}
          from (select video_id, market, hour_at, {summed} from recommender_hourlyrollup
                 where hour_at >= %(since)s group by 1, 2, 3) as r
          left join recommender_discountedcount as d using (hour_at, video_id, market)
    """
    rows = read_columns(sql, {"since": since}, 5 + c.N_ACTIONS)
    return c.LiveStats(
        video_id=np.array(rows[0], dtype=np.int64),
        market=np.array(rows[1], dtype=np.int8),
        hour_at=np.array(rows[2], dtype=np.float64),
        shown=np.array(rows[3], dtype=np.float32),
        watched_seconds=np.array(rows[4], dtype=np.float32),
        taken=np.array(rows[5:], dtype=np.float32).reshape(c.N_ACTIONS, -1).T.copy(),
    )


def _locate(
    catalogue: c.Catalogue, viewers: c.Viewers, video_ids: Sequence[int], viewer_ids: Sequence[int]
) -> tuple[c.IntArray, c.IntArray, c.BoolArray]:
    """Rows of ids in both tables, and which rows have both and are believed; the others are cut off."""
    video = catalogue.find_rows(np.array(video_ids, dtype=np.int64))
    wanted = np.array(viewer_ids, dtype=np.int64)
    viewer = np.minimum(np.searchsorted(viewers.viewer_id, wanted), max(len(viewers) - 1, 0))
    known = viewers.viewer_id[viewer] == wanted if len(viewers) else np.zeros(len(wanted), dtype=np.bool_)
    kept = (video >= 0) & known
    if viewers.trust is not None and len(viewers):  # neither fits nor held-out windows are told by fakes
        kept &= viewers.trust[viewer] >= TrustParams().least
    return video[kept].astype(np.int32), viewer[kept].astype(np.int32), kept
