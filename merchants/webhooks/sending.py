"""Deliveries leave signed (Standard Webhooks), are tried again for a day, and are logged either way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
import socket
import urllib.error
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from merchants.accounts.audit import note
from merchants.accounts.teams import require_owner
from merchants.models import Team, WebhookDelivery, WebhookEndpoint

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: Seconds from one try to the next; after the last the delivery is given up.
WAIT_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000)
TIMEOUT_SECONDS = 10
_SECRET_PREFIX = "whsec_"


class AddressError(ValueError):
    """An address that must not be called; says why."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to an address that was not checked: it counts as an answer."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def make_secret() -> str:
    """A secret in the form that Standard Webhooks libraries take."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def add_endpoint(user: User, team: Team, url: str, kinds: list[str]) -> WebhookEndpoint:
    """An address of a team that is told of some kinds of messages.

    Raises
    ------
    PermissionDenied
        The person does not own the team.
    """
    require_owner(user, team)
    with transaction.atomic():
        note(team, user, "webhook_added", url)
        return WebhookEndpoint.objects.create(
            team=team, url=url, kinds=kinds, secret=make_secret(), made_by=user
        )


def remove_endpoint(user: User, endpoint: WebhookEndpoint) -> None:
    """Tell an address nothing more; its log goes with it."""
    require_owner(user, endpoint.team)
    with transaction.atomic():
        note(endpoint.team, user, "webhook_removed", endpoint.url)
        endpoint.delete()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature header: HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def check_address(url: str) -> None:
    """Refuse an address that is no public https or http one: a webhook must not reach into our own network.

    Raises
    ------
    AddressError
        Naming the address and what would do.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise AddressError(f"{url!r} is no https:// address")
    if settings.WEBHOOK_PRIVATE:
        return
    if parts.scheme != "https":
        raise AddressError(f"{url!r} is not encrypted; give an https:// address")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise AddressError(f"host {parts.hostname!r} is not known ({error}); check the address") from None
    if any(not ipaddress.ip_address(info[4][0]).is_global for info in found):
        raise AddressError(f"host {parts.hostname!r} is not on the public internet; give a public address")


def deliver_due(limit: int = 50) -> int:
    """Try what is due, each delivery in a transaction of its own; how many were tried."""
    tried = 0
    while tried < limit and _deliver_one():
        tried += 1
    return tried


def _deliver_one() -> bool:
    """Claim the oldest due delivery that nobody works on, and send it."""
    with transaction.atomic():
        due = WebhookDelivery.objects.filter(next_at__lte=timezone.now(), endpoint__is_paused=False)
        one = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("endpoint")
            .order_by("next_at")
            .first()
        )
        if one is None:
            return False
        one.attempt_count += 1
        one.last_status, one.last_fault = send(one)
        if one.last_fault:
            left = WAIT_SECONDS[one.attempt_count - 1 :]
            one.next_at = timezone.now() + timedelta(seconds=left[0]) if left else None
        else:
            one.next_at, one.delivered_at = None, timezone.now()
        one.save()
    return True


def send(delivery: WebhookDelivery) -> tuple[int | None, str]:
    """Send once: (HTTP status, what went wrong or '')."""
    body = json.dumps(delivery.payload, separators=(",", ":")).encode()
    timestamp, message_id = int(timezone.now().timestamp()), str(delivery.message_id)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "T-Tok-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(delivery.endpoint.secret, message_id, timestamp, body),
    }
    try:
        check_address(delivery.endpoint.url)
        request = urllib.request.Request(delivery.endpoint.url, body, headers)
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as answer:
            return int(answer.status), ""
    except urllib.error.HTTPError as error:
        return error.code, f"answered {error.code} {error.reason}"[:300]
    except (OSError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"[:300]


def send_again(delivery: WebhookDelivery) -> None:
    """Put a delivery out once more, with its id; the receiver can tell that it is the same message."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        next_at=timezone.now(), attempt_count=0, delivered_at=None, last_fault=""
    )
