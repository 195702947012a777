"""What viewers did with creators' videos, summed per calendar day, for pages about one account.

Each facet (hour, source, language, device, group, video) adds up to the same sums; a caller keeps its days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from recommender.contracts import ACTION_INDEX, TRAFFIC_SOURCES
from recommender.events.rollups import ALLOW_LONG_STATEMENT
from recommender.events.schema import KIND_INDEX
from recommender.markets import MARKET_CODES, MARKETS

#: Measure -> kind of event that it counts.
_KINDS = {
    "impressions": "impression",
    "views": "watch",
    "likes": "like",
    "comments": "comment",
    "shares": "share",
    "follows": "follow",
    "cart_clicks": "cart_click",
    "orders": "order",
}
MEASURES: tuple[str, ...] = (
    "impressions",
    "views",
    "for_you_views",
    "watch_ms",
    "finishes",
    "likes",
    "comments",
    "shares",
    "follows",
    "cart_clicks",
    "orders",
    "order_value_minor",
)
_SUMS = {
    **{name: f"count(*) FILTER (WHERE kind = {KIND_INDEX[kind]})" for name, kind in _KINDS.items()},
    "for_you_views": (
        f"count(*) FILTER (WHERE kind = {KIND_INDEX['watch']}"
        f" AND source = {TRAFFIC_SOURCES.index('for_you')})"
    ),
    "watch_ms": "coalesce(sum(watch_ms), 0)::bigint",
    "finishes": f"count(*) FILTER (WHERE actions & {1 << ACTION_INDEX['finish']} <> 0)",
    "order_value_minor": "coalesce(sum(value_minor), 0)::bigint",
}
_ZONES = ", ".join(f"({code}, '{MARKETS[name].time_zone}')" for code, name in enumerate(MARKET_CODES))
_SQL = f"""
WITH told AS (
    SELECT e.kind, e.actions, e.watch_ms, e.value_minor, e.market, e.source, e.video_id,
           (e.happened_at AT TIME ZONE %(zone)s)::date AS day,
           (e.happened_at AT TIME ZONE coalesce(z.name, %(zone)s))::date AS viewer_day,
           extract(hour FROM e.happened_at AT TIME ZONE coalesce(z.name, %(zone)s))::int AS hour,
           coalesce(w.language, '') AS language, coalesce(w.device ->> 'os', '') AS os,
           coalesce(g.engagement, -1) AS viewer_group
    FROM recommender_event AS e
    LEFT JOIN (VALUES {_ZONES}) AS z (code, name) ON z.code = e.market
    LEFT JOIN recommender_viewer AS w ON w.id = e.viewer_id
    LEFT JOIN recommender_viewergroup AS g ON g.viewer_id = e.viewer_id
    WHERE e.creator_id = %(creator_id)s AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
)
SELECT CASE WHEN grouping(hour) = 0 THEN 'hour' WHEN grouping(source) = 0 THEN 'source'
            WHEN grouping(language) = 0 THEN 'language' WHEN grouping(os) = 0 THEN 'device'
            WHEN grouping(viewer_group) = 0 THEN 'group' ELSE 'video' END,
       coalesce(day, viewer_day), market, hour, source, language, os, video_id, viewer_group,
       {", ".join(_SUMS[name] for name in MEASURES)}
FROM told
GROUP BY GROUPING SETS (
    (viewer_day, market, hour), (day, market, source), (day, market, language), (day, market, os),
    (day, market, viewer_group),
    (day, market, video_id)
)
"""


@dataclass(frozen=True, slots=True)
class DigestRow:
    """Sums of one creator on one day, in one market, by one facet; `sums` in the order of `MEASURES`."""

    facet: str  # hour, source, language, device, group or video
    day: date  # in the asked zone; facet hour: in the market's
    market: str  # ISO code, '' elsewhere
    key: str  # '13', 'for_you', 'ms', 'android' or a video's id
    sums: tuple[int, ...]


def digest_activity(creator_id: int, first_day: date, last_day: date, zone: str) -> list[DigestRow]:
    """All facets of a creator's days from `first_day` to `last_day`, both counted, in an IANA zone."""
    clock = ZoneInfo(zone)
    # A market's day may begin half a day before or after the asked zone's.
    since = datetime.combine(first_day - timedelta(days=1), time(), clock)
    until = datetime.combine(last_day + timedelta(days=2), time(), clock)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ALLOW_LONG_STATEMENT)
        cursor.execute(_SQL, {"creator_id": creator_id, "since": since, "until": until, "zone": zone})
        rows = cursor.fetchall()
    return [
        DigestRow(facet, day, _name_market(market), _name_key(facet, *keys), tuple(map(int, sums)))
        for facet, day, market, *rest in rows
        if first_day <= day <= last_day
        for keys, sums in [(rest[:6], rest[6:])]
    ]


def _name_market(code: int) -> str:
    return MARKET_CODES[code] if 0 <= code < len(MARKET_CODES) else ""


def _name_key(
    facet: str,
    hour: int | None,
    source: int | None,
    language: str | None,
    os: str | None,
    video: int | None,
    group: int | None,
) -> str:
    if facet == "source":
        known = source is not None and 0 <= source < len(TRAFFIC_SOURCES)
        return TRAFFIC_SOURCES[source or 0] if known else "other"
    named = {"hour": hour, "language": language, "device": os, "video": video, "group": group}[facet]
    return "" if named is None else str(named)


def read_retention(video_ids: Sequence[int], n_steps: int = 20) -> list[tuple[float, int]]:
    """How far viewers of the last 90 days watched: (share of the duration, watches that reached it).

    The first step is 0, the last 1; loops count as reaching the end.
    """
    sql = f"""
        SELECT width_bucket(least(e.watch_ms / 1000.0 / v.duration_seconds, 1), 0, 1, %(n)s) - 1, count(*)
        FROM recommender_event AS e JOIN recommender_video AS v ON v.id = e.video_id
        WHERE e.video_id = ANY(%(ids)s) AND e.kind = {KIND_INDEX["watch"]} AND e.watch_ms IS NOT NULL
          AND v.duration_seconds > 0 AND e.happened_at >= now() - interval '90 days'
        GROUP BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"n": n_steps, "ids": list(video_ids)})
        ended = dict(cursor.fetchall())
    total = sum(ended.values())
    gone = [sum(count for step, count in ended.items() if step < at) for at in range(n_steps + 1)]
    return [(at / n_steps, total - gone[at]) for at in range(n_steps + 1)] if total else []


def find_sample_creator(first_id: int, last_id: int) -> int | None:
    """The creator of an id range whose videos led to most cart clicks; None where the range is empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.creator_id FROM recommender_video AS v"
            " JOIN recommender_hourlyrollup AS r ON r.video_id = v.id"
            " WHERE v.creator_id BETWEEN %s AND %s GROUP BY 1"
            " ORDER BY sum(r.cart_click_count) DESC, 1 LIMIT 1",
            [first_id, last_id],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None
