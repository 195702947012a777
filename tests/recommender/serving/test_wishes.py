"""What a viewer asks for: mutes that every page obeys, a reset and its undoing, and reasons for both."""

import pytest
from django.test import Client
from django.utils import timezone

from recommender import engine
from recommender.models import Creator, Video, ViewerState
from recommender.serving.live import LiveEngine
from recommender.serving.wishes import MOST_MUTES
from recommender.trace import OUTCOMES
from tests.factories import bearer, make_event, make_key, make_videos

pytestmark = pytest.mark.django_db
VIEWER = engine.ViewerProfile(5, "GB", "en")


@pytest.fixture
def platform(live: LiveEngine) -> LiveEngine:
    make_videos(60, language="en")
    Video.objects.filter(pk__lte=30).update(sound_id=77)
    live.refresh()
    engine.sign_up(VIEWER)
    return live


@pytest.fixture
def key() -> dict[str, str]:
    return bearer(make_key())


def page(size: int = 40) -> set[int]:
    served = engine.for_you(engine.FeedRequest(VIEWER, page_size=size))
    ids = {item["video_id"] for item in served.items}
    ViewerState.objects.filter(pk=5).update(seen_video_ids=[], seen_at=[])
    return ids


def test_what_is_muted_never_comes_and_is_heard_again_when_taken_back(platform: LiveEngine) -> None:
    engine.mute(5, [11], [77], ["Shoes"], True)
    shown = Video.objects.filter(pk__in=page()).select_related("creator")
    assert len(shown) > 3
    assert not any(v.creator_id == 11 or v.sound_id == 77 or "shoes" in v.caption for v in shown)
    engine.mute(5, [11], [77], ["shoes"], False)
    again = Video.objects.filter(pk__in=page())
    assert any(v.sound_id == 77 for v in again) and any("shoes" in v.caption for v in again)


def test_a_reset_forgets_likes_keeps_follows_and_can_be_undone(platform: LiveEngine) -> None:
    send = [
        make_event("watch", 5, 3, watch_seconds=12.0),
        make_event("like", 5, 3),
        make_event("follow", 5, 4),
    ]
    engine.record_event_dicts([*send, make_event("search", 5, None, query="red bag")], "test")
    before = ViewerState.objects.get(pk=5)
    told = engine.reset_feed(5)
    empty = ViewerState.objects.get(pk=5)
    assert told.can_undo_reset and empty.recent_video_ids == [] and empty.searches == []
    assert empty.followed_creator_ids == before.followed_creator_ids != []
    assert engine.reset_feed(5).can_undo_reset  # a second click loses nothing
    engine.record_event_dicts([make_event("like", 5, 9)], "test")
    engine.undo_reset(5)
    after = ViewerState.objects.get(pk=5)
    assert after.recent_video_ids == [*before.recent_video_ids, 9]
    assert after.searches == before.searches and after.before_reset is None
    assert not engine.undo_reset(5).can_undo_reset


def test_mutes_have_an_end_and_the_newest_stay(platform: LiveEngine) -> None:
    engine.mute(5, list(range(1, MOST_MUTES + 11)), [], [], True)
    assert engine.read_wishes(5).muted_creator_ids == list(range(11, MOST_MUTES + 11))


def test_every_reason_is_told_by_the_same_trace(platform: LiveEngine) -> None:
    def ask(video: int) -> str:
        return engine.explain_video(5, video).outcome

    assert ask(10**9) == "unknown_video"
    first = engine.for_you(engine.FeedRequest(VIEWER, page_size=3)).items[0]["video_id"]
    assert ask(first) == "seen"
    engine.mute(5, [12], [], ["fishing"], True)
    assert ask(9) == "muted_creator"  # of creator 12
    assert ask(3) in {"muted_sound_or_word", "seen"}
    Video.objects.filter(pk=50).update(language="th", caption="", sound_id=None, updated_at=timezone.now())
    Video.objects.filter(pk=49).update(is_blocked=True)
    platform.refresh()
    assert ask(50) == "gate" and ask(49) == "blocked"


def test_what_the_trace_calls_shown_is_on_the_page_without_draws(platform: LiveEngine) -> None:
    told = {video: engine.explain_video(5, video, 5) for video in range(1, 61)}
    shown = sorted((t.position, video) for video, t in told.items() if t.outcome == "shown")
    assert [position for position, _ in shown] == [0, 1, 2, 3, 4]
    lost = [t for t in told.values() if t.outcome == "outranked"]
    assert lost and all(t.value_rank and t.sources and t.contributions for t in lost)
    assert {t.outcome for t in told.values()} <= set(OUTCOMES)
    assert ViewerState.objects.get(pk=5).seen_video_ids == []


def test_the_api_mutes_resets_undoes_and_explains(
    platform: LiveEngine, client: Client, key: dict[str, str]
) -> None:
    def call(method: str, path: str, body: str = "") -> tuple[int, dict[str, object]]:
        answer = client.generic(method, f"/api/v1/viewers/{path}", body, "application/json", headers=key)
        return answer.status_code, answer.json()

    assert call("POST", "5/wishes", '{"words": ["shoes"]}')[1]["muted_words"] == ["shoes"]
    assert call("POST", "5/wishes", '{"words": ["shoes"], "is_muted": false}')[1]["muted_words"] == []
    assert call("POST", "5/reset")[1]["reset_at"] is not None
    assert call("DELETE", "5/reset")[0] == 200
    assert call("GET", "5/why?video_id=999999")[1]["outcome"] == "unknown_video"
    assert call("GET", "5/why?video_id=x")[0] == 400
    status, problem = call("GET", "404/wishes")
    assert status == 404 and "viewer_id 404 is not known" in str(problem["detail"])


def test_an_operator_asks_why_and_resets(platform: LiveEngine, admin_client: Client) -> None:
    answer = admin_client.get("/admin/recommender/viewer/5/why/?video=3")
    assert answer.status_code == 200 and b"recalled by" in answer.content
    assert b"is no video id" in admin_client.get("/admin/recommender/viewer/5/why/?video=x").content
    data = {"action": "reset_feeds", "_selected_action": [5]}
    admin_client.post("/admin/recommender/viewer/", data)
    assert ViewerState.objects.get(pk=5).reset_at is not None
    assert Creator.objects.exists()
