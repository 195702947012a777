"""A merchant's keys: hashed, scoped, expiring, revocable, and never wider than the person who made them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.accounts import keys
from merchants.models import ApiKey, Membership
from tests.factories import bearer, make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Any:
    return make_user("alice")


def ask(client: Client, text: str) -> Any:
    return client.get("/api/v1/merchant/accounts", headers=bearer(text))


def test_a_key_opens_the_accounts_of_its_team_alone(client: Client, alice: Any) -> None:
    mine = make_account(alice, "lip.studio")
    make_account(make_user("charlie"), "other.shop")
    other_team = make_account(alice, "second.shop", team="Second")
    key, text = keys.make_key(alice, mine.team, "sheet", ["figures:read"], 30)
    assert [row["handle"] for row in ask(client, text).json()] == ["lip.studio"]
    assert other_team.team != mine.team
    assert text not in str(ApiKey.objects.filter(pk=key.pk).values())


def test_a_key_without_the_scope_is_told_which_it_needs(client: Client, alice: Any) -> None:
    account = make_account(alice, "lip.studio")
    _, text = keys.make_key(alice, account.team, "sheet", ["imports:write"], 30)
    answer = ask(client, text)
    assert answer.status_code == 403
    assert "figures:read" in answer.json()["detail"]
    assert answer.headers["Content-Type"] == "application/problem+json"


def expire(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def leave(key: ApiKey) -> None:
    Membership.objects.filter(user=key.maker).delete()


@pytest.mark.parametrize(
    ("end", "reason"), [(keys.revoke_key, "revoked"), (expire, "expired"), (leave, "left the team")]
)
def test_a_key_that_ended_says_why(client: Client, alice: Any, end: Any, reason: str) -> None:
    account = make_account(alice, "lip.studio")
    key, text = keys.make_key(alice, account.team, "sheet", ["figures:read"], 30)
    end(key)
    answer = ask(client, text)
    assert answer.status_code == 401
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize(
    ("scopes", "days", "reason"),
    [
        (["imports:write"], 30, "needs the role editor"),
        (["all"], 30, "does not exist"),
        ([], 30, "needs a scope"),
        (["figures:read"], 0, "1 to 730 days"),
        (["figures:read"], 731, "1 to 730 days"),
    ],
)
def test_a_viewer_cannot_make_a_key_that_does_more_than_they_may(
    alice: Any, scopes: list[str], days: int, reason: str
) -> None:
    account = make_account(alice, "lip.studio")
    bob = make_user("bob")
    Membership.objects.create(user=bob, team=account.team, role="viewer")
    with pytest.raises(ValueError, match=reason):
        keys.make_key(bob, account.team, "sheet", scopes, days)


def test_too_many_calls_of_a_key_are_told_when_to_come_back(
    client: Client, alice: Any, settings: Any
) -> None:
    settings.MERCHANT_API_REQUESTS_PER_MINUTE = 3
    account = make_account(alice, "lip.studio")
    _, text = keys.make_key(alice, account.team, "sheet", ["figures:read"], 30)
    codes = [ask(client, text).status_code for _ in range(8)]  # a minute may turn in between
    assert codes[:3] == [200, 200, 200]
    assert 429 in codes
