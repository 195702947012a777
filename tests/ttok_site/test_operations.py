"""The operators' page of health: whatever is broken is said, and keeps nothing else from being said."""

import pytest
from django.test import Client

from tests.factories import make_user
from ttok_site import operations

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_user("olga", is_staff=True, is_superuser=True))
    return client


def test_each_part_is_looked_at_by_itself(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise OSError("the cache is on fire")

    monkeypatch.setattr(operations, "_look_at_cache", fail)
    page = operator.get("/admin/health/").content.decode()
    assert "the cache is on fire" in page
    assert "PostgreSQL" in page and "batches" in page


def test_markets_stand_there_with_their_sources(operator: Client) -> None:
    page = operator.get("/admin/markets/").content.decode()
    assert "107,700,000" in page and "an assumption" in page


def test_staff_without_permissions_see_neither(client: Client) -> None:
    client.force_login(make_user("charlie", is_staff=True))
    assert {client.get(path).status_code for path in ("/admin/health/", "/admin/markets/")} == {403}
