"""The rank page on a small platform."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from recommender import engine
from recommender.management.demo_faces import draw_face
from recommender.models import Creator, NewNicheWord, NicheProfile
from recommender.serving import niche as serving_niche
from recommender.serving import search as serving_search
from recommender.simulation.population import TOPICS
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    """No index or words of another test."""
    serving_search._live.update(state=None, index=None, ids=None, checked_at=0.0)
    serving_niche._reader.update(version=None, reader=None, checked_at=0.0)


@pytest.fixture
def platform() -> None:
    """Three shops and a person in Malaysia."""
    for pk, nickname in enumerate(("Gincu Cantik", "Lipstick Lab", "Kasut Murah", "Siti Nur"), start=1):
        Creator.objects.create(pk=pk, handle=f"c{pk}", nickname=nickname, market="MY", language="ms")
    assert engine.read_creators() == 4
    assert engine.read_creators() == 0


def test_names_are_read_once_and_again_when_they_change(platform: None) -> None:
    assert NicheProfile.objects.get(pk=3).niche == "shoes"
    engine.publish_creators([{"id": 3, "handle": "c3", "nickname": "Beg Tangan Murah"}])
    assert engine.read_creators() == 1
    assert NicheProfile.objects.get(pk=3).niche == "bags"


def test_the_page_tells_rank_and_the_rank_of_a_tried_name(platform: None, client: Client) -> None:
    user = make_user("alice")
    make_account(user, "sitinur", nickname="Siti Nur", market="MY", niche="lipstick")
    client.force_login(user)
    assert "Show my rank" in client.get(reverse("search")).content.decode()
    page = client.get(
        reverse("search"), {"query": "gincu", "market": "MY", "new_name": "Gincu Siti"}
    ).content.decode()
    assert "Gincu Cantik" in page
    assert "Lipstick Lab" in page
    assert "Kasut Murah" not in page
    assert "With the name “Gincu Siti”" in page
    refused = client.get(reverse("search"), {"query": "!!", "market": "MY"}).content.decode()
    assert "Type at least one letter" in refused


def test_a_better_name_stands_higher() -> None:
    for pk in range(1, 9):
        Creator.objects.create(
            pk=pk, handle=f"c{pk}", nickname=f"Gincu Kedai {pk}", market="MY", language="ms"
        )
    engine.read_creators()
    poor = engine.rank_name("gincu", "MY", "Siti Nur", "siti", "lipstick", 0.3, None)
    good = engine.rank_name("gincu", "MY", "Gincu Siti", "siti", "lipstick", 0.99, None)
    assert good.rank is not None
    assert poor.rank is None or good.rank < poor.rank


def test_a_click_is_noted_once_and_only_where_it_was_shown(platform: None) -> None:
    page = engine.search_creators("gincu", "MY")
    search_id = engine.record_search(page)
    assert engine.record_click(search_id, page.lines[0].creator_id)
    assert not engine.record_click(search_id, 4)


def test_operators_words_take_effect_and_can_be_taken_back(platform: None) -> None:
    content = engine.read_taxonomy_content()
    content["ms"]["words"]["shoes"] += ", kasutoz"
    assert engine.judge_account(
        {"nickname": "kasutoz", "handle": "k", "market": "MY", "niche": "bags"}, None
    ).consistency.parts[0].says in {"none", "shoes", "bags"}
    version = engine.save_taxonomy(content, "a new word")
    serving_niche._reader["checked_at"] = 0.0
    told = engine.judge_account(
        {"nickname": "kasutoz", "handle": "k", "market": "MY", "niche": "shoes"}, None
    )
    assert told.consistency.parts[0].fit > 0.9
    assert version.is_active
    with pytest.raises(ValueError, match="object"):
        engine.save_taxonomy([], "wrong")


def test_a_word_that_names_of_a_niche_share_is_shown_to_operators() -> None:
    for pk in range(1, 7):
        Creator.objects.create(
            pk=pk, handle=f"c{pk}", nickname=f"Kasut Zorbix {pk}", market="MY", language="ms"
        )
    engine.read_creators()
    assert engine.find_new_words() >= 1
    assert NewNicheWord.objects.get(word="zorbix").niche == "shoes"
    assert engine.find_new_words() == 0


def test_a_tried_picture_is_ranked_and_the_wall_shows_the_others_faces(
    platform: None, client: Client
) -> None:
    engine.keep_picture(1, draw_face(TOPICS.index("lipstick"), "G", 3))
    user = make_user("alice")
    make_account(user, "sitinur", nickname="Siti Nur", market="MY", niche="lipstick")
    client.force_login(user)
    picture = SimpleUploadedFile("mine.png", draw_face(TOPICS.index("lipstick"), "S", 5))
    said = {"query": "gincu", "market": "MY", "new_picture": picture}
    page = client.post(reverse("search"), said).content.decode()
    assert "With the new picture" in page
    assert "data:image/png;base64," in page
    face = reverse("search-face", args=[1])
    assert face in page
    assert client.get(face)["Content-Type"] == "image/png"
    assert client.get(reverse("search-face", args=[2])).status_code == 404
