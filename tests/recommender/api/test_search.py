"""Search over HTTP: accounts and videos, clicks, and the pictures that stand beside them."""

import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from recommender import engine
from recommender.management.demo_faces import draw_face
from recommender.models import Creator, CreatorPicture, NicheProfile, SearchShown, Video
from recommender.serving import niche as serving_niche
from recommender.serving import search as serving_search
from recommender.serving import video_search
from recommender.serving.state import ViewerProfile, sign_up
from recommender.simulation.population import TOPICS
from tests.factories import NOW, bearer, make_key

pytestmark = pytest.mark.django_db
URL = "/api/v1/search"


@pytest.fixture(autouse=True)
def platform() -> None:
    """Three shops in Malaysia, each with a video; no index of another test."""
    serving_search._live.update(state=None, index=None, ids=None, checked_at=0.0)
    video_search._live.update(stamp=None, index=None, ids=None, checked_at=0.0)
    serving_niche._reader.update(version=None, reader=None, checked_at=0.0)
    for pk, (name, caption) in enumerate(
        (
            ("Gincu Cantik", "Gincu matte tahan lama"),
            ("Lipstick Lab", "New lipstick shades"),
            ("Kasut Murah", "Kasut sukan"),
        ),
        start=1,
    ):
        creator = Creator.objects.create(pk=pk, handle=f"c{pk}", nickname=name, market="MY", language="ms")
        Video.objects.create(
            pk=pk, creator=creator, caption=caption, topics=[], published_at=NOW, language="ms"
        )
    engine.read_creators()


@pytest.fixture
def get(client: Client) -> Any:
    headers = bearer(make_key("search:read"))
    return lambda **asked: client.get(URL, asked, headers=headers)


def test_accounts_come_by_word_and_by_meaning_with_their_reasons(get: Any) -> None:
    found = get(q="gincu", market="MY").json()
    assert [line["nickname"] for line in found["accounts"]] == ["Gincu Cantik", "Lipstick Lab"]
    assert found["niche"] == "lipstick"
    assert "word:gincu" in found["accounts"][0]["matched"]
    assert found["accounts"][1]["matched"] == ["niche:lipstick"]
    assert found["search_id"] is None


def test_videos_are_found_by_their_captions(get: Any) -> None:
    found = get(q="gincu", market="MY", target="videos").json()
    assert [line["video_id"] for line in found["videos"]] == [1, 2]
    assert found["videos"][0]["relevance"] > found["videos"][1]["relevance"]
    assert found["accounts"] == []


def test_a_blocked_video_is_not_found_even_before_the_index_is_built_anew(get: Any) -> None:
    get(q="gincu", market="MY", target="videos")
    engine.set_blocked(Video.objects.filter(pk=1), True)
    found = get(q="gincu", market="MY", target="videos").json()
    assert [line["video_id"] for line in found["videos"]] == [2]


def test_bad_questions_are_refused_by_field(get: Any) -> None:
    assert get(q="!!", market="MY").json()["errors"][0]["field"].startswith("q")
    assert get(q="gincu", market="FR").json()["errors"][0]["field"] == "market"
    assert get(q="gincu", market="MY", limit=51).json()["errors"][0]["field"] == "limit"


def test_a_click_counts_once_and_only_for_what_was_shown(get: Any, client: Client) -> None:
    search_id = get(q="gincu", market="MY", is_logged=True).json()["search_id"]
    headers = bearer(make_key("search:read"))

    def click(creator_id: int) -> int:
        body = {"search_id": search_id, "creator_id": creator_id}
        return client.post(f"{URL}/clicks", body, "application/json", headers=headers).status_code

    assert [click(2), click(2), click(3)] == [204, 204, 400]
    assert SearchShown.objects.filter(is_clicked=True).count() == 1


def test_a_picture_is_encoded_again_kept_once_and_raises_a_fitting_account(client: Client) -> None:
    headers = bearer(make_key("catalog:write"))

    def put(pk: int, body: bytes) -> Any:
        return client.put(f"/api/v1/creators/{pk}/avatar", body, "image/png", headers=headers)

    face = draw_face(TOPICS.index("lipstick"), "G", 3) + b"<script>alert(1)</script>"
    first = put(1, face)
    assert first.status_code == 200
    kept = CreatorPicture.objects.get()
    assert b"<script>" not in bytes(kept.image)
    assert Image.open(io.BytesIO(bytes(kept.image))).size == (128, 128)
    assert put(1, face).json()["sha256"] == first.json()["sha256"]
    before = NicheProfile.objects.get(pk=1).read_at
    assert engine.read_creators() == 1
    assert NicheProfile.objects.get(pk=1).read_at > before
    assert put(9, face).status_code == 404
    refused = put(1, b"<svg/>")
    assert refused.status_code == 400
    assert "PNG, JPEG or WebP" in refused.json()["errors"][0]["reason"]


def test_the_norm_of_a_niche_is_read_from_its_first_accounts() -> None:
    for pk in range(20, 26):
        Creator.objects.create(
            pk=pk, handle=f"shop{pk}", nickname=f"Gincu Kedai {pk}", market="MY", language="ms"
        )
    engine.keep_picture(20, draw_face(TOPICS.index("lipstick"), "G", 3))
    engine.read_creators()
    assert engine.recompute_norms() == 1
    norm = engine.read_norm("lipstick", "MY")
    assert norm is not None
    assert norm.account_count == 8
    assert norm.name_share == 1.0
    assert norm.picture_count == 1
    assert norm.words[0][0] == "gincu"
    Creator.objects.filter(pk__gt=22).delete()
    assert engine.recompute_norms() == 1
    Creator.objects.filter(pk__gt=3).delete()
    assert engine.recompute_norms() == 0
    assert engine.read_norm("lipstick", "MY") is None


def test_what_a_viewer_muted_is_not_found_by_them(get: Any) -> None:
    sign_up(ViewerProfile(5, "MY", "ms"))
    engine.mute(5, [2], [], ["tahan lama"], True)
    found = get(q="gincu", market="MY", viewer_id=5).json()
    assert [line["creator_id"] for line in found["accounts"]] == [1]
    assert get(q="gincu", market="MY", target="videos", viewer_id=5).json()["videos"] == []
    assert len(get(q="gincu", market="MY", target="videos").json()["videos"]) == 2
    assert get(q="gincu", market="MY", viewer_id=6).json()["errors"][0]["field"] == "viewer_id"
