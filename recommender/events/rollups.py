"""Hourly counts per video, market and source: added to batch by batch, and equal to a recount at any time.

A batch is counted and marked as counted in one transaction, so it counts once however many workers roll up at
the same time. Whole milliseconds and minor units add up exactly in any order.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from recommender.contracts import ACTION_INDEX
from recommender.events.schema import KIND_INDEX

#: Reports may take longer than a web request's statement.
ALLOW_LONG_STATEMENT = "SET LOCAL statement_timeout = '15min'"
#: Count column -> kind of event.
_KIND_COUNTS = {
    "impression_count": "impression",
    "watch_count": "watch",
    "swipe_count": "swipe",
    "like_count": "like",
    "unlike_count": "unlike",
    "comment_count": "comment",
    "share_count": "share",
    "follow_count": "follow",
    "profile_visit_count": "profile_visit",
    "cart_click_count": "cart_click",
    "order_count": "order",
    "not_interested_count": "not_interested",
}
#: Count column -> action judged when the event came in.
_ACTION_COUNTS = {"finish_count": "finish", "long_watch_count": "long_watch"}

_MEASURES = {
    **{
        column: f"count(*) FILTER (WHERE e.kind = {KIND_INDEX[kind]})"
        for column, kind in _KIND_COUNTS.items()
    },
    **{
        column: f"count(*) FILTER (WHERE e.actions & {1 << ACTION_INDEX[action]} <> 0)"
        for column, action in _ACTION_COUNTS.items()
    },
    "watch_ms": "coalesce(sum(e.watch_ms), 0)::bigint",
    "order_value_minor": "coalesce(sum(e.value_minor), 0)::bigint",
}
MEASURES: tuple[str, ...] = tuple(_MEASURES)
_KEY = "hour_at, video_id, market, source"
_SELECT = (
    "SELECT date_trunc('hour', e.happened_at, 'UTC') AS hour_at, e.video_id, e.market, e.source, "
    + ", ".join(f"{measure} AS {column}" for column, measure in _MEASURES.items())
)
_ROLL_UP = f"""
INSERT INTO recommender_hourlyrollup ({_KEY}, {", ".join(MEASURES)})
{_SELECT} FROM recommender_event AS e
WHERE e.batch_id = ANY(%s) AND e.happened_at BETWEEN %s AND %s AND e.video_id IS NOT NULL
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT ({_KEY}) DO UPDATE SET
{", ".join(f"{column} = recommender_hourlyrollup.{column} + excluded.{column}" for column in MEASURES)}
"""
_RECOUNT = f"""
WITH counted AS (
    {_SELECT} FROM recommender_event AS e JOIN recommender_eventbatch AS b ON b.id = e.batch_id
    WHERE e.happened_at >= %s AND e.happened_at < %s AND e.video_id IS NOT NULL AND b.rolled_up_at IS NOT NULL
    GROUP BY 1, 2, 3, 4
), kept AS (
    SELECT {_KEY}, {", ".join(MEASURES)} FROM recommender_hourlyrollup WHERE hour_at >= %s AND hour_at < %s
)
SELECT {_KEY}, to_jsonb(kept)::text, to_jsonb(counted)::text
FROM kept FULL OUTER JOIN counted USING ({_KEY})
WHERE ({", ".join(f"kept.{column}" for column in MEASURES)})
    IS DISTINCT FROM ({", ".join(f"counted.{column}" for column in MEASURES)})
ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A rollup row that disagrees with its events: measure -> (kept, counted)."""

    hour_at: datetime
    video_id: int
    market: int
    source: int
    measures: dict[str, tuple[int, int]]


def roll_up(max_batches: int = 500) -> int:
    """Count the oldest batches that are not yet in the rollups; how many that were.

    Batches that another worker is counting are passed over.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ALLOW_LONG_STATEMENT)
        cursor.execute(
            "SELECT id, first_at, last_at FROM recommender_eventbatch WHERE rolled_up_at IS NULL "
            "ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
            [max_batches],
        )
        batches = cursor.fetchall()
        if not batches:
            return 0
        filled = [(batch_id, first, last) for batch_id, first, last in batches if first is not None]
        if filled:
            ids, firsts, lasts = zip(*filled, strict=True)
            cursor.execute(_ROLL_UP, [list(ids), min(firsts), max(lasts)])
        cursor.execute(
            "UPDATE recommender_eventbatch SET rolled_up_at = now() WHERE id = ANY(%s)",
            [[batch_id for batch_id, _, _ in batches]],
        )
    return len(batches)


def recount(first_hour: datetime, last_hour: datetime) -> list[Difference]:
    """Rollup rows of the hours from `first_hour` to `last_hour` (both counted, aware) that events contradict.

    Both sides are read in one snapshot; batches still to be rolled up are on neither.
    """
    start = _floor_hour(first_hour)
    end = datetime.fromtimestamp(_floor_hour(last_hour).timestamp() + 3600, tz=UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ALLOW_LONG_STATEMENT)
        cursor.execute(_RECOUNT, [start, end, start, end])
        return [_read_difference(row) for row in cursor.fetchall()]


def _floor_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _read_difference(row: Sequence[Any]) -> Difference:
    hour_at, video_id, market, source, *sides = row
    kept, counted = (_read_measures(side) for side in sides)
    measures = {name: (kept[name], counted[name]) for name in MEASURES if kept[name] != counted[name]}
    return Difference(hour_at, video_id, market, source, measures)


def _read_measures(text: str | None) -> dict[str, int]:
    """The measures of one side of a recount; all 0 where it has no row."""
    values = json.loads(text) if text else {}
    return {name: int(values.get(name, 0)) for name in MEASURES}


def read_span() -> tuple[datetime, datetime] | None:
    """The first and last time of any stored event; None while there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(first_at), max(last_at) FROM recommender_eventbatch")
        first, last = cursor.fetchone()
    return None if first is None else (first, last)
