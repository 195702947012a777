"""Share links: a secret, a password, an end, a count, and no way further in."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from merchants.models import Account, ShareLink
from merchants.onboarding.welcome import prepare_first_visit
from merchants.sharing import links
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return prepare_first_visit(make_user("alice")).accounts.get()


def make(account: Account, **extra: Any) -> tuple[ShareLink, str]:
    told = {"name": "Bank", "days": 7, "password": "", "query": "range=90", **extra}
    return links.make_link(account.team.memberships.get().user, account, **told)


def test_a_link_opens_until_it_ends_or_is_revoked(client: Client, account: Account) -> None:
    link, token = make(account)
    page = client.get(f"/s/{token}/")
    assert page.status_code == 200
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert token not in str(ShareLink.objects.values())
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/s/{token}/").status_code == 404
    ShareLink.objects.update(expires_at=timezone.now() + timedelta(days=1))
    links.revoke(account.team.memberships.get().user, link)
    assert client.get(f"/s/{token}/").status_code == 404
    assert ShareLink.objects.get().view_count == 1


def test_a_password_is_asked_once_in_a_browser(client: Client, account: Account) -> None:
    _link, token = make(account, password="open sesame")
    assert client.get(f"/s/{token}/").status_code == 403
    assert client.post(f"/s/{token}/", {"password": "wrong"}).status_code == 403
    assert client.post(f"/s/{token}/", {"password": "open sesame"}).status_code == 200
    assert client.get(f"/s/{token}/").status_code == 200
    assert Client().get(f"/s/{token}/").status_code == 403


def test_the_holder_cannot_widen_what_is_shared(client: Client, account: Account) -> None:
    _link, token = make(account, query="range=7&market=TH")
    page = client.get(f"/s/{token}/?range=365&market=GB").content.decode()
    assert "Thailand" in page
    assert client.get("/").status_code == 302


def test_a_new_secret_ends_the_old_one(client: Client, account: Account) -> None:
    link, token = make(account)
    _link, fresh = links.rotate(account.team.memberships.get().user, link)
    assert client.get(f"/s/{token}/").status_code == 404
    assert client.get(f"/s/{fresh}/").status_code == 200


def test_a_stranger_makes_no_link(account: Account) -> None:
    with pytest.raises(PermissionDenied):
        links.make_link(make_user("charlie"), account, "x", 7, "", "")
