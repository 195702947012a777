"""Publishing over HTTP."""

from typing import Any

import pytest
from django.test import Client

from recommender.models import Creator, Video
from tests.factories import bearer, make_key, make_videos

pytestmark = pytest.mark.django_db
VIDEO = {"id": 1, "creator_id": 11, "caption": "Red #Lipstick #FYP", "published_at": "2026-11-20T10:00:00Z"}


@pytest.fixture
def post(client: Client) -> Any:
    headers = bearer(make_key("catalog:write", "catalog:read"))

    def call(path: str, rows: Any) -> Any:
        return client.post(f"/api/v1/{path}", rows, "application/json", headers=headers)

    return call


def test_publishing_twice_has_one_effect_and_the_later_words_stand(post: Any) -> None:
    assert post("creators", [{"id": 11, "handle": "lip.studio"}]).json() == {"written": 1}
    post("videos", [VIDEO])
    post("videos", [{**VIDEO, "caption": "Blue #shoes"}])
    video = Video.objects.get()
    assert (video.caption, video.hashtags, video.topics) == ("Blue #shoes", ["shoes"], ["shoes"])


def test_hashtags_are_topics_unless_topics_are_given(post: Any) -> None:
    post("creators", [{"id": 11, "handle": "lip.studio"}])
    post("videos", [VIDEO, {**VIDEO, "id": 2, "topics": ["beauty"]}])
    assert Video.objects.get(pk=1).topics == ["lipstick", "fyp"]
    assert Video.objects.get(pk=2).topics == ["beauty"]


def test_a_video_of_an_unknown_creator_is_refused_with_the_way_out(post: Any) -> None:
    answer = post("videos", [VIDEO])
    assert answer.status_code == 409
    assert answer.json()["detail"] == "creator_id 11 not known; send them to POST /api/v1/creators first"


def test_a_bad_row_is_named_by_its_place_and_nothing_is_written(post: Any) -> None:
    post("creators", [{"id": 11, "handle": "lip.studio"}])
    answer = post("videos", [VIDEO, {**VIDEO, "id": 2, "duration_seconds": -1}])
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "[1].duration_seconds", "reason": "Ensure this value is greater than or equal to 0."}
    ]
    assert not Video.objects.exists()


def test_more_than_a_thousand_rows_are_refused(post: Any) -> None:
    answer = post("creators", [{"id": pk, "handle": f"c{pk}"} for pk in range(1001)])
    assert answer.status_code == 400
    assert not Creator.objects.exists()


def test_a_body_that_is_no_json_is_a_problem_document(client: Client) -> None:
    headers = bearer(make_key("catalog:write"))
    answer = client.generic("POST", "/api/v1/videos", b"{nonsense", "application/json", headers=headers)
    assert answer.status_code == 400
    assert "the body is not JSON" in answer.json()["detail"]


def test_lists_go_on_by_cursor(client: Client) -> None:
    make_videos(7)
    headers = bearer(make_key("catalog:read"))
    first = client.get("/api/v1/videos?limit=4", headers=headers).json()
    rest = client.get(first["next"], headers=headers).json()
    assert [row["id"] for row in first["results"] + rest["results"]] == [7, 6, 5, 4, 3, 2, 1]
    assert rest["next"] is None
