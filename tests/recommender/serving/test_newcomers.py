"""The minute's round in the database: pools, promotion, exposure, and feeds that follow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recommender import engine
from recommender.events.rollups import roll_up
from recommender.models import Creator, ExposureHour, HourlyRollup, Video, VideoStage
from recommender.params import Params
from recommender.serving.live import LiveEngine
from recommender.serving.newcomers import read_pools
from tests.factories import bearer, make_event, make_key, make_videos

pytestmark = pytest.mark.django_db
NEW = Params().new_videos


def publish(count: int, hours_old: float = 5.0) -> None:
    """Videos 1..count of one British creator, published some hours ago."""
    make_videos(count, published_at=timezone.now() - timedelta(hours=hours_old))
    Video.objects.update(creator=Creator.objects.get(pk=11), duration_seconds=20)


def show(video_id: int, shown: int, good: int, market: int = 0) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    HourlyRollup.objects.create(
        hour_at=hour, video_id=video_id, market=market, source=0, impression_count=shown, watch_count=shown,
        long_watch_count=good,
    )  # fmt: skip


def test_a_new_video_enters_its_home_pool_and_is_owed_viewers() -> None:
    publish(3)
    told = engine.judge_newcomers()
    assert told is not None and told.n_tried == 3
    stage = VideoStage.objects.get(video_id=1, market="GB")
    assert (stage.state, stage.pool, stage.need) == ("trying", 0, 1.0)
    assert stage.target_count == NEW.first_pool


def test_the_best_of_a_cohort_move_on_and_the_rest_are_let_go() -> None:
    publish(25)
    engine.judge_newcomers()
    for video_id in range(1, 26):
        show(video_id, 80, 2 * video_id)
    engine.judge_newcomers()
    best, worst = (VideoStage.objects.get(video_id=pk, market="GB") for pk in (25, 1))
    assert (best.state, best.pool) == ("trying", 1)
    assert (worst.state, worst.need) == ("let_go", 0.0)
    assert best.mean > best.bar > worst.mean and worst.decided_at is not None
    engine.judge_newcomers()
    assert VideoStage.objects.filter(video_id=25, state="trying").exclude(market="GB").exists()


def test_an_old_video_is_no_newcomer_and_a_video_of_a_blocked_creator_is_not_tried() -> None:
    publish(2, hours_old=24 * 10)
    engine.judge_newcomers()
    assert not VideoStage.objects.exists()
    publish_one = Video.objects.filter(pk=1)
    publish_one.update(published_at=timezone.now() - timedelta(hours=1))
    Creator.objects.filter(pk=11).update(is_blocked=True)
    engine.judge_newcomers()
    assert not VideoStage.objects.exists()


def test_feeds_draw_from_the_pools_that_the_table_tells(live: LiveEngine) -> None:
    publish(30)
    engine.judge_newcomers()
    VideoStage.objects.exclude(video_id=4).update(need=0.0, state="let_go")
    ExposureHour.objects.filter(market="GB").update(new_video_share=0.9)
    loaded = live.refresh().engine
    need = loaded.newcomers.need_in(0)
    assert loaded.catalogue.video_id[need > 0].tolist() == [4]
    pages = [engine.for_you(engine.FeedRequest(engine.ViewerProfile(v, "GB", "en"), 5)) for v in range(8)]
    drawn = [item for page in pages for item in page.items if "exploration" in item["why"]["rules"]]
    assert drawn and {item["video_id"] for item in drawn} == {4}


def test_exposure_is_measured_for_each_market_and_hour() -> None:
    publish(4)
    make_event_rows()
    engine.judge_newcomers()
    engine.judge_newcomers()  # the same hour is written over
    rows = {row.market: row for row in ExposureHour.objects.all()}
    assert len(rows) == 8 and ExposureHour.objects.count() == 8
    assert rows["GB"].impression_count == 30 and rows["GB"].newcomers == 1.0
    assert rows["GB"].home_market == 1.0 and rows["TH"].newcomers is None
    assert rows["MY"].home_market == 0.0 and rows["MY"].floors["home_market"] > 0
    assert read_pools().floors[3]["home_market"] == rows["MY"].floors["home_market"]


def make_event_rows() -> None:
    show(1, 20, 5)
    show(2, 10, 1)
    show(1, 8, 1, market=3)


def test_one_viewers_thousand_likes_are_not_evidence() -> None:
    publish(1)
    events: list[dict[str, Any]] = [make_event("like", 5, 1) for _ in range(40)]
    engine.record_event_dicts(events, "test")
    roll_up()
    engine.judge_trust()
    engine.judge_newcomers()
    assert VideoStage.objects.get(video_id=1, market="GB").good_count <= Params().trust.repeats_per_video


def test_the_api_tells_stages_exposure_and_floors(client: Client) -> None:
    publish(2)
    engine.judge_newcomers()
    key = bearer(make_key())
    stages = client.get("/api/v1/videos/1/stages", headers=key).json()
    assert [(row["market"], row["state"], row["target"]) for row in stages] == [("GB", "trying", 60.0)]
    assert client.get("/api/v1/videos/999/stages", headers=key).json() == []
    exposure = client.get("/api/v1/exposure", headers=key).json()
    assert set(exposure["floors"]) == {"newcomers", "small_creators", "home_market"}
    assert len(exposure["markets"]) == 8
