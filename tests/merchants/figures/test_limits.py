"""The stage that limits a video is the engine's own answer wherever the engine serves the account."""

from datetime import date

import pytest
from django.test import Client

from merchants.figures import limits, videos
from merchants.figures.spans import Span
from merchants.models import Account, ActivityDay, Facet, VideoLimit
from merchants.tasks import judge_limits
from recommender import engine
from recommender.models import Video, VideoStage
from recommender.serving.live import LiveEngine
from recommender.simulation import losses
from recommender.simulation.audience import draw_panel
from tests.factories import make_account, make_user, make_videos
from tests.recommender.conftest import live

pytestmark = pytest.mark.django_db
__all__ = ["live"]
SPAN = Span(date(2026, 1, 1), date(2026, 1, 31))
OWN = ["1", "8", "15", "22", "29", "36"]  # creator 11's of the first forty


@pytest.fixture(autouse=True)
def small_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "draw_panel", lambda *asked: draw_panel(*asked)[:6])


@pytest.fixture
def account(live: LiveEngine) -> Account:
    make_videos(40)
    Video.objects.filter(pk=8).update(is_blocked=True)
    live.refresh()
    account = make_account(make_user("alice"), "lip.studio", creator_id=11)
    counts = {**dict.fromkeys(ActivityDay.MEASURES, 0), "views": 500, "impressions": 500}
    for ref in OWN:
        ActivityDay.objects.create(
            account=account, facet=Facet.VIDEO, day=date(2026, 1, 5), market="GB", key=ref, **counts
        )
    return account


def list_stages(account: Account) -> dict[str, str]:
    return {row["video_ref"]: row["stage_key"] for row in videos.list_videos(account, SPAN)}


def test_every_video_of_a_linked_account_is_followed_and_nobody_elses(account: Account) -> None:
    make_account(make_user("charlie"), "other")
    assert judge_limits() == len(OWN)
    assert sorted(VideoLimit.objects.values_list("video_ref", flat=True), key=int) == OWN
    assert judge_limits() == VideoLimit.objects.count()  # again: replaced, not added to
    found = VideoLimit.objects.get(video_ref="1")
    assert (found.viewer_count, found.market, found.met_share) == (6, "GB", pytest.approx(1, abs=0.2))


def test_the_table_tells_what_the_engine_told(account: Account) -> None:
    judge_limits()
    told = dict(VideoLimit.objects.values_list("video_ref", "stage"))
    assert told["8"] == "blocked"
    assert list_stages(account) == {
        ref: "crowded" if stage == "rerank" else stage for ref, stage in told.items()
    }
    VideoLimit.objects.filter(video_ref="1").update(stage="rerank")
    row = videos.find_video(account, "1", SPAN)
    assert row["stage"] == str(limits.STAGES["crowded"].title)


def test_the_first_viewers_pool_comes_before_what_competes_later(account: Account) -> None:
    judge_limits()
    for ref, market, state in (
        (1, "GB", "let_go"), (15, "GB", "trying"), (22, "GB", "passed"), (29, "MY", "let_go"),
    ):  # fmt: skip
        VideoStage.objects.create(
            video_id=ref, market=market, state=state, pool=0, shown_count=61, good_count=9
        )
    stages, told = list_stages(account), dict(VideoLimit.objects.values_list("video_ref", "stage"))
    assert (stages["1"], stages["15"]) == ("pool", "trying")
    assert {stages[ref] for ref in ("22", "29")}.isdisjoint(("pool", "trying"))
    assert told.keys() == stages.keys()


def test_videos_the_engine_has_not_looked_at_are_measured_against_their_own_kind(account: Account) -> None:
    assert set(list_stages(account).values()) == {"none"}
    assert limits.describe_evidence(account, "1") is None


def test_the_video_page_shows_the_evidence(account: Account, client: Client) -> None:
    judge_limits()
    client.force_login(account.team.memberships.get().user)
    page = client.get("/videos/1/?range=custom&from=2026-01-01&to=2026-01-31").content.decode()
    assert "followed for 6 viewers in United Kingdom" in page
    assert "Recall takes it for" in page


def test_a_creator_without_videos_is_told_nothing_of(live: LiveEngine) -> None:
    make_videos(7)
    live.refresh()
    assert engine.find_limits([999], "GB") == []
