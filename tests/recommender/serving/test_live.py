"""The engine of a process follows the database: versions, weights, rules, videos, counts."""

import time
from collections.abc import Iterator

import pytest
from django.db import connections

from recommender import engine
from recommender.markets import encode_language, encode_market
from recommender.models import MarketRule, Video
from recommender.serving import live as live_module
from recommender.serving.live import LiveEngine
from tests.factories import make_event, make_videos


def test_nothing_is_built_again_while_nothing_changes(
    live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "STATS_SECONDS", 3600.0)
    make_videos(5)
    assert live.refresh() is live.refresh()


def test_new_weights_reach_the_engine_without_building_it_again(
    live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "STATS_SECONDS", 3600.0)
    make_videos(5)
    before = live.refresh()
    engine.save_value_weights("", {"like": 2.0})
    after = live.refresh()
    assert after.engine is before.engine
    assert after.weights.default == {"like": 2.0}


def test_a_market_rule_opens_a_language(live: LiveEngine) -> None:
    make_videos(30)
    live.refresh()

    def languages() -> set[int]:
        page = engine.for_you(engine.FeedRequest(engine.ViewerProfile(viewer, "GB", "en"), page_size=20))
        rows = live.get().engine.catalogue
        ids = [item["video_id"] for item in page.items]
        return {int(rows.language[row]) for row in range(len(rows)) if rows.video_id[row] in ids}

    viewer = 1
    assert encode_language("th") not in languages()
    MarketRule.objects.create(market="GB", languages=["en", "th"])
    assert encode_market("GB") in (live.refresh().rules or pytest.fail("no rules")).by_market
    viewer = 2
    assert encode_language("th") in languages()


def test_fresh_counts_enter_without_a_new_model(live: LiveEngine) -> None:
    make_videos(20)
    live.refresh()
    events = [make_event("watch", viewer, 15, watch_seconds=60) for viewer in range(100, 160)]
    engine.record_event_dicts(events, "test")
    engine.roll_up()
    live.refresh()
    page = engine.for_you(engine.FeedRequest(engine.ViewerProfile(1, "GB", "en"), page_size=5))
    assert 15 in [item["video_id"] for item in page.items]


@pytest.fixture
def running(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveEngine]:
    """An engine with its own thread, as a web process has it, polling fast; it ends with the test."""
    monkeypatch.setattr(live_module, "POLL_SECONDS", 0.05)
    own = LiveEngine()
    yield own
    own.stop()


@pytest.mark.django_db(transaction=True)
def test_a_process_follows_a_change_by_itself(running: LiveEngine) -> None:
    make_videos(5)
    assert len(running.get().engine.catalogue) == 5
    Video.objects.create(
        pk=90, creator_id=11, caption="late", published_at=Video.objects.first().published_at
    )
    deadline = time.monotonic() + 10
    while len(running.get().engine.catalogue) < 6:
        assert time.monotonic() < deadline, "the thread never saw the new video"
        time.sleep(0.05)
    connections.close_all()
