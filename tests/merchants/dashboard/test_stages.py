"""A merchant sees where its own new videos stand, and nobody else's; and why one is not on a page."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from merchants.models import Account, ActivityDay, Facet
from merchants.preview.feeds import make_viewer
from recommender.models import GroupVersion, VideoStage
from recommender.serving.live import LiveEngine
from tests.factories import make_account, make_user, make_videos
from tests.recommender.conftest import live

pytestmark = pytest.mark.django_db
__all__ = ["live"]


@pytest.fixture
def alice(client: Client) -> User:
    """Alice's account is creator 11's: of the videos 1, 8, 15, ... published two hours ago."""
    user = make_user("alice")
    make_account(user, "lip.studio", creator_id=11)
    make_videos(21, published_at=timezone.now() - timedelta(hours=2), language="en")
    client.force_login(user)
    return user


def test_the_card_tells_stage_evidence_and_reason(client: Client, alice: User) -> None:
    VideoStage.objects.create(
        video_id=1, market="GB", state="let_go", pool=0, shown_count=61, good_count=9, mean=0.17, bar=0.31
    )
    text = client.get("/videos/1/stages/").content.decode()
    assert "Let go" in text and "no more viewers are guaranteed" in text
    assert "17%" in text and "31%" in text and "United Kingdom" in text


def test_a_strangers_video_tells_nothing(client: Client, alice: User) -> None:
    VideoStage.objects.create(video_id=2, market="MY", state="trying", pool=1, shown_count=70, good_count=9)
    text = client.get("/videos/2/stages/").content.decode()
    assert "Not among the new videos" in text and "Malaysia" not in text


def test_the_audience_is_told_by_groups_of_viewers(client: Client, alice: User) -> None:
    groups = [{"id": 3, "traits": ["+like", "-swipe"], "size": 9, "centre": []}]
    GroupVersion.objects.create(kind="engagement", number=1, viewer_count=9, groups=groups, is_live=True)
    sums = dict.fromkeys(ActivityDay.MEASURES, 40)
    day = timezone.now().date() - timedelta(days=2)
    account = Account.objects.get(creator_id=11)
    ActivityDay.objects.create(account=account, facet=Facet.GROUP, day=day, market="GB", key="3", **sums)
    assert "↑ Likes, ↓ Swipes" in client.get("/cards/parts/group/").content.decode()


def test_why_not_is_told_for_ones_own_videos_alone(client: Client, alice: User, live: LiveEngine) -> None:
    live.refresh()
    viewer = make_viewer(alice.pk, {"market": "GB", "language": "en", "interests": [], "os": "ios"})
    answer = client.get(f"/preview/{viewer}/why/", {"video": "8"})
    assert answer.status_code == 200 and "Why not my video?" in answer.content.decode()
    assert client.get(f"/preview/{viewer}/why/", {"video": "2"}).status_code == 404
    assert client.get(f"/preview/{viewer}/why/", {"video": "x"}).status_code == 404
    client.force_login(make_user("charlie"))
    assert client.get(f"/preview/{viewer}/why/", {"video": "8"}).status_code == 404
