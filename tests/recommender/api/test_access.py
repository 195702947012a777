"""Every route of the API is closed without a token, and closed to a token without its scope."""

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from recommender.api import authentication, urls
from recommender.api.permissions import SCOPES
from recommender.models import ApiToken
from tests.factories import bearer, make_key

pytestmark = pytest.mark.django_db
OPEN = {"openapi", "docs"}
ROUTES = [
    (pattern.name, method, str(pattern.pattern).replace("<int:pk>", "1"))
    for pattern in urls.urlpatterns
    if pattern.name not in OPEN
    for method in sorted(pattern.callback.view_class.required_scopes)  # type: ignore[attr-defined]
]


@pytest.fixture(autouse=True)
def forget_tokens() -> None:
    authentication.TokenAuthentication._seen.clear()


def call(client: Client, method: str, path: str, **headers: Any) -> Any:
    return client.generic(method, f"/api/v1/{path}", b"{}", "application/json", headers=headers)


def test_every_view_names_its_scopes() -> None:
    names = {pattern.name for pattern in get_resolver("recommender.api.urls").url_patterns}
    assert names - OPEN == {name for name, *_ in ROUTES}
    for pattern in urls.urlpatterns:
        if pattern.name not in OPEN:
            view = pattern.callback.view_class  # type: ignore[attr-defined]
            handlers = {m.upper() for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m)}
            assert handlers == set(view.required_scopes), pattern.name
            assert set(view.required_scopes.values()) <= set(SCOPES)


@pytest.mark.parametrize(("name", "method", "path"), ROUTES)
def test_without_a_token_nothing_opens(client: Client, name: str, method: str, path: str) -> None:
    answer = call(client, method, path)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("name", "method", "path"), ROUTES)
def test_a_token_without_the_scope_is_refused_by_its_name(
    client: Client, name: str, method: str, path: str
) -> None:
    pattern = next(pattern for pattern in urls.urlpatterns if pattern.name == name)
    scope = pattern.callback.view_class.required_scopes[method]  # type: ignore[attr-defined]
    key = make_key(*(other for other in SCOPES if other != scope))
    answer = call(client, method, path, **bearer(key))
    assert answer.status_code == 403
    assert f"'{scope}'" in answer.json()["detail"]


def test_an_unknown_key_is_refused(client: Client) -> None:
    assert call(client, "GET", "metrics", **bearer("ttok_wrong")).status_code == 401


def test_a_revoked_or_expired_key_is_refused_and_says_so(client: Client) -> None:
    key = make_key()
    assert call(client, "GET", "metrics", **bearer(key)).status_code == 200
    for field, word in (("revoked_at", "revoked"), ("expires_at", "expired")):
        ApiToken.objects.update(revoked_at=None, expires_at=None)
        ApiToken.objects.update(**{field: timezone.now()})
        authentication.TokenAuthentication._seen.clear()
        answer = call(client, "GET", "metrics", **bearer(key))
        assert answer.status_code == 401
        assert word in answer.json()["detail"]


def test_the_key_itself_is_nowhere_in_the_database() -> None:
    key = make_key()
    row = ApiToken.objects.values().get()
    assert key not in str(row)
    assert row["key_sha256"] == authentication.hash_key(key)


def test_a_token_of_a_deactivated_login_is_refused(client: Client) -> None:
    key = make_key()
    ApiToken.objects.get().owner.__class__.objects.update(is_active=False)
    assert call(client, "GET", "metrics", **bearer(key)).status_code == 401


def test_too_many_calls_are_told_when_to_come_back(client: Client, settings: Any, servers: None) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"read": 2, "write": 2, "control": 2}
    headers = bearer(make_key())
    codes = [call(client, "GET", "metrics", **headers).status_code for _ in range(3)]
    answer = call(client, "GET", "metrics", **headers)
    assert codes == [200, 200, 429]
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
