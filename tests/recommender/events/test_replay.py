"""Refused events get a second try, and still count once."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from recommender.events.metrics import count_events, read_account
from recommender.events.replay import ReplayResult, replay_refused
from recommender.models import Event, EventBatch, RefusedEvent, ViewerState
from tests.factories import NOW, make_event
from tests.recommender.events.samples import send

pytestmark = pytest.mark.django_db


def publish(video_id: int) -> None:
    from recommender.models import Video

    Video.objects.create(id=video_id, creator_id=11, published_at=NOW, duration_seconds=10)


def test_an_event_is_accepted_once_its_video_is_published(videos: Any) -> None:
    send([make_event("like", 1, 77), make_event("like", 1, 1)])
    assert replay_refused() == ReplayResult(0, 0, 1)
    publish(77)
    assert replay_refused() == ReplayResult(1, 0, 0)
    assert replay_refused() == ReplayResult(0, 0, 0)
    assert set(ViewerState.objects.get(pk=1).recent_video_ids) == {1, 77}
    account = read_account()
    assert (account.received, account.stored, account.refused, account.replayed) == (3, 2, 1, 1)
    assert account.is_conserved


def test_an_event_that_came_again_meanwhile_is_a_duplicate(videos: Any) -> None:
    event = make_event("like", 1, 77)
    send([event])
    publish(77)
    send([event])
    assert replay_refused() == ReplayResult(0, 1, 0)
    assert count_events() == (1, 1)
    assert RefusedEvent.objects.get().replay_outcome == "duplicate"
    assert read_account().is_conserved


def test_the_same_event_refused_twice_is_accepted_once(videos: Any) -> None:
    event = make_event("like", 1, 77)
    send([event, event])
    send([event])
    publish(77)
    assert replay_refused() == ReplayResult(1, 2, 0)
    assert count_events() == (1, 1)
    assert read_account().is_conserved


def test_a_replayed_event_keeps_the_time_it_would_have_had(videos: Any) -> None:
    event = make_event("like", 1, 77)
    send([event], sent_at=timezone.now() + timedelta(hours=3))
    EventBatch.objects.update(received_at=timezone.now() - timedelta(days=2))
    publish(77)
    replay_refused()
    happened_at = Event.objects.get().happened_at
    expected = EventBatch.objects.earliest("id").received_at - timedelta(hours=3)
    assert abs((happened_at - expected).total_seconds()) < 5


def test_only_the_chosen_events_are_replayed(videos: Any) -> None:
    send([make_event("like", 1, 77), make_event("like", 2, 77)])
    publish(77)
    first, second = RefusedEvent.objects.order_by("index").values_list("id", flat=True)
    assert replay_refused([second]) == ReplayResult(1, 0, 0)
    assert RefusedEvent.objects.get(pk=first).replayed_at is None


def test_an_event_refused_again_says_why_and_stays(videos: Any) -> None:
    send([make_event("like", 1, 77)])
    output = StringIO()
    call_command("replay_refused", stdout=output)
    assert "0 accepted, 0 duplicates, 1 refused again" in output.getvalue()
    kept = RefusedEvent.objects.get()
    assert kept.replayed_at is None
    assert kept.replay_outcome.startswith("refused: video_id 77 is not known")
    assert EventBatch.objects.count() == 1
