"""The door of the activity stream: a batch in, a verdict per event out, one effect per event id for ever.

The promise is delivery at least once by the sender and an idempotent write here. A batch may be sent again at
any time, whole or in part, in any order: the events that counted are answered as duplicates.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import psycopg
from django.db import DatabaseError, connection
from django.utils import timezone

from recommender.events import limits
from recommender.events.body import BodyRefused, RawBatch, read_batch
from recommender.events.clock import Clock, to_datetime, to_microseconds
from recommender.events.partitions import ensure_days, forget_partitions
from recommender.events.rows import EventRow, References, build_row
from recommender.events.schema import EventIn, Refusal, decode_event
from recommender.events.store import Delivery, RefusedRow, read_references, store


class Verdict(msgspec.Struct, omit_defaults=True):
    """What became of one event; `field` and `reason` are set where it was refused."""

    index: int
    event_id: str | None
    verdict: Literal["accepted", "duplicate", "refused"]
    field: str = ""
    reason: str = ""


class BatchVerdict(msgspec.Struct):
    """What became of a batch: received = stored + duplicate + refused."""

    batch_id: int
    received: int
    stored: int
    duplicate: int
    refused: int
    verdicts: list[Verdict]


@dataclass(frozen=True, slots=True)
class Judged:
    """The events of a batch after the rules, by place: a row, or why not."""

    rows: dict[int, EventRow]
    refusals: dict[int, Refusal]
    ids: list[str | None]


def record_events(body: bytes, sender: str) -> BatchVerdict:
    """Record a JSON batch (see `events.body`) from a sender (token prefix or program name).

    Raises
    ------
    BodyRefused
        If the body is no batch; then nothing is recorded.
    """
    return record_batch(read_batch(body), sender)


def record_event_dicts(events: Sequence[dict[str, object]], sender: str) -> BatchVerdict:
    """Record events written in Python: the same rules, the same limits."""
    if not 1 <= len(events) <= limits.MAX_BATCH_EVENTS:
        raise BodyRefused(413, f"{len(events)} events given; send 1 to {limits.MAX_BATCH_EVENTS} at a time")
    return record_batch(RawBatch([msgspec.json.encode(event) for event in events], None), sender)


def record_batch(batch: RawBatch, sender: str) -> BatchVerdict:
    """Judge and store a batch at this server's time."""
    clock = Clock.for_batch(to_microseconds(timezone.now()), batch.sent)
    judged = judge(batch.events, clock)
    unique = list({row.event_id: row for row in reversed(judged.rows.values())}.values())
    delivery = Delivery(
        sender=sender,
        received_at=to_datetime(clock.received),
        sent_at=None if batch.sent is None else to_datetime(batch.sent),
        rows=unique,
        refused=[_keep(index, refusal, batch.events[index]) for index, refusal in judged.refusals.items()],
        n_repeats=len(judged.rows) - len(unique),
    )
    batch_id, new_ids = store_safely(delivery)
    return _build_verdict(batch_id, judged, new_ids)


def judge(events: Sequence[bytes], clock: Clock) -> Judged:
    """Apply every rule to every event; one query for the ids they name, whatever their number."""
    decoded: dict[int, EventIn] = {}
    refusals: dict[int, Refusal] = {}
    ids: list[str | None] = []
    for index, raw in enumerate(events):
        try:
            event = decoded[index] = decode_event(bytes(raw))
            ids.append(str(event.event_id))
        except Refusal as refusal:
            refusals[index] = refusal
            ids.append(_read_id(raw))
    references = _look_up(decoded.values())
    rows: dict[int, EventRow] = {}
    for index, event in decoded.items():
        try:
            rows[index] = build_row(event, references, clock)
        except Refusal as refusal:
            refusals[index] = refusal
    return Judged(rows, refusals, ids)


def _look_up(events: Iterable[EventIn]) -> References:
    videos: set[int] = set()
    creators: set[int] = set()
    viewers: set[int] = set()
    for event in events:
        if event.video_id is not None:
            videos.add(event.video_id)
        elif event.creator_id is not None:
            creators.add(event.creator_id)
        if event.market is None:
            viewers.add(event.viewer_id)
    if not videos and not creators and not viewers:
        return References({})
    return read_references(sorted(videos), sorted(creators), sorted(viewers))


def store_safely(delivery: Delivery) -> tuple[int, set[str]]:
    """Store with its partitions made; once more after a deadlock, or after a partition has gone."""
    for attempt in range(limits.RETRIES + 1):
        ensure_days(row.happened for row in delivery.rows)
        try:
            return store(delivery)
        except DatabaseError as error:
            cause = error.__cause__
            is_passing = isinstance(
                cause, (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
            )
            has_no_partition = isinstance(cause, psycopg.errors.CheckViolation) and "no partition" in str(
                cause
            )
            if attempt == limits.RETRIES or not (is_passing or has_no_partition):
                raise
            if is_passing and connection.in_atomic_block:
                raise
            forget_partitions()
    raise AssertionError("unreachable: the loop returns or raises")


def _build_verdict(batch_id: int, judged: Judged, new_ids: set[str]) -> BatchVerdict:
    """Verdicts in the order of the batch; of an id that came twice the first place counts."""
    verdicts: list[Verdict] = []
    fresh = set(new_ids)
    for index, event_id in enumerate(judged.ids):
        refusal = judged.refusals.get(index)
        if refusal is not None:
            verdicts.append(Verdict(index, event_id, "refused", refusal.field, refusal.reason))
            continue
        event_hex = judged.rows[index].event_id.hex
        verdicts.append(Verdict(index, event_id, "accepted" if event_hex in fresh else "duplicate"))
        fresh.discard(event_hex)
    stored, refused = len(new_ids), len(judged.refusals)
    return BatchVerdict(
        batch_id=batch_id,
        received=len(judged.ids),
        stored=stored,
        duplicate=len(judged.ids) - stored - refused,
        refused=refused,
        verdicts=verdicts,
    )


def _read_id(raw: bytes) -> str | None:
    """The id of an event that cannot be read otherwise, so that its sender finds it again."""
    found = re.search(rb'"event_id"\s*:\s*"([0-9a-fA-F-]{1,40})"', bytes(raw)[: limits.MAX_EVENT_BYTES])
    return found.group(1).decode() if found else None


def _keep(index: int, refusal: Refusal, raw: bytes) -> RefusedRow:
    """A refused event as JSON that PostgreSQL can hold; what it cannot hold is kept as text."""
    data = bytes(raw)
    is_storable = len(data) <= limits.MAX_EVENT_BYTES and b"\\u0000" not in data
    if is_storable:
        try:
            msgspec.json.decode(data)
            return RefusedRow(index, refusal.field[:64], refusal.reason, data.decode())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    text = data.decode("utf-8", "replace").replace("\x00", "\ufffd")[: limits.MAX_KEPT_LETTERS]
    return RefusedRow(
        index, refusal.field[:64], refusal.reason, msgspec.json.encode({"unreadable": text}).decode()
    )
