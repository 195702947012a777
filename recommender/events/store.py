"""The transaction that gives a batch its one effect: ledger, events, states, account, all or nothing.

The order is always ledger (ids ascending), states (viewers ascending), events, account. Whoever waits for a
lock therefore never holds one that the other needs. Statements that do not need each other's answer travel
together: a batch costs four round trips however many events it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from recommender.events.clock import to_datetime
from recommender.events.rows import EventRow, References
from recommender.events.state_store import (
    ENSURE_STATES,
    LOCK_STATES,
    build_lock_parameters,
    collect_changes,
    format_array,
    write_states,
)

_CLAIM = """
INSERT INTO recommender_eventledger (event_id) SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING
RETURNING replace(event_id::text, '-', '')
"""
_COPY = """
COPY recommender_event (happened_at, event_id, batch_id, viewer_id, video_id, creator_id, kind, actions,
    market, source, watch_ms, position, loops, session_id, request_id, value_minor, is_clamped, details)
FROM STDIN
"""
_ACCOUNT = """
INSERT INTO recommender_eventbatch
    (id, sender, received_count, stored_count, duplicate_count, refused_count, first_at, last_at, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_REFUSE = """
INSERT INTO recommender_refusedevent (batch_id, index, field, reason, payload, sent_at, replay_outcome)
SELECT %s, refused.index, refused.field, refused.reason, refused.payload::jsonb, %s, ''
FROM unnest(%s::integer[], %s::text[], %s::text[], %s::text[]) AS refused (index, field, reason, payload)
"""
_ADD_VIEWERS = """
INSERT INTO recommender_viewer (id, market, language, interests, device, attributes)
SELECT id, market, language, '{}', device::jsonb, '{}'
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS new (id, market, language, device)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A refused event as it is kept: `payload` is JSON text."""

    index: int
    field: str
    reason: str
    payload: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One batch after judgement: rows with ids that differ, the repeats among them counted apart."""

    sender: str
    received_at: datetime
    sent_at: datetime | None
    rows: Sequence[EventRow]
    refused: Sequence[RefusedRow]
    n_repeats: int  # ids that came twice within the batch

    @property
    def n_received(self) -> int:
        return len(self.rows) + len(self.refused) + self.n_repeats


def read_references(
    video_ids: Sequence[int], creator_ids: Sequence[int], viewers_without_market: Sequence[int]
) -> References:
    """What the database knows of some videos (creator, seconds), creators and viewers (country)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, creator_id, duration_seconds FROM recommender_video WHERE id = ANY(%s::bigint[])",
            [format_array(video_ids)],
        )
        videos = {video: (creator, seconds) for video, creator, seconds in cursor.fetchall()}
        creators: frozenset[int] = frozenset()
        if creator_ids:
            cursor.execute("SELECT id FROM recommender_creator WHERE id = ANY(%s)", [list(creator_ids)])
            creators = frozenset(creator for (creator,) in cursor.fetchall())
        markets: dict[int, str] = {}
        if viewers_without_market:
            cursor.execute(
                "SELECT id, market FROM recommender_viewer WHERE id = ANY(%s)", [list(viewers_without_market)]
            )
            markets = dict(cursor.fetchall())
    return References(videos, creators, markets)


def store(delivery: Delivery) -> tuple[int, set[str]]:
    """Store a batch; its id, and the ids (32 hex digits) that were new.

    The partitions of the rows must exist. Everything is committed when this returns, unless the caller holds
    a transaction of their own.
    """
    rows = sorted(delivery.rows, key=lambda row: row.event_id.int)
    with transaction.atomic():
        connection.ensure_connection()
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            return _store_rows(cursor, delivery, rows)


def _store_rows(
    cursor: "psycopg.Cursor[Any]", delivery: Delivery, rows: list[EventRow]
) -> tuple[int, set[str]]:
    changes = collect_changes(rows)
    ledger, ensured, states, number = (psycopg.Cursor(cursor.connection) for _ in range(4))
    with cursor.connection.pipeline():
        number.execute("SELECT nextval('recommender_eventbatch_id_seq')")
        if rows:
            ledger.execute(_CLAIM, [_list_ids(rows)])
            ensured.execute(ENSURE_STATES, [format_array(changes)])
            states.execute(LOCK_STATES, build_lock_parameters(changes), binary=True)
    ((batch_id,),) = number.fetchall()
    new_ids = {event_id for (event_id,) in ledger.fetchall()} if rows else set()
    if len(new_ids) < len(rows):
        rows = [row for row in rows if row.event_id.hex in new_ids]
        changes = collect_changes(rows)
    if rows:
        _copy_events(cursor, batch_id, rows)
    with cursor.connection.pipeline():
        if rows:
            write_states(cursor, changes, [state for state in states.fetchall() if state[0] in changes])
            _add_viewers(cursor, rows, {viewer_id for (viewer_id,) in ensured.fetchall()})
        _write_account(cursor, batch_id, delivery, rows)
    return batch_id, new_ids


def _list_ids(rows: Sequence[EventRow]) -> str:
    return "{" + ",".join([row.event_id.hex for row in rows]) + "}"


def _copy_events(cursor: "psycopg.Cursor[Any]", batch_id: int, rows: Sequence[EventRow]) -> None:
    with cursor.copy(_COPY) as copy:
        copy.write("".join([_format_row(row, batch_id) for row in rows]))


def _format_row(row: EventRow, batch_id: int) -> str:
    """One line of COPY's text format; only the JSON can hold a character that needs an escape."""
    details = "\\N" if row.details is None else row.details.decode().replace("\\", "\\\\")
    columns = (
        row.video_id,
        row.creator_id,
        row.kind,
        row.actions,
        row.market,
        row.source,
        row.watch_ms,
        row.position,
        row.loops,
        row.session_id,
        row.request_id,
        row.value_minor,
    )
    values = "\t".join(["\\N" if value is None else str(value) for value in columns])
    happened = to_datetime(row.happened).isoformat()
    flag = "t" if row.is_clamped else "f"
    return f"{happened}\t{row.event_id.hex}\t{batch_id}\t{row.viewer_id}\t{values}\t{flag}\t{details}\n"


def _add_viewers(cursor: "psycopg.Cursor[Any]", rows: Sequence[EventRow], new_ids: set[int]) -> None:
    """Make the viewers whose state was just made; the latest event that names them describes them."""
    if not new_ids:
        return
    first = {
        row.viewer_id: row for row in sorted(rows, key=lambda row: row.happened) if row.viewer_id in new_ids
    }
    viewers = [
        (viewer_id, row.market_code, row.language, (row.device or b"{}").decode())
        for viewer_id, row in sorted(first.items())
    ]
    if viewers:
        cursor.execute(_ADD_VIEWERS, [list(column) for column in zip(*viewers, strict=True)])


def _write_account(
    cursor: "psycopg.Cursor[Any]", batch_id: int, delivery: Delivery, stored: Sequence[EventRow]
) -> None:
    times = [row.happened for row in stored]
    cursor.execute(
        _ACCOUNT,
        [
            batch_id,
            delivery.sender[:64],
            delivery.n_received,
            len(stored),
            len(delivery.rows) - len(stored) + delivery.n_repeats,
            len(delivery.refused),
            to_datetime(min(times)) if times else None,
            to_datetime(max(times)) if times else None,
            delivery.received_at,
        ],
    )
    if delivery.refused:
        columns = zip(
            *((row.index, row.field, row.reason, row.payload) for row in delivery.refused), strict=True
        )
        cursor.execute(_REFUSE, [batch_id, delivery.sent_at, *(list(column) for column in columns)])
