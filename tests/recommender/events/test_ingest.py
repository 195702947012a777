"""One effect per event id for ever, a verdict per event, and a state that changes with the events."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommender.contracts import encode_actions
from recommender.events.body import BodyRefused
from recommender.events.ingest import record_event_dicts, record_events
from recommender.events.metrics import count_events, read_account
from recommender.markets import MARKET_CODES
from recommender.models import Event, EventBatch, RefusedEvent, Viewer, ViewerState
from tests.factories import make_event
from tests.recommender.events.samples import list_verdicts, send

pytestmark = pytest.mark.django_db


def test_a_retried_batch_has_one_effect(videos: Any) -> None:
    events = [make_event("watch", 1, 1, watch_seconds=4.0), make_event("like", 2, 2)]
    assert list_verdicts(send(events)) == ["accepted", "accepted"]
    state = ViewerState.objects.values().order_by("viewer_id")
    before = list(state)
    again = send(events)
    assert list_verdicts(again) == ["duplicate", "duplicate"]
    assert (again.received, again.stored, again.duplicate, again.refused) == (2, 0, 2, 0)
    assert Event.objects.count() == 2
    assert list(state) == before


def test_the_same_id_with_another_days_time_counts_once(videos: Any) -> None:
    event = make_event("watch", 1, 1, watch_seconds=4.0)
    send([event])
    yesterday = {**event, "happened_at": event["happened_at"] - 86_400_000}
    assert list_verdicts(send([yesterday])) == ["duplicate"]
    assert count_events() == (1, 1)


def test_the_same_id_twice_in_one_batch_counts_at_its_first_place(videos: Any) -> None:
    event = make_event("watch", 1, 1, watch_seconds=4.0)
    verdict = send([event, make_event("like", 1, 1), {**event, "watch_seconds": 9.0}])
    assert list_verdicts(verdict) == ["accepted", "accepted", "duplicate"]
    assert sorted(Event.objects.values_list("watch_ms", flat=True), key=str) == [4000, None]


def test_a_refused_event_does_not_use_up_its_id(videos: Any) -> None:
    event = make_event("watch", 1, 1, watch_seconds=4.0)
    verdict = send([{**event, "watch_seconds": -1}, event])
    assert list_verdicts(verdict) == ["refused", "accepted"]


def test_one_bad_event_at_any_place_costs_no_other(videos: Any) -> None:
    for place in range(12):
        events = [make_event("impression", 1, 1 + number % 5) for number in range(12)]
        events[place]["video_id"] = 999
        verdict = send(events)
        assert [item.index for item in verdict.verdicts if item.verdict == "refused"] == [place]
        assert (verdict.stored, verdict.refused) == (11, 1)
        assert send(events).stored == 0
    assert read_account().is_conserved


def test_a_thousand_events_with_one_bad_one_are_stored_but_for_it(videos: Any) -> None:
    events = [make_event("impression", number % 50, 1 + number % 5) for number in range(1_000)]
    events[617]["kind"] = "glance"
    verdict = send(events)
    assert (verdict.received, verdict.stored, verdict.refused) == (1_000, 999, 1)
    assert verdict.verdicts[617].field == "kind"
    assert count_events() == (999, 999)


def test_a_refused_event_is_kept_whole_with_its_reason(videos: Any) -> None:
    event = make_event("watch", 1, 999, watch_seconds=4.0)
    send([make_event("like", 1, 1), event], sent_at=timezone.now())
    kept = RefusedEvent.objects.get()
    assert (kept.index, kept.field, kept.payload) == (1, "video_id", event)
    assert "POST /api/v1/videos" in kept.reason
    assert kept.sent_at is not None


def test_an_event_that_json_columns_cannot_hold_is_kept_as_text(videos: Any) -> None:
    send([make_event("search", 1, None, query="red\x00shoes")])
    assert "red" in RefusedEvent.objects.get().payload["unreadable"]


def test_nan_costs_only_its_own_event(videos: Any) -> None:
    good, bad = make_event("like", 1, 1), make_event("watch", 1, 1, watch_seconds=float("nan"))
    verdict = send([good, bad])
    assert list_verdicts(verdict) == ["accepted", "refused"]
    assert verdict.verdicts[1].field == "watch_seconds"


def test_a_body_that_is_no_batch_records_nothing(videos: Any) -> None:
    with pytest.raises(BodyRefused):
        record_events(b'{"events": "none"}', "test")
    with pytest.raises(BodyRefused):
        record_event_dicts([], "test")
    assert EventBatch.objects.count() == 0


def test_a_viewer_met_for_the_first_time_is_made_from_the_event(videos: Any) -> None:
    device = {"os": "ios", "locale": "zh_Hant_MY"}
    send([make_event("watch", 41, 1, watch_seconds=1.0, market="MY", device=device)])
    viewer = Viewer.objects.get(pk=41)
    assert (viewer.market, viewer.language, viewer.device) == ("MY", "zh", device)


def test_a_known_viewer_stays_as_it_is_and_lends_its_market(videos: Any) -> None:
    Viewer.objects.create(pk=41, market="TH", language="th")
    event = make_event("watch", 41, 1, watch_seconds=1.0)
    del event["market"]
    send([event])
    assert Viewer.objects.get(pk=41).language == "th"
    assert Event.objects.get().market == MARKET_CODES.index("TH")


def test_a_market_outside_the_eight_is_stored_as_elsewhere_and_a_false_one_is_refused(videos: Any) -> None:
    verdict = send([make_event("like", 1, 1, market="FR"), make_event("like", 1, 2, market="XX")])
    assert list_verdicts(verdict) == ["accepted", "refused"]
    assert verdict.verdicts[1].field == "market"
    assert Event.objects.get().market == -1


def test_an_order_is_kept_in_the_smallest_unit_and_its_currency_must_fit(videos: Any) -> None:
    def order(value: Any, currency: str) -> dict[str, Any]:
        return make_event("order", 1, 1, order={"value": value, "currency": currency, "product": "p1"})

    verdict = send([order(19.99, "GBP"), order("0.1", "GBP"), order(5, "USD"), order(-1, "GBP")])
    assert list_verdicts(verdict) == ["accepted", "accepted", "refused", "refused"]
    assert [item.field for item in verdict.verdicts[2:]] == ["order.currency", "order.value"]
    assert sorted(Event.objects.values_list("value_minor", flat=True)) == [10, 1999]


def test_watches_are_judged_by_the_videos_duration(videos: dict[int, float]) -> None:
    send([make_event("watch", 1, 2, watch_seconds=videos[2]), make_event("watch", 2, 2, watch_seconds=1.0)])
    actions = dict(Event.objects.values_list("viewer_id", "actions"))
    assert actions == {1: encode_actions(["finish", "long_watch"]), 2: 0}


def test_the_state_tells_what_was_watched_liked_followed_blocked_and_searched(videos: Any) -> None:
    send(
        [
            make_event("impression", 1, 4),
            make_event("watch", 1, 1, watch_seconds=10.0),
            make_event("like", 1, 1),
            make_event("follow", 1, None, creator_id=12),
            make_event("not_interested", 1, 3),
            make_event("search", 1, None, query="red shoes"),
        ]
    )
    state = ViewerState.objects.get(pk=1)
    actions = dict(zip(state.recent_video_ids, state.recent_actions, strict=True))
    assert actions == {
        1: encode_actions(["finish", "long_watch", "like"]),
        3: encode_actions(["not_interested"]),
    }
    assert set(state.seen_video_ids) == {1, 3, 4}
    assert (state.followed_creator_ids, state.blocked_creator_ids) == ([12], [13])
    assert state.searches == ["red shoes"]


def test_a_late_like_does_not_undo_the_unlike_after_it(videos: Any) -> None:
    like = make_event("like", 1, 1)
    send([make_event("unlike", 1, 1, happened_at=like["happened_at"] + 1_000)])
    send([like])
    assert ViewerState.objects.get(pk=1).recent_actions == [0]


def test_a_far_future_or_ancient_event_reaches_no_partition(videos: Any) -> None:
    def at(year: int) -> dict[str, Any]:
        moment = datetime(year, 1, 1, tzinfo=UTC)
        return make_event("like", 1, 1, happened_at=int(moment.timestamp() * 1_000))

    verdict = send([at(1970), at(2099), make_event("like", 1, 1, happened_at=10**25)])
    assert [item.field for item in verdict.verdicts] == ["happened_at"] * 3
    assert count_events() == (0, 0)


def test_a_time_some_minutes_ahead_is_cut_to_now_and_flagged(videos: Any) -> None:
    ahead = int((timezone.now() + timedelta(minutes=30)).timestamp() * 1_000)
    send([make_event("like", 1, 1, happened_at=ahead)])
    event = Event.objects.get()
    assert event.is_clamped
    assert event.happened_at <= timezone.now()


def test_ids_differ_only_by_value_not_by_spelling(videos: Any) -> None:
    event = make_event("like", 1, 1, event_id=str(uuid.UUID(int=2**127 + 10)))
    spelled = {**event, "event_id": event["event_id"].upper()}
    assert list_verdicts(send([event, spelled])) == ["accepted", "duplicate"]
    assert list_verdicts(send([spelled])) == ["duplicate"]
