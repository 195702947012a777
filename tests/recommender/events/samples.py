"""Batches for tests, and a context that takes back whatever an example wrote."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from recommender.events.ingest import BatchVerdict, record_events


def send(events: Sequence[dict[str, Any]], sent_at: datetime | None = None) -> BatchVerdict:
    """Record some events as one JSON batch."""
    body: dict[str, Any] = {"events": list(events)}
    if sent_at is not None:
        body["sent_at"] = sent_at.isoformat()
    return record_events(json.dumps(body).encode(), "test")


def list_verdicts(verdict: BatchVerdict) -> list[str]:
    """The verdicts in the order of the batch."""
    return [item.verdict for item in verdict.verdicts]


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction that is rolled back: one example of a property leaves nothing to the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
