"""The preview: a test viewer signs up, is served, reacts; another merchant's viewer stays closed."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from merchants.preview import feeds
from recommender import engine
from recommender.models import Viewer, ViewerState
from recommender.recall.gather import SOURCES
from recommender.serving.live import LiveEngine, live_engine
from tests.factories import make_user, make_videos
from tests.recommender.conftest import live

pytestmark = pytest.mark.django_db
__all__ = ["live"]


@pytest.fixture
def alice(client: Client, live: LiveEngine) -> Client:
    make_videos(40)
    live.refresh()
    client.force_login(make_user("alice"))
    return client


def open_viewer(client: Client, **said: Any) -> str:
    answer = client.post("/preview/", {"market": "GB", "language": "en", "os": "ios", **said})
    assert answer.status_code == 302
    return str(answer.url)


def test_home_shows_the_state_of_the_engine(alice: Client) -> None:
    page = alice.get("/preview/").content.decode()
    assert "none yet: feeds come from the fallback" in page
    assert "lipstick" in page


def test_a_new_test_viewer_is_served_with_reasons(alice: Client) -> None:
    page = alice.get(open_viewer(alice, interests=["fishing"]), follow=True).content.decode()
    assert page.count("Why this video") == 6
    assert "fishing" in page
    assert Viewer.objects.get().interests == ["fishing"]


def test_a_reaction_is_recorded_and_the_next_page_follows(alice: Client) -> None:
    url = open_viewer(alice)
    page = alice.get(url, follow=True)
    video, feed = (
        re.search(rf'name="{name}" value="([^"]+)"', page.content.decode()) for name in ("video_id", "feed")
    )
    assert video is not None and feed is not None
    data = {"video_id": video[1], "feed": feed[1], "page": "1", "reaction": "like"}
    answer = alice.post(url + "react/", data, follow=True)
    assert "page 2" in answer.content.decode()
    assert ViewerState.objects.get().recent_video_ids == [int(video[1])]
    alice.post(url + "react/", data)
    assert engine.read_account().duplicate == 2


def test_a_stranger_cannot_look_at_or_act_for_anothers_viewer(alice: Client) -> None:
    url = open_viewer(alice)
    alice.force_login(make_user("charlie"))
    assert alice.get(url).status_code == 404
    assert alice.post(url + "react/", {"reaction": "like"}).status_code == 404


def test_every_page_asks_strangers_to_log_in(client: Client) -> None:
    for path in (reverse("preview"), reverse("preview-feed", args=[1]), reverse("preview-react", args=[1])):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.url.startswith("/login/")


def test_an_empty_platform_says_what_to_do(client: Client, live: LiveEngine) -> None:
    live_engine.refresh()
    client.force_login(make_user("alice"))
    assert "There are no videos yet" in client.get("/preview/").content.decode()


def test_the_pages_speak_chinese(alice: Client) -> None:
    alice.cookies["django_language"] = "zh-hans"
    page = alice.get("/preview/").content.decode()
    assert "用观众的眼睛看推荐流" in page
    assert '<html lang="zh-hans">' in page


def test_every_source_of_the_engine_has_words_of_its_own() -> None:
    assert set(SOURCES) <= set(feeds.name_sources())
