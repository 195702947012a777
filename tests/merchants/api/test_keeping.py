"""Reports, links, views and webhooks by API: what the pages do, with the same rules and the same rows."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.accounts.announcing import announce
from merchants.accounts.keys import SCOPES, make_key
from merchants.models import (
    Account,
    AuditEntry,
    Membership,
    ReportSchedule,
    Role,
    SavedView,
    ShareLink,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests.factories import bearer, make_user
from tests.merchants.api.test_reach import make_tenant

pytestmark = pytest.mark.django_db
BASE = "/api/v1/merchant/"


class Program:
    """A merchant's program with a key of its own."""

    def __init__(self, client: Client, account: Account, headers: dict[str, str]) -> None:
        self.client, self.account, self.headers = client, account, headers

    def get(self, path: str) -> Any:
        return self.client.get(BASE + path.format(self.account.pk), headers=self.headers)

    def post(self, path: str, **body: Any) -> Any:
        address = BASE + path.format(self.account.pk)
        return self.client.post(address, body, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(BASE + path, headers=self.headers)


@pytest.fixture
def alice(client: Client) -> Program:
    return Program(client, *make_tenant("alice", *SCOPES))


@pytest.fixture
def viewer(client: Client, alice: Program) -> Program:
    """Bob only looks at Alice's figures; so does his key."""
    bob = make_user("bob")
    Membership.objects.create(user=bob, team=alice.account.team, role=Role.EDITOR)
    scopes = [scope for scope, (_, role) in SCOPES.items() if role != Role.OWNER]
    key = make_key(bob, alice.account.team, "bob", scopes, 30)[1]
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    return Program(client, alice.account, bearer(key))


MONDAY = {"name": "Monday", "cadence": "weekly", "language": "ms", "recipients": ["boss@example.com"]}


def test_a_report_is_scheduled_listed_and_removed(alice: Program) -> None:
    made = alice.post("accounts/{}/reports", **MONDAY)
    assert made.status_code == 201 and made.json()["next_at"] > timezone.now().isoformat()
    assert [row["name"] for row in alice.get("accounts/{}/reports").json()] == ["Monday"]
    assert alice.delete(f"reports/{made.json()['id']}").status_code == 204
    assert not ReportSchedule.objects.exists()
    assert alice.delete(f"reports/{made.json()['id']}").status_code == 404
    assert AuditEntry.objects.filter(kind="report_removed").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipients": ["nobody"]}, "recipients"),
        ({"recipients": [f"p{n}@example.com" for n in range(21)]}, "recipients"),
        ({"language": "xx"}, "language"),
        ({"cadence": "hourly"}, "cadence"),
    ],
)
def test_a_report_that_cannot_leave_is_refused_at_its_field(
    alice: Program, change: dict[str, Any], field: str
) -> None:
    answer = alice.post("accounts/{}/reports", **{**MONDAY, **change})
    assert answer.status_code == 400 and field in answer.content.decode()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not ReportSchedule.objects.exists()


def test_a_link_opens_behind_its_password_until_it_is_revoked(alice: Program, client: Client) -> None:
    made = alice.post("accounts/{}/links", name="Bank", days=3, password="open sesame", query="range=90&x=1")
    told = made.json()
    assert (made.status_code, told["has_password"], told["query"]) == (201, True, "range=90")
    assert client.get(told["url"]).status_code == 403
    assert client.post(told["url"], {"password": "open sesame"}).status_code == 200
    listed = alice.get("accounts/{}/links").json()
    assert listed[0]["view_count"] == 1 and "url" not in listed[0] and "password" not in listed[0]
    for _ in range(2):
        assert alice.delete(f"links/{told['id']}").json()["revoked_at"]
    assert client.get(told["url"]).status_code == 404
    assert ShareLink.objects.count() == 1
    assert alice.post("accounts/{}/links", name="Bank", days=366).status_code == 400


def test_a_view_is_saved_under_its_name_for_its_maker_alone(alice: Program, viewer: Program) -> None:
    for query in ("stage=recall&page=3", "stage=pool"):
        made = alice.post("accounts/{}/views", name="Few", page="videos", query=query)
        assert made.status_code == 201
    assert [row["query"] for row in alice.get("accounts/{}/views").json()] == ["stage=pool"]
    assert viewer.get("accounts/{}/views").json() == []
    assert viewer.delete(f"views/{made.json()['id']}").status_code == 404
    assert alice.delete(f"views/{made.json()['id']}").status_code == 204
    assert not SavedView.objects.exists()
    assert alice.post("accounts/{}/views", name="x", page="secret").status_code == 400


def test_a_webhook_is_added_with_its_secret_told_once(alice: Program, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = True
    made = alice.post("webhooks", url="http://127.0.0.1:9/hook", kinds=["alert.fired"]).json()
    assert made["secret"].startswith("whsec_")
    assert "secret" not in alice.get("webhooks").json()[0]
    for _ in range(3):
        announce(alice.account.team, "alert.fired", {"rule": "r"})
    first = alice.get("webhooks/deliveries?limit=2").json()
    assert len(first["results"]) == 2 and first["previous"] is None
    rest = alice.client.get(first["next"], headers=alice.headers).json()
    ids = [row["id"] for row in (*first["results"], *rest["results"])]
    newest = WebhookDelivery.objects.order_by("-pk").values_list("message_id", flat=True)
    assert ids == [str(one) for one in newest]
    assert alice.delete(f"webhooks/{made['id']}").status_code == 204
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_may_not_reach_into_the_network(alice: Program) -> None:
    answer = alice.post("webhooks", url="https://127.0.0.1/", kinds=["alert.fired"])
    assert answer.status_code == 400 and "public" in answer.content.decode()
    assert alice.post("webhooks", url="https://example.com/", kinds=["moon"]).status_code == 400


def test_a_key_is_never_wider_than_its_maker_is_now(alice: Program, viewer: Program) -> None:
    made = alice.post("accounts/{}/reports", **MONDAY).json()
    link = alice.post("accounts/{}/links", name="Bank", days=3).json()
    assert viewer.get("accounts/{}/reports").status_code == 200
    assert viewer.post("accounts/{}/reports", **MONDAY).status_code == 404
    assert viewer.post("accounts/{}/links", name="Mine", days=3).status_code == 404
    assert viewer.delete(f"reports/{made['id']}").status_code == 404
    assert viewer.delete(f"links/{link['id']}").status_code == 404
    assert viewer.get("webhooks").status_code == 403
