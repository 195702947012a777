"""Consistency and rank by API: read, tried, and never another team's."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recommender import engine
from recommender.management.demo_faces import draw_face
from recommender.models import Creator
from recommender.serving import niche as serving_niche
from recommender.serving import search as serving_search
from recommender.simulation.population import TOPICS
from tests.merchants.api.test_reach import make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    serving_search._live.update(state=None, index=None, ids=None, checked_at=0.0)
    serving_niche._reader.update(version=None, reader=None, checked_at=0.0)


@pytest.fixture
def alice() -> Any:
    account, headers = make_tenant("alice", "niche:read", "niche:write")
    account.nickname, account.niche, account.market = "Siti Nur", "lipstick", "MY"
    account.save()
    return account, headers


def test_a_tried_name_scores_higher_and_nothing_is_saved(client: Client, alice: Any) -> None:
    account, headers = alice
    url = f"/api/v1/merchant/accounts/{account.pk}/niche"
    now = client.get(url, headers=headers).json()
    assert now["niche"] == "lipstick"
    tried = client.post(url, {"nickname": "Gincu Siti"}, "application/json", headers=headers).json()
    assert tried["score"] > now["score"] + 10
    assert {part["name"] for part in tried["parts"]} >= {"nickname", "avatar", "handle"}
    account.refresh_from_db()
    assert account.nickname == "Siti Nur"


def test_a_tried_picture_is_read_and_a_wrong_one_refused_by_field(client: Client, alice: Any) -> None:
    account, headers = alice
    url = f"/api/v1/merchant/accounts/{account.pk}/niche"
    face = SimpleUploadedFile("a.png", draw_face(TOPICS.index("lipstick"), "G", 3))
    tried = client.post(url, {"avatar": face}, headers=headers).json()
    assert next(part for part in tried["parts"] if part["name"] == "avatar")["says"]
    refused = client.post(url, {"avatar": SimpleUploadedFile("a.png", b"no picture")}, headers=headers)
    assert refused.status_code == 400
    assert "avatar" in refused.json()["errors"][0]["field"]
    refused = client.post(url, {"niche": "dragons"}, "application/json", headers=headers)
    assert "niche" in refused.json()["errors"][0]["field"]


def test_the_rank_now_and_with_another_name(client: Client, alice: Any) -> None:
    account, headers = alice
    for pk in range(1, 6):
        Creator.objects.create(pk=pk, handle=f"c{pk}", nickname=f"Gincu {pk}", market="MY", language="ms")
    engine.read_creators()
    body = {"query": "gincu", "market": "MY", "new_name": "Gincu Siti"}
    url = f"/api/v1/merchant/accounts/{account.pk}/search-rank"
    told = client.post(url, body, "application/json", headers=headers).json()
    assert len(told["first"]) == 5
    assert told["tried"]["score"] > told["now"]["score"]
    assert told["tried"]["rank"] is not None
    assert (
        client.post(url, {"query": "!!", "market": "MY"}, "application/json", headers=headers).status_code
        == 400
    )


def test_another_teams_account_is_not_there(client: Client, alice: Any) -> None:
    account, _ = alice
    _, stranger = make_tenant("charlie", "niche:read", "niche:write")
    for name in ("niche", "search-rank"):
        url = f"/api/v1/merchant/accounts/{account.pk}/{name}"
        body = {"query": "gincu", "market": "MY"}
        assert client.post(url, body, "application/json", headers=stranger).status_code == 404
