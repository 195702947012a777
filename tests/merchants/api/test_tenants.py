"""Every address of the merchant's API, as the API lists them: a stranger's key opens nothing of Alice's."""

from typing import Any

import pytest
from django.test import Client

from merchants.accounts.keys import SCOPES
from merchants.api import urls
from tests.factories import make_user
from tests.merchants.api.test_reach import make_tenant
from tests.ttok_site.test_routes import METHODS, OWNED, WORD, describe_state, fill_in, keep_known, make_shop

pytestmark = pytest.mark.django_db
ROUTES = sorted("api/v1/merchant/" + str(pattern.pattern) for pattern in urls.urlpatterns)
#: What a body needs to get past the checks of its shape, so that the tenant's own check is met.
BODY = {
    "name": "mine", "cadence": "weekly", "language": "en", "recipients": ["me@example.com"], "days": 3,
    "page": "overview", "day": "2026-01-05", "text": "mine", "url": "https://example.invalid/", "kinds": [],
}  # fmt: skip


def call(client: Client, method: str, address: str, headers: dict[str, str]) -> Any:
    return client.generic(method, address, str(BODY).replace("'", '"'), "application/json", headers=headers)


@pytest.fixture
def alices() -> dict[str, Any]:
    """One row of everything, and the state with nothing else in it."""
    make_shop(make_user("alice", email="alice@example.org"))
    return describe_state()


def test_the_list_of_routes_is_whole() -> None:
    for route in ("reports/<int:report_id>", "links/<int:link_id>", "webhooks/deliveries", "reach"):
        assert "api/v1/merchant/" + route in ROUTES


def test_every_scope_of_a_key_opens_nothing_of_another_team(client: Client, alices: dict[str, Any]) -> None:
    owned = sorted({row.pk for table in OWNED for row in table.objects.all()})
    stranger, opened = make_tenant("charlie", *SCOPES)[1], 0
    for route in ROUTES:
        for number in owned if "<int:" in route else [1]:
            for method in METHODS:
                answer = call(client, method, fill_in(route, number), stranger)
                assert answer.status_code < 500, (method, route, answer.content)
                assert WORD not in answer.content.decode().replace(fill_in(route, number), ""), (
                    method,
                    route,
                )
                opened += answer.status_code == 200
    assert opened > 4  # its own lists, empty
    assert keep_known(describe_state(), alices) == alices


@pytest.mark.parametrize("route", ROUTES)
def test_a_key_without_any_scope_of_it_is_refused(client: Client, route: str) -> None:
    _, headers = make_tenant("alice", "niche:read")
    for method in METHODS:
        answer = call(client, method, fill_in(route), headers)
        if "niche" in route or "search-rank" in route:
            continue
        assert answer.status_code in {403, 405}, (method, answer.status_code)
