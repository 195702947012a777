"""The account of the activity stream: what came in, and that nothing of it was lost or counted twice."""

from dataclasses import dataclass

from django.db import connection, transaction

from recommender.events.replay import SENDER
from recommender.events.rollups import ALLOW_LONG_STATEMENT

_READ = """
SELECT coalesce(sum(received_count), 0)::bigint, coalesce(sum(stored_count), 0)::bigint,
    coalesce(sum(duplicate_count), 0)::bigint, coalesce(sum(refused_count), 0)::bigint,
    count(*) FILTER (WHERE rolled_up_at IS NULL),
    extract(epoch FROM now() - min(received_at) FILTER (WHERE rolled_up_at IS NULL))::float8,
    (SELECT count(*) FROM recommender_refusedevent),
    coalesce(sum(received_count) FILTER (WHERE sender = %s), 0)::bigint,
    (SELECT count(*) FROM recommender_refusedevent WHERE replayed_at IS NOT NULL)
FROM recommender_eventbatch
"""


@dataclass(frozen=True, slots=True)
class IngestAccount:
    """received = stored + duplicate + refused, over all batches; a replay is a batch of its own.

    `replayed` counts refused events that were accepted later, `pending_batches` those not yet in the rollups,
    `lag_seconds` the age of the oldest of them (None if there is none).
    """

    received: int
    stored: int
    duplicate: int
    refused: int
    replayed: int
    pending_batches: int
    lag_seconds: float | None
    is_conserved: bool


def read_account() -> IngestAccount:
    """The account at this moment, in one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [SENDER])
        received, stored, duplicate, refused, pending, lag, kept, replayed_in, replayed = cursor.fetchone()
    return IngestAccount(
        received=received,
        stored=stored,
        duplicate=duplicate,
        refused=refused,
        replayed=replayed,
        pending_batches=pending,
        lag_seconds=lag,
        is_conserved=(
            received == stored + duplicate + refused and refused == kept and replayed == replayed_in
        ),
    )


def count_events() -> tuple[int, int]:
    """Rows in the event table and in the ledger; both equal `stored`. Reads everything: not for a page."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ALLOW_LONG_STATEMENT)
        cursor.execute(
            "SELECT (SELECT count(*) FROM recommender_event), (SELECT count(*) FROM recommender_eventledger)"
        )
        n_events, n_ids = cursor.fetchone()
    return n_events, n_ids
