"""Whatever the network does to a stream, counts and states end as if it had come once and in order."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from recommender.events import ingest
from recommender.events.metrics import count_events, read_account
from recommender.events.rollups import recount, roll_up
from recommender.markets import encode_market
from recommender.models import HourlyRollup, ViewerState
from tests.factories import make_event
from tests.recommender.events.samples import send, taken_back

pytestmark = pytest.mark.django_db

#: The day after a leap day, so that the stream crosses it.
NOW = datetime(2028, 3, 1, 12, tzinfo=UTC)
SOURCES = ("for_you", "following", "search")


def make_stream(draw: random.Random, count: int) -> list[dict[str, Any]]:
    """Events of the last 48 hours in order, each at a time of its own; `at` is the true moment."""
    offsets = sorted(draw.sample(range(48 * 3600 * 1000), count), reverse=True)
    stream = []
    for offset in offsets:
        kind = draw.choice(["impression", "watch", "like", "unlike", "share", "not_interested"])
        event = make_event(kind, draw.randint(1, 6), draw.randint(1, 5), source=draw.choice(SOURCES))
        event["event_id"] = f"{draw.getrandbits(128):032x}"
        event["market"] = draw.choice(["GB", "MY", "FR"])
        if kind == "watch":
            event["watch_seconds"] = draw.randrange(60_000) / 1_000
        stream.append({**event, "at": NOW - timedelta(milliseconds=offset)})
    return stream


def count_clean(stream: list[dict[str, Any]]) -> dict[tuple[Any, ...], Counter[str]]:
    """The oracle: counts by hour, video, market and source, one event after another."""
    counts: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for event in stream:
        hour = event["at"].replace(minute=0, second=0, microsecond=0)
        key = (hour, event["video_id"], encode_market(event["market"]), SOURCES.index(event["source"]))
        counts[key][event["kind"]] += 1
        counts[key]["watch_ms"] += round(event.get("watch_seconds", 0) * 1_000)
    return counts


def list_liked(stream: list[dict[str, Any]]) -> dict[int, set[int]]:
    """The oracle: what each viewer likes at the end, one event after another."""
    liked: dict[int, set[int]] = defaultdict(set)
    for event in stream:
        if event["kind"] == "like":
            liked[event["viewer_id"]].add(event["video_id"])
        elif event["kind"] == "unlike":
            liked[event["viewer_id"]].discard(event["video_id"])
    return {viewer: videos for viewer, videos in liked.items() if videos}


def deliver(draw: random.Random, stream: list[dict[str, Any]]) -> None:
    """Send a stream shuffled, a fifth of it again, in batches from senders whose clocks are off."""
    pieces = stream + draw.sample(stream, len(stream) // 5)
    draw.shuffle(pieces)
    while pieces:
        size = draw.randint(1, 60)
        batch, pieces = pieces[:size], pieces[size:]
        skew = timedelta(seconds=draw.randint(-48 * 3600, 48 * 3600))
        events = [
            {**{name: value for name, value in event.items() if name != "at"},
             "happened_at": (event["at"] + skew).isoformat()}
            for event in batch
        ]  # fmt: skip
        send(events, sent_at=NOW + skew)
        if draw.random() < 0.3:
            roll_up(max_batches=draw.randint(1, 5))


@pytest.mark.parametrize("seed", range(12))
def test_counts_and_likes_equal_those_of_the_clean_stream(
    videos: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.timezone, "now", lambda: NOW)
    draw = random.Random(seed)
    stream = make_stream(draw, 300)
    with taken_back():
        deliver(draw, stream)
        roll_up()
        kept = {
            (row.hour_at, row.video_id, row.market, row.source): row for row in HourlyRollup.objects.all()
        }
        expected = count_clean(stream)
        assert kept.keys() == expected.keys()
        for key, counts in expected.items():
            for kind in ("impression", "watch", "like", "unlike", "share", "not_interested"):
                assert getattr(kept[key], f"{kind}_count") == counts[kind]
            assert kept[key].watch_ms == counts["watch_ms"]
        assert recount(NOW - timedelta(hours=50), NOW) == []
        assert count_events() == (300, 300)
        account = read_account()
        assert (account.received, account.stored, account.duplicate) == (360, 300, 60)
        assert account.is_conserved
        assert read_liked() == list_liked(stream)


def read_liked() -> dict[int, set[int]]:
    """What the states say that viewers like."""
    return {
        state.viewer_id: liked
        for state in ViewerState.objects.all()
        if (
            liked := {
                video
                for video, at in zip(state.recent_video_ids, state.recent_like_at, strict=True)
                if at > 0
            }
        )
    }


def test_no_event_of_the_stream_lies_outside_the_partition_of_its_day(
    videos: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.timezone, "now", lambda: NOW)
    draw = random.Random(5)
    deliver(draw, make_stream(draw, 60))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tableoid::regclass::text, to_char(happened_at AT TIME ZONE 'UTC', 'YYYYMMDD') "
            "FROM recommender_event"
        )
        places = cursor.fetchall()
    assert len(places) == 3
    assert all(table == f"recommender_event_{day}" for table, day in places)
    assert "20280229" in {day for _, day in places}
