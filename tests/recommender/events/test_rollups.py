"""Hourly counts: each batch counts once, and a recount finds whatever disagrees."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recommender.events.metrics import read_account
from recommender.events.rollups import recount, roll_up
from recommender.models import Event, EventBatch, HourlyRollup
from tests.factories import make_event
from tests.recommender.events.samples import send

pytestmark = pytest.mark.django_db


def test_each_kind_is_counted_in_its_column(videos: dict[int, float]) -> None:
    order = {"value": 3, "currency": "GBP"}
    send(
        [
            make_event("impression", 1, 2),
            make_event("impression", 2, 2),
            make_event("watch", 1, 2, watch_seconds=videos[2]),
            make_event("swipe", 2, 2, watch_seconds=0.5),
            make_event("order", 1, 2, order=order),
            make_event("profile_visit", 1, 2),
            make_event("follow", 1, None, creator_id=12),
            make_event("search", 1, None, query="shoes"),
        ]
    )
    assert roll_up() == 1
    row = HourlyRollup.objects.get()
    assert (row.video_id, row.impression_count, row.watch_count, row.swipe_count) == (2, 2, 1, 1)
    assert (row.finish_count, row.long_watch_count, row.watch_ms) == (1, 1, round(videos[2] * 1000) + 500)
    assert (row.order_count, row.order_value_minor, row.profile_visit_count) == (1, 300, 1)
    assert row.follow_count == 0  # it names no video


def test_a_batch_is_counted_once(videos: Any) -> None:
    send([make_event("like", 1, 1)])
    assert [roll_up(), roll_up()] == [1, 0]
    send([make_event("like", 2, 1)])
    assert roll_up() == 1
    assert sum(HourlyRollup.objects.values_list("like_count", flat=True)) == 2


def test_a_batch_without_events_is_done_with(videos: Any) -> None:
    send([make_event("like", 1, 999)])
    assert roll_up() == 1
    assert EventBatch.objects.filter(rolled_up_at=None).count() == 0


def test_the_oldest_batches_come_first_and_no_more_than_asked(videos: Any) -> None:
    for viewer in range(5):
        send([make_event("like", viewer, 1)])
    assert roll_up(max_batches=3) == 3
    pending = EventBatch.objects.filter(rolled_up_at=None)
    assert read_account().pending_batches == pending.count() == 2
    assert min(pending.values_list("id", flat=True)) > max(
        EventBatch.objects.exclude(rolled_up_at=None).values_list("id", flat=True)
    )


def test_a_batch_that_is_not_rolled_up_yet_is_no_difference(videos: Any) -> None:
    send([make_event("like", 1, 1)])
    now = timezone.now()
    assert recount(now - timedelta(hours=1), now) == []


def test_a_recount_names_what_disagrees(videos: Any) -> None:
    send([make_event("watch", 1, 1, watch_seconds=2.0), make_event("like", 1, 3)])
    roll_up()
    HourlyRollup.objects.filter(video_id=1).update(watch_ms=2_001)
    HourlyRollup.objects.filter(video_id=3).delete()
    now = timezone.now()
    differences = recount(now - timedelta(hours=1), now)
    assert {(item.video_id, *item.measures.items()) for item in differences} == {
        (1, ("watch_ms", (2_001, 2_000))),
        (3, ("like_count", (0, 1))),
    }
    output = StringIO()
    with pytest.raises(CommandError, match="2 rollup rows differ"):
        call_command("recount", stdout=output)
    assert "watch_ms 2001 != 2000" in output.getvalue()


def test_the_recount_command_says_that_all_agrees(videos: Any) -> None:
    output = StringIO()
    call_command("recount", stdout=output)
    assert "nothing to compare" in output.getvalue()
    send([make_event("like", 1, 1), make_event("like", 1, 999)])
    call_command("roll_up", stdout=output)
    call_command("recount", stdout=output)
    assert "received 2 = stored 1 + duplicate 0 + refused 1" in output.getvalue()
    assert "every hourly count agrees" in output.getvalue()


def test_the_recount_command_fails_when_an_event_is_lost(videos: Any) -> None:
    send([make_event("like", 1, 1)])
    Event.objects.all().delete()
    with pytest.raises(CommandError, match="account is not whole"):
        call_command("recount", stdout=StringIO())
