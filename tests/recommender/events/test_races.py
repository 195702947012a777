"""Many senders at once: overlapping batches have one effect, nobody waits for ever, counts stay exact."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from recommender.events.metrics import count_events, read_account
from recommender.events.rollups import recount, roll_up
from recommender.models import Event, HourlyRollup, ViewerState
from tests.factories import make_event
from tests.recommender.events.samples import send


def run_together(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run calls in threads that start together; their results, or the first error."""
    results: list[Any] = [None] * len(calls)
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(calls))

    def work(place: int) -> None:
        try:
            barrier.wait()
            results[place] = calls[place]()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]
    return results


def test_overlapping_batches_of_many_senders_have_one_effect(committed_videos: Any) -> None:
    draw = random.Random(3)
    events = [
        make_event("watch", draw.randint(1, 8), draw.randint(1, 5), watch_seconds=2.0) for _ in range(120)
    ]
    batches = [draw.sample(events, 70) for _ in range(24)]

    def send_some(part: list[list[dict[str, Any]]]) -> int:
        return sum(send(batch).stored for batch in part)

    stored = run_together([lambda part=batches[place::6]: send_some(part) for place in range(6)])
    unique = {event["event_id"] for batch in batches for event in batch}
    assert sum(stored) == len(unique)
    assert count_events() == (len(unique), len(unique))
    account = read_account()
    assert account.received == 24 * 70
    assert account.is_conserved
    watched = set(Event.objects.values_list("viewer_id", "video_id").distinct())
    states = ViewerState.objects.values_list("viewer_id", "recent_video_ids")
    assert {(viewer, video) for viewer, videos in states for video in videos} == watched


def test_equal_batches_at_once_count_once(committed_videos: Any) -> None:
    events = [make_event("like", viewer, 1 + viewer % 5) for viewer in range(10)]
    verdicts = run_together([lambda: send(events) for _ in range(8)])
    assert sum(verdict.stored for verdict in verdicts) == 10
    assert sum(verdict.duplicate for verdict in verdicts) == 70


def test_new_days_asked_for_by_many_at_once_are_made_once(committed_videos: Any) -> None:
    def send_old(place: int) -> int:
        moment = timezone.now() - timedelta(days=100 + place % 3)
        return send([make_event("like", place, 1, happened_at=int(moment.timestamp() * 1_000))]).stored

    assert run_together([lambda place=place: send_old(place) for place in range(6)]) == [1] * 6


def test_rolling_up_during_ingest_agrees_with_a_recount(committed_videos: Any) -> None:
    def send_many(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(10):
            send(
                [
                    make_event("watch", draw.randint(1, 9), draw.randint(1, 5), watch_seconds=1.234)
                    for _ in range(20)
                ]
            )

    def roll_many() -> int:
        return sum(roll_up(max_batches=2) for _ in range(15))

    run_together([lambda: send_many(1), lambda: send_many(2), roll_many, roll_many])
    while roll_up():
        pass
    now = timezone.now()
    assert recount(now - timedelta(hours=2), now) == []
    assert sum(HourlyRollup.objects.values_list("watch_count", flat=True)) == 400
    assert sum(HourlyRollup.objects.values_list("watch_ms", flat=True)) == 400 * 1_234
