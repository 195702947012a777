"""The feed from the outside: personal, without repeats, stable, explained, logged."""

import uuid

import pytest

from recommender import engine
from recommender.engine import FeedRequest, ViewerProfile, for_you
from recommender.models import Creator, FeedPage, Video, ViewerState
from recommender.serving.live import LiveEngine
from tests.factories import make_event, make_videos

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform(live: LiveEngine) -> LiveEngine:
    make_videos(60)
    live.refresh()
    return live


def ids(page: engine.ServedPage) -> list[int]:
    return [item["video_id"] for item in page.items]


def test_a_viewer_nobody_has_heard_of_is_served_at_once(platform: LiveEngine) -> None:
    page = for_you(FeedRequest(ViewerProfile(5, "GB", "en"), page_size=8))
    assert len(set(ids(page))) == 8
    assert ViewerState.objects.filter(viewer_id=5).exists()


def test_chosen_interests_shape_the_very_first_page(platform: LiveEngine) -> None:
    def count(interest: str, viewer: int) -> int:
        page = for_you(FeedRequest(ViewerProfile(viewer, "GB", "en", (interest,)), page_size=6))
        return Video.objects.filter(pk__in=ids(page), topics=[interest]).count()

    assert count("lipstick", 1) >= 3
    assert count("fishing", 2) >= 3


def test_no_video_comes_twice_however_many_pages_are_asked_for(platform: LiveEngine) -> None:
    seen: list[int] = []
    for _ in range(5):
        seen += ids(for_you(FeedRequest(ViewerProfile(5, "GB", "en"), page_size=7)))
    assert len(seen) == len(set(seen)) > 14


def test_the_same_request_gets_the_same_page_and_is_logged_once(platform: LiveEngine) -> None:
    request = FeedRequest(ViewerProfile(5, "GB", "en"), request_id=uuid.uuid4())
    first, again = for_you(request), for_you(request)
    assert first.items == again.items
    assert first.served_at == again.served_at
    assert FeedPage.objects.count() == 1


def test_another_viewers_request_id_is_refused(platform: LiveEngine) -> None:
    request_id = uuid.uuid4()
    for_you(FeedRequest(ViewerProfile(5, "GB", "en"), request_id=request_id))
    with pytest.raises(engine.RequestBelongsToAnotherError, match=str(request_id)):
        for_you(FeedRequest(ViewerProfile(6, "GB", "en"), request_id=request_id))


def test_each_impression_is_logged_with_its_propensity_reason_and_arm(platform: LiveEngine) -> None:
    page = for_you(FeedRequest(ViewerProfile(5, "GB", "en"), page_size=4))
    row = FeedPage.objects.get()
    assert row.video_ids == ids(page)
    assert len(row.propensities) == len(row.values) == len(row.reasons) == 4
    assert all(0 < propensity <= 1 for propensity in row.propensities)
    assert all(reason["source"] and reason["contributions"] for reason in row.reasons)
    assert (row.arm, row.mode, row.model_version) == ("baseline", "fallback", None)


def test_what_was_shown_stands_in_the_viewers_state_page_by_page(platform: LiveEngine) -> None:
    pages = [for_you(FeedRequest(ViewerProfile(5, "GB", "en"), page_size=4)) for _ in range(2)]
    state = ViewerState.objects.get(viewer_id=5)
    assert state.seen_video_ids == [video for page in pages for video in sorted(ids(page))]
    assert len(state.seen_at) == 8
    assert state.seen_at == sorted(state.seen_at)


def test_a_watched_video_does_not_come_back(platform: LiveEngine) -> None:
    watched = ids(for_you(FeedRequest(ViewerProfile(1, "GB", "en"), page_size=3)))
    engine.record_event_dicts([make_event("watch", 2, video, watch_seconds=9) for video in watched], "test")
    page = for_you(FeedRequest(ViewerProfile(2, "GB", "en"), page_size=20))
    assert not set(watched) & set(ids(page))


def test_an_accepted_event_changes_the_very_next_page(platform: LiveEngine) -> None:
    before = for_you(FeedRequest(ViewerProfile(1, "GB", "en"), page_size=10, request_id=uuid.UUID(int=1)))
    fishing = list(
        Video.objects.filter(topics=["fishing"], creator__language="en").values_list("pk", flat=True)
    )[:3]
    events = [make_event("watch", 2, video, watch_seconds=60) for video in fishing]
    events += [make_event("like", 2, video) for video in fishing]
    assert engine.record_event_dicts(events, "test").stored == 6
    after = for_you(FeedRequest(ViewerProfile(2, "GB", "en"), page_size=10, request_id=uuid.UUID(int=2)))
    topics = dict(Video.objects.values_list("pk", "topics"))
    found = [sum(topics[video] == ["fishing"] for video in ids(page)) for page in (before, after)]
    assert found[1] > found[0]


def test_a_blocked_creator_disappears_with_the_next_refresh(platform: LiveEngine) -> None:
    engine.set_blocked(Creator.objects.filter(pk=11), True)
    platform.refresh()
    page = for_you(FeedRequest(ViewerProfile(5, "GB", "en"), page_size=20))
    assert not Video.objects.filter(pk__in=ids(page), creator_id=11).exists()


def test_a_video_published_later_can_be_found_after_a_refresh(platform: LiveEngine) -> None:
    make_videos(0)
    newest = Video.objects.create(
        pk=900,
        creator_id=11,
        caption="new #bags",
        topics=["bags"],
        published_at=Video.objects.first().published_at,
    )
    platform.refresh()
    shown: set[int] = set()
    for viewer in range(30):
        shown |= set(
            ids(for_you(FeedRequest(ViewerProfile(100 + viewer, "GB", "en", ("bags",)), page_size=10)))
        )
    assert newest.pk in shown


def test_an_empty_platform_serves_an_empty_page(live: LiveEngine) -> None:
    live.refresh()
    assert for_you(FeedRequest(ViewerProfile(5, "GB", "en"))).items == []
