"""Webhooks: signed as the standard says, tried again, never into our own network."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from merchants.accounts.announcing import announce
from merchants.models import Account, WebhookDelivery, WebhookEndpoint
from merchants.webhooks.sending import (
    WAIT_SECONDS,
    AddressError,
    check_address,
    deliver_due,
    make_secret,
    send_again,
)
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


class Receiver(BaseHTTPRequestHandler):
    """Keeps what arrives and answers as the test wants."""

    got: list[tuple[dict[str, str], bytes]] = []
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers.items()), body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Silent."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[str]:
    settings.WEBHOOK_PRIVATE = True
    Receiver.got, Receiver.status = [], 200
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


@pytest.fixture
def account() -> Account:
    return make_account(make_user("alice"), "lip.studio")


def make_endpoint(account: Account, url: str) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        team=account.team, url=url, secret=make_secret(), kinds=["import.stored"]
    )


def test_an_independent_library_verifies_the_signature(account: Account, receiver: str) -> None:
    endpoint = make_endpoint(account, receiver)
    assert announce(account.team, "import.stored", {"rows": 3}) == 1
    assert announce(account.team, "alert.fired", {}) == 0
    assert [deliver_due(), deliver_due()] == [1, 0]
    ((headers, body),) = Receiver.got
    told = Webhook(endpoint.secret).verify(body, {name.lower(): value for name, value in headers.items()})
    assert (told["type"], told["data"]) == ("import.stored", {"rows": 3})
    assert WebhookDelivery.objects.get().delivered_at is not None


def test_a_refusal_is_tried_again_and_given_up_in_the_end(account: Account, receiver: str) -> None:
    Receiver.status = 500
    make_endpoint(account, receiver)
    announce(account.team, "import.stored", {})
    for _ in range(len(WAIT_SECONDS) + 1):
        assert deliver_due() == 1
        WebhookDelivery.objects.exclude(next_at=None).update(next_at="2026-01-01T00:00:00Z")
    delivery = WebhookDelivery.objects.get()
    assert (delivery.next_at, delivery.last_status, delivery.attempt_count) == (None, 500, 7)
    assert len({headers["Webhook-Id"] for headers, _ in Receiver.got}) == 1
    Receiver.status = 200
    send_again(delivery)
    assert deliver_due() == 1
    assert WebhookDelivery.objects.get().delivered_at is not None


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://localhost/", "https://[::1]/", "https://10.0.0.8/", "http://example.org/",
            "ftp://example.org/", "https://169.254.169.254/latest"],
)  # fmt: skip
def test_an_address_inside_our_own_network_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        check_address(url)
