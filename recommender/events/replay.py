"""A second try for refused events, once their cause is mended (a video was published, a rule changed).

The event keeps its id, its arrival and its sender's clock, so it counts once and on the day it would have.
Each batch is replayed in one transaction with its account; an event that is refused again stays to be tried.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from recommender.events.clock import Clock, to_microseconds
from recommender.events.ingest import judge, store_safely
from recommender.events.store import Delivery

#: Sender of the batches that replays make.
SENDER = "replay"


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What became of the refused events that were tried again."""

    accepted: int
    duplicate: int
    refused: int


def replay_refused(ids: list[int] | None = None) -> ReplayResult:
    """Try refused events again: those of some ids, or all that were not accepted yet if None (or empty)."""
    totals = [0, 0, 0]
    for batch_id in _find_batches(ids):
        with transaction.atomic():
            result = _replay_batch(batch_id, ids)
        totals = [total + part for total, part in zip(totals, result, strict=True)]
    return ReplayResult(*totals)


def _find_batches(ids: list[int] | None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT batch_id FROM recommender_refusedevent "
            "WHERE replayed_at IS NULL AND (%s::bigint[] IS NULL OR id = ANY(%s)) ORDER BY 1",
            [ids or None, ids or None],
        )
        return [batch_id for (batch_id,) in cursor.fetchall()]


def _replay_batch(batch_id: int, ids: list[int] | None) -> tuple[int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id, r.payload::text, r.sent_at, b.received_at FROM recommender_refusedevent AS r "
            "JOIN recommender_eventbatch AS b ON b.id = r.batch_id WHERE r.batch_id = %s "
            "AND r.replayed_at IS NULL AND (%s::bigint[] IS NULL OR r.id = ANY(%s)) "
            "ORDER BY r.id FOR UPDATE OF r SKIP LOCKED",
            [batch_id, ids or None, ids or None],
        )
        rows = cursor.fetchall()
    if not rows:
        return 0, 0, 0
    _, _, sent_at, received_at = rows[0]
    outcomes = _try_again([payload.encode() for _, payload, _, _ in rows], received_at, sent_at)
    _note([(row[0], outcome) for row, outcome in zip(rows, outcomes, strict=True)])
    n_accepted, n_duplicate = outcomes.count("accepted"), outcomes.count("duplicate")
    return n_accepted, n_duplicate, len(outcomes) - n_accepted - n_duplicate


def _try_again(payloads: list[bytes], received_at: datetime, sent_at: datetime | None) -> list[str]:
    """Judge and store some events of one batch; "accepted", "duplicate" or why not, in their order."""
    clock = Clock.for_batch(
        to_microseconds(received_at), None if sent_at is None else to_microseconds(sent_at)
    )
    judged = judge(payloads, clock)
    unique = {row.event_id: row for row in judged.rows.values()}
    new_ids: set[str] = set()
    if judged.rows:
        delivery = Delivery(
            sender=SENDER,
            received_at=timezone.now(),
            sent_at=sent_at,
            rows=list(unique.values()),
            refused=[],
            n_repeats=len(judged.rows) - len(unique),
        )
        _, new_ids = store_safely(delivery)
    outcomes = []
    for index in range(len(payloads)):
        row = judged.rows.get(index)
        if row is None:
            outcomes.append(f"refused: {judged.refusals[index].reason}"[:200])
            continue
        outcomes.append("accepted" if row.event_id.hex in new_ids else "duplicate")
        new_ids.discard(row.event_id.hex)
    return outcomes


def _note(outcomes: list[tuple[int, str]]) -> None:
    columns: list[Any] = [list(column) for column in zip(*outcomes, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recommender_refusedevent AS r SET replay_outcome = n.outcome, "
            "replayed_at = CASE WHEN n.outcome IN ('accepted', 'duplicate') THEN now() END "
            "FROM unnest(%s::bigint[], %s::text[]) AS n (id, outcome) WHERE r.id = n.id",
            columns,
        )
