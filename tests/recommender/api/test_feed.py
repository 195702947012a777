"""The feed over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.test import Client

from recommender.models import Viewer
from recommender.serving.live import LiveEngine
from tests.factories import bearer, make_key, make_videos
from ttok_site.cache import ResilientRedisCache

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(live: LiveEngine, client: Client) -> Iterator[Any]:
    make_videos(40)
    live.refresh()
    headers = bearer(make_key("feed:read"))

    def call(**query: Any) -> Any:
        return client.get("/api/v1/feed", query, headers=headers)

    yield call


def test_pages_follow_each_other_by_cursor_without_repeats(get: Any) -> None:
    first = get(viewer_id=5, market="GB", language="en", limit=6).json()
    second = get(viewer_id=5, cursor=first["next_cursor"], limit=6).json()
    assert (first["page"], second["page"]) == (0, 1)
    assert first["request_id"] == second["request_id"]
    shown = [item["video_id"] for page in (first, second) for item in page["items"]]
    assert len(set(shown)) == 12
    assert get(viewer_id=5, cursor=first["next_cursor"], limit=6).json() == second


def test_every_item_says_why(get: Any) -> None:
    for item in get(viewer_id=5, market="GB").json()["items"]:
        assert item["why"]["source"] in {
            "interests", "similar_videos", "collaborative", "factors", "follows", "trending",
            "fresh", "searches", "sequence",
        }  # fmt: skip
        assert item["why"]["contributions"]
        assert 0 < item["propensity"] <= 1


def test_without_a_model_the_answer_says_that_it_is_the_fallback(get: Any) -> None:
    answer = get(viewer_id=5, market="GB")
    assert answer.status_code == 200
    assert answer.headers["X-Feed-Mode"] == "fallback"
    assert answer.json()["mode"] == "fallback"


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({}, "viewer_id", "required"),
        ({"viewer_id": "x"}, "viewer_id", "valid integer"),
        ({"viewer_id": 5, "limit": 51}, "limit", "less than or equal to 50"),
        ({"viewer_id": 5, "market": "FR"}, "market", "'FR' has no shopping cart; choose one of GB"),
        ({"viewer_id": 5, "cursor": "nonsense!"}, "cursor", "is not a cursor"),
        ({"viewer_id": 5, "cursor": "AAAA"}, "cursor", "is not a cursor"),
    ],
)
def test_a_bad_parameter_is_named_with_what_would_do(get: Any, query: Any, field: str, words: str) -> None:
    answer = get(**query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert words in error["reason"]


def test_another_viewers_request_id_is_a_conflict(get: Any) -> None:
    request_id = get(viewer_id=5, market="GB").json()["request_id"]
    answer = get(viewer_id=6, market="GB", request_id=request_id)
    assert answer.status_code == 409
    assert request_id in answer.json()["detail"]


def test_signing_up_twice_makes_one_viewer(client: Client, db: None) -> None:
    headers = bearer(make_key("feed:read"))
    body = {"viewer_id": 8, "market": "MY", "language": "ms", "interests": ["hijab"], "device": {"os": "ios"}}
    codes = [
        client.post("/api/v1/viewers", body, "application/json", headers=headers).status_code for _ in "12"
    ]
    assert codes == [201, 200]
    viewer = Viewer.objects.get()
    assert (viewer.market, viewer.interests, viewer.device) == ("MY", ["hijab"], {"os": "ios"})


def test_a_dead_cache_is_named_and_does_not_stop_the_feed(get: Any) -> None:
    caches["default"] = ResilientRedisCache("unix:///nowhere/cache.sock", {"KEY_PREFIX": "x"})
    cache.get("is-there")  # as the live engine's thread does every second
    try:
        answer = get(viewer_id=5, market="GB")
    finally:
        del caches["default"]
    assert answer.status_code == 200
    assert answer.headers["X-Feed-Degraded"] == "cache"
