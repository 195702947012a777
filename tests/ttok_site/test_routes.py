"""Every address of the site, as the site itself lists them: closed to strangers unless named here as open."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from merchants.accounts.keys import make_key as make_merchant_key
from merchants.models import (
    Account,
    ActivityDay,
    AlertFiring,
    AlertRule,
    Annotation,
    ApiKey,
    AuditEntry,
    ImportFile,
    Invitation,
    Membership,
    ReportDelivery,
    ReportSchedule,
    SavedView,
    ShareLink,
    Team,
    WebhookDelivery,
    WebhookEndpoint,
)
from merchants.preview.feeds import make_viewer
from recommender.models import EventBatch, ModelVersion, TrainingRun, Viewer
from recommender.serving.live import LiveEngine
from tests.factories import make_account, make_key, make_user, make_videos
from tests.recommender.conftest import live

pytestmark = pytest.mark.django_db
__all__ = ["live"]

#: What anybody may open, and why.
OPEN = {
    "login/": "the door",
    "logout/": "leaving does no harm",
    "i18n/setlang/": "the language of the login page",
    "theme/": "light or dark on the login page",
    "signup/": "how merchants come in",
    "inactive/": "says that a login is closed",
    "confirm-email/": "where a newcomer types the code of the mail",
    "password/reset/": "for those who forgot their password",
    "password/reset/done/": "says that a mail is on its way",
    "password/reset/key/done/": "says that the password is new",
    "^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "the link of that mail",
    "s/<str:token>/": "a page that its owner shared; the link is the key",
    "admin/login/": "the operators' door",
    "admin/logout/": "leaving does no harm",
    "api/v1/openapi.json": "how to call the API, the same for everybody",
    "api/v1/docs": "the page to try it, which asks for a key",
}
METHODS = ("GET", "POST", "PUT", "DELETE")


def list_routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Every route as Django writes it: `preview/<int:viewer_id>/`."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from list_routes(entry.url_patterns, route)
        else:
            assert isinstance(entry, URLPattern)
            yield route


def fill_in(route: str, number: int = 1) -> str:
    """An address of the route."""
    route = re.sub(r"<(path|str|slug):\w+>|\(\?P<\w+>[^)]*\)", str(number), route)
    return "/" + re.sub(r"<int:\w+>", str(number), route).rstrip("$")


ROUTES = sorted(set(list_routes()))
CLOSED = [route for route in ROUTES if route not in OPEN]


def test_the_list_of_routes_is_whole() -> None:
    assert set(OPEN) <= set(ROUTES)
    for route in ("", "preview/<int:viewer_id>/react/", "api/v1/events", "admin/recommender/apitoken/"):
        assert route in CLOSED


@pytest.mark.parametrize("route", CLOSED)
def test_an_address_is_closed_to_the_anonymous(client: Client, route: str) -> None:
    for method in METHODS:
        answer = client.generic(method, fill_in(route))
        assert answer.status_code in {302, 401, 403}, method
        if answer.status_code == 302:
            assert re.match(r"/(admin/)?login/", answer.headers["Location"]), method


@pytest.fixture
def alices(live: LiveEngine) -> dict[str, str]:
    """What is Alice's, under words that no page of Charlie's may hold."""
    make_videos(12)
    live.refresh()
    alice = make_user("alice", email="alice@example.org")
    said = {"market": "MY", "language": "ms", "interests": ["fishing"], "os": "ios"}
    key = make_key(owner=alice)
    make_shop(alice)
    return {"viewer": str(make_viewer(alice.pk, said)), "key": key[:11], "email": alice.email, "word": WORD}


def make_shop(alice: User) -> None:
    """One row of everything that a merchant can own, each with the word in it."""
    account = make_account(alice, WORD, team=f"team {WORD}", nickname=WORD)
    made = {"account": account, "name": WORD}
    Annotation.objects.create(account=account, day="2026-01-05", text=WORD)
    rule = AlertRule.objects.create(**made, metric="views", kind="below", threshold=1)
    AlertFiring.objects.create(rule=rule, day="2026-01-05")
    ImportFile.objects.create(**made, sha256="x", format="studio_overview", row_count=1)
    soon = timezone.now() + timedelta(days=1)
    schedule = ReportSchedule.objects.create(**made, recipients=[f"{WORD}@example.org"], next_at=soon)
    ReportDelivery.objects.create(schedule=schedule, due_at=soon, fault=WORD)
    ShareLink.objects.create(**made, token_sha256="x", prefix=WORD[:8], expires_at=soon)
    SavedView.objects.create(**made, maker=alice, page="overview")
    endpoint = WebhookEndpoint.objects.create(team=account.team, url=f"https://{WORD}", secret="x", kinds=[])
    WebhookDelivery.objects.create(endpoint=endpoint, kind=WORD, payload={})
    Invitation.objects.create(
        team=account.team, email=f"{WORD}@example.org", token_sha256="x", expires_at=soon
    )
    AuditEntry.objects.create(team=account.team, actor_name=WORD, kind=WORD)
    make_merchant_key(alice, account.team, WORD, ["figures:read"], 1)
    counts = dict.fromkeys(ActivityDay.MEASURES, 1)
    day = {"day": "2026-01-05", "market": "GB", "key": "1"}
    ActivityDay.objects.create(account=account, facet="video", **day, **counts)


#: What is Alice's, in whatever field; no page of a stranger may hold it.
WORD = "alices-only"
OWNED = (
    Account, ActivityDay, AlertFiring, AlertRule, Annotation, ApiKey, AuditEntry, ImportFile, Invitation,
    Membership, ReportDelivery, ReportSchedule, SavedView, ShareLink, Team, WebhookDelivery, WebhookEndpoint,
)  # fmt: skip


def describe_state() -> dict[str, Any]:
    """What a stranger's call could have changed."""
    tables = (EventBatch, ModelVersion, TrainingRun, Viewer, *OWNED)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_stranger_sees_and_changes_nothing_of_anothers(
    client: Client, alices: dict[str, str], is_staff: bool
) -> None:
    client.force_login(make_user("charlie", is_staff=is_staff))
    before = describe_state()
    owned = {row.pk for table in OWNED for row in table.objects.all()}
    asked_ids = {route: owned if "<int:" in route and "admin/" not in route else () for route in CLOSED}
    addresses = [
        fill_in(route, number) for route in CLOSED for number in (int(alices["viewer"]), *asked_ids[route])
    ]
    for asked in addresses:
        for method in METHODS:
            client.cookies.pop("messages", None)  # the admin repeats an id that it did not find
            answer = client.generic(method, asked)
            # The address that Charlie wrote himself may come back to him, in a link to log in.
            page = answer.content.decode().replace(asked, "")
            about = f"{method} {asked} {answer.status_code}"
            assert answer.status_code < 500, about
            assert [name for name, word in alices.items() if word in page] == [], about
    assert keep_known(describe_state(), before) == before


def keep_known(state: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """A state without what Charlie made for himself, which never has Alice's word in it."""
    own = {table.__name__ for table in OWNED}
    assert not any(WORD in str(row) for name in own for row in state[name] if row not in before[name])
    return {
        name: [row for row in rows if name not in own or row in before[name]] for name, rows in state.items()
    }


def test_staff_without_permissions_open_no_table(client: Client) -> None:
    client.force_login(make_user("charlie", is_staff=True))
    tables = [route for route in CLOSED if re.fullmatch(r"admin/(auth|recommender)/\w+/", route)]
    assert len(tables) > 10
    assert {client.get(fill_in(route)).status_code for route in tables} == {403}
