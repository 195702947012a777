"""Two senders caught at the worst moment: the second starts while the first has not committed yet."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from recommender.events.metrics import count_events
from recommender.events.partitions import forget_partitions
from recommender.events.rollups import roll_up
from recommender.models import HourlyRollup, ViewerState
from tests.factories import make_event
from tests.recommender.events.samples import list_verdicts, send


def run_during(first: Callable[[], Any], second: Callable[[], Any], commits: bool = True) -> Any:
    """Run `second` on its own connection while `first` has run but is not committed; its result.

    The first commits (or is taken back) as soon as the second has ended or waits for a lock.
    """
    results: list[Any] = []

    def work() -> None:
        try:
            results.append(second())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    with transaction.atomic():
        first()
        thread.start()
        deadline = time.monotonic() + 20
        while thread.is_alive() and not is_someone_waiting() and time.monotonic() < deadline:
            time.sleep(0.01)
        transaction.set_rollback(not commits)
    thread.join(timeout=20)
    assert not thread.is_alive()
    if isinstance(results[0], Exception):
        raise results[0]
    return results[0]


def is_someone_waiting() -> bool:
    """Whether any connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction the view stands still
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_two_batches_of_one_viewer_both_change_its_state(committed_videos: Any) -> None:
    send([make_event("like", 1, 1)])
    verdict = run_during(
        lambda: send([make_event("watch", 1, 2, watch_seconds=1.0)]),
        lambda: send([make_event("watch", 1, 3, watch_seconds=1.0)]),
    )
    assert verdict.stored == 1
    state = ViewerState.objects.get(pk=1)
    assert set(state.recent_video_ids) == set(state.seen_video_ids) == {1, 2, 3}


def test_two_first_batches_of_one_viewer_both_change_its_state(committed_videos: Any) -> None:
    run_during(lambda: send([make_event("like", 9, 2)]), lambda: send([make_event("like", 9, 3)]))
    assert set(ViewerState.objects.get(pk=9).recent_video_ids) == {2, 3}


def test_a_retry_before_the_commit_is_a_duplicate(committed_videos: Any) -> None:
    event = make_event("like", 1, 1)
    assert list_verdicts(run_during(lambda: send([event]), lambda: send([event]))) == ["duplicate"]
    assert count_events() == (1, 1)


def test_a_retry_of_a_batch_that_was_taken_back_is_accepted(committed_videos: Any) -> None:
    event = make_event("like", 1, 1)
    verdict = run_during(lambda: send([event]), lambda: send([event]), commits=False)
    assert list_verdicts(verdict) == ["accepted"]
    assert count_events() == (1, 1)


def test_a_batch_that_is_being_rolled_up_is_passed_over(committed_videos: Any) -> None:
    send([make_event("like", 1, 1)])
    assert run_during(roll_up, roll_up) == 0
    assert HourlyRollup.objects.get().like_count == 1


def test_a_day_that_is_being_made_is_waited_for(committed_videos: Any) -> None:
    moment = int((timezone.now() - timedelta(days=200)).timestamp() * 1_000)

    def send_old() -> int:
        forget_partitions()  # as a process of its own would not know the day
        return send([make_event("like", 1, 1, happened_at=moment)]).stored

    assert run_during(send_old, send_old) == 1
    assert count_events() == (2, 2)
