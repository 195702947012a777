"""The OpenAPI document is valid, complete, and says how to get in."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from recommender.api import urls

#: Addresses that describe the API and are no part of it.
_ABOUT = {"openapi", "docs"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document, made by the command that refuses warnings and what the standard does not allow."""
    written = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=written)
    return dict(json.loads(written.getvalue()))


def list_operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_address_of_the_api_is_documented(document: dict[str, Any]) -> None:
    about_one = {pattern.name for pattern in urls.urlpatterns if "<int:pk>" in str(pattern.pattern)}
    names = {pattern.name for pattern in urls.urlpatterns} - _ABOUT
    addresses = {reverse(f"api:{name}", kwargs={"pk": 7} if name in about_one else {}) for name in names}
    found = {path.replace("{id}", "7") for path in document["paths"]}
    assert {path for path in found if not path.startswith("/api/v1/merchant/")} == addresses


def test_every_operation_asks_for_a_bearer_token(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert [
        name
        for name, operation in list_operations(document)
        if operation["security"] not in ([{"token": []}], [{"merchantKey": []}])
    ] == []


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document: dict[str, Any]) -> None:
    operations = list_operations(document)
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    assert [name for name, operation in operations if not operation.get("description")] == []


def test_a_batch_of_events_is_documented_with_its_limit(document: dict[str, Any]) -> None:
    body = document["paths"]["/api/v1/events"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["events"]["maxItems"] == 1000
