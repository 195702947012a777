"""Day partitions: made ahead and on demand, once, and found again after they were dropped."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from recommender.events.partitions import ensure_partitions, name_partition
from tests.factories import make_event
from tests.recommender.events.samples import send

pytestmark = pytest.mark.django_db


def list_partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'recommender_event'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def test_partitions_are_made_ahead_once() -> None:
    today = timezone.now().date()
    ensure_partitions(ahead_days=3)
    assert ensure_partitions(ahead_days=3) == []
    wanted = {name_partition(today + timedelta(days=offset)) for offset in range(-1, 4)}
    assert wanted <= list_partitions()


def test_there_is_no_partition_for_everything_else() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT partdefid FROM pg_partitioned_table WHERE partrelid = 'recommender_event'::regclass"
        )
        assert cursor.fetchone() == (0,)


def test_a_partition_that_was_dropped_is_made_again_when_needed(videos: Any) -> None:
    send([make_event("like", 1, 1)])
    with connection.cursor() as cursor:
        for name in list_partitions():
            cursor.execute(f"DROP TABLE {name}")
    assert send([make_event("like", 1, 2)]).stored == 1


def test_a_new_partition_has_the_indexes_of_the_others(videos: Any) -> None:
    send([make_event("like", 1, 1)])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = ANY(%s)", [sorted(list_partitions())]
        )
        definitions = " ".join(definition for (definition,) in cursor.fetchall())
    for part in ("(happened_at, event_id)", "(viewer_id, happened_at)", "USING brin (batch_id)"):
        assert part in definitions
