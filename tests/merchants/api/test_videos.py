"""The stage that limits a video, and groups of viewers, as programs read them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from merchants.accounts.keys import make_key
from merchants.models import ActivityDay, Facet, VideoLimit
from recommender.models import GroupVersion
from tests.factories import bearer, make_account, make_user

pytestmark = pytest.mark.django_db
BASE = "/api/v1/merchant/"


@pytest.fixture
def headers() -> dict[str, str]:
    user = make_user("alice")
    account = make_account(user, "lip.studio", creator_id=11)
    day = timezone.now().date() - timedelta(days=2)
    counts = dict.fromkeys(ActivityDay.MEASURES, 200)
    for ref in ("1", "8"):
        ActivityDay.objects.create(
            account=account, facet=Facet.VIDEO, day=day, market="GB", key=ref, **counts
        )
    VideoLimit.objects.create(
        account=account, video_ref="1", market="GB", stage="recall", viewer_count=40, met_share=1,
        found_share=0.1, usual_found_share=0.5, usual_shown_share=0.5,
    )  # fmt: skip
    return bearer(make_key(user, account.team, "sheet", ["figures:read"], 30)[1])


def ask(client: Client, headers: dict[str, str], path: str) -> dict[str, object]:
    account = ActivityDay.objects.first()
    assert account is not None
    answer = client.get(BASE + path.format(account.account_id), headers=headers)
    assert answer.status_code == 200, answer.content
    return dict(answer.json()) if isinstance(answer.json(), dict) else {"rows": answer.json()}


def test_the_stage_comes_with_its_evidence(client: Client, headers: dict[str, str]) -> None:
    told = ask(client, headers, "accounts/{}/videos/1/stage")
    assert (told["stage"], told["viewer_count"]) == ("recall", 40)
    assert told["evidence"] == [{"name": "Recall takes it for", "share": 0.1, "usual": 0.5}]
    own = ask(client, headers, "accounts/{}/videos/8/stage")
    assert (own["stage"], own["viewer_count"], own["evidence"]) == ("none", None, [])
    account = VideoLimit.objects.get().account_id
    assert client.get(f"{BASE}accounts/{account}/videos/9/stage", headers=headers).status_code == 404


def test_the_list_of_videos_is_filtered_by_stage(client: Client, headers: dict[str, str]) -> None:
    rows = ask(client, headers, "accounts/{}/videos?stage=recall")["rows"]
    assert [row["video_ref"] for row in rows] == ["1"]  # type: ignore[attr-defined]


def test_groups_of_viewers_are_named(client: Client, headers: dict[str, str]) -> None:
    groups = [{"id": 3, "traits": ["+like", "-swipe"], "size": 9, "centre": []}]
    GroupVersion.objects.create(kind="engagement", number=1, viewer_count=9, groups=groups, is_live=True)
    assert ask(client, headers, "groups")["rows"] == [
        {"id": 3, "name": "↑ Likes, ↓ Swipes", "traits": ["+like", "-swipe"], "size": 9}
    ]
