"""Telling merchants' own systems what happened: rows of an outbox, written in the transaction that did it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from merchants.models import Team, WebhookDelivery, WebhookEndpoint

#: Every kind of message and what it tells.
KINDS = {
    "import.stored": "a file was imported",
    "import.undone": "an import was taken back",
    "alert.fired": "an alert fired",
    "report.sent": "a scheduled report left",
    "simulation.finished": "a reach simulation ended",
}


def announce(team: Team, kind: str, data: dict[str, Any]) -> int:
    """Put a message out for each address of the team that wants the kind; how many."""
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} does not exist; choose one of {', '.join(KINDS)}")
    now = timezone.now()
    wanted = WebhookEndpoint.objects.filter(team=team, is_paused=False, kinds__contains=[kind])
    payload = {"type": kind, "timestamp": now.isoformat(), "data": data}
    made = [WebhookDelivery(endpoint=one, kind=kind, payload=payload, next_at=now) for one in wanted]
    return len(WebhookDelivery.objects.bulk_create(made))
