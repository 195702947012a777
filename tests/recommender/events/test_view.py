"""The door over HTTP: who may send, what the status says, what is too much."""

import gzip
import json
from typing import Any

import pytest
from django.test import Client

from recommender.events.documentation import BATCH_SCHEMA, EXAMPLE
from recommender.models import EventBatch
from tests.factories import bearer, make_event, make_key

pytestmark = pytest.mark.django_db
PATH = "/api/v1/events"


def post(client: Client, key: str, content: Any, **headers: str) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post(PATH, body, content_type="application/json", headers={**bearer(key), **headers})


def test_accepted_events_answer_200_and_a_refused_one_207(client: Client, videos: Any) -> None:
    key = make_key("events:write")
    answer = post(client, key, {"events": [make_event("like", 1, 1)]})
    assert answer.status_code == 200
    assert answer.json()["verdicts"][0]["verdict"] == "accepted"
    answer = post(client, key, {"events": [make_event("like", 1, 1), make_event("like", 1, 999)]})
    assert answer.status_code == 207
    refused = answer.json()["verdicts"][1]
    assert (refused["index"], refused["verdict"], refused["field"]) == (1, "refused", "video_id")
    assert answer.json()["received"] == 2


def test_a_batch_is_kept_under_its_senders_token(client: Client, videos: Any) -> None:
    key = make_key("events:write")
    post(client, key, {"events": [make_event("like", 1, 1)]})
    assert key.startswith(EventBatch.objects.get().sender)


def test_a_token_without_the_scope_is_refused(client: Client, videos: Any) -> None:
    batch = {"events": [make_event("like", 1, 1)]}
    assert post(client, make_key("feed:read"), batch).status_code == 403
    assert client.post(PATH, b"{}", content_type="application/json").status_code == 401
    assert EventBatch.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"events": []}', {}, 400),
        (json.dumps({"events": [0] * 1_001}).encode(), {}, 413),
        (b" " * (2 * 1024 * 1024 + 1), {}, 413),
        (gzip.compress(b" " * 9_000_000), {"Content-Encoding": "gzip"}, 413),
        (b"{}", {"Content-Encoding": "br"}, 415),
    ],
)
def test_what_is_no_batch_is_a_problem_and_records_nothing(
    client: Client, videos: Any, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = post(client, make_key("events:write"), body, **headers)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert EventBatch.objects.count() == 0


def test_a_gzip_batch_is_read(client: Client, videos: Any) -> None:
    body = gzip.compress(json.dumps({"events": [make_event("like", 1, 1)]}).encode())
    assert post(client, make_key("events:write"), body, **{"Content-Encoding": "gzip"}).status_code == 200


def test_the_documented_example_is_a_batch(client: Client, videos: Any) -> None:
    answer = post(client, make_key("events:write"), EXAMPLE)
    fields = {verdict.get("field") for verdict in answer.json()["verdicts"]}
    assert fields <= {None, "happened_at"}  # its date grows old, nothing else may be wrong
    assert set(EXAMPLE["events"][0]) <= set(BATCH_SCHEMA["properties"]["events"]["items"]["properties"])
