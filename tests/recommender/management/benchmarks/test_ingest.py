"""The ingest benchmark in small: real processes, true figures, and no database left behind."""

import json
import random
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from recommender.events.body import read_batch
from recommender.events.schema import decode_event
from recommender.management.benchmarks import ingest
from recommender.management.benchmarks.database import build_url
from recommender.management.benchmarks.load import make_batch, make_uuid7

PLAN = {"n_viewers": 50, "viewers_per_batch": 4, "batch_size": 30, "n_videos": 20}


def list_databases() -> set[str]:
    with psycopg.connect(build_url("postgres"), autocommit=True) as server:
        return {name for (name,) in server.execute("SELECT datname FROM pg_database").fetchall()}


@pytest.mark.processes
@pytest.mark.integration
def test_every_acknowledged_event_is_stored_and_the_database_is_dropped(
    servers: None, tmp_path: Path
) -> None:
    before = list_databases()
    out = tmp_path / "ingest.json"
    call_command("benchmark", "ingest", f"--json={out}", "--seconds=0.5", "--videos=50", "--viewers=40")
    result = json.loads(out.read_text())
    for name in ("ours", "plain_django"):
        rows = result[name]
        assert [row["concurrency"] for row in rows] == [1, 4, 16]
        for row in rows:
            assert row["acknowledged"] == row["stored"] > 0
            assert 0 < row["p50_ms"] <= row["p99_ms"]
            assert row["requests_per_second"] * 100 == pytest.approx(row["events_per_second"])
            assert len(row["memory"]) >= 3
    assert list_databases() == before


def test_a_lost_event_fails_the_benchmark() -> None:
    sent: dict[str, Any] = {"stored": 100, "requests": 1, "elapsed_seconds": 1.0}
    with pytest.raises(CommandError, match="100 events were acknowledged, 99 are stored"):
        ingest._sum_up(sent, None, 1, 99)  # type: ignore[arg-type]


def test_generated_batches_are_valid_and_differ() -> None:
    draw = random.Random(1)
    events = [decode_event(bytes(raw)) for _ in range(5) for raw in read_batch(make_batch(draw, PLAN)).events]
    assert len({event.event_id for event in events}) == 150
    assert {event.event_id.version for event in events} == {7}
    assert max(event.viewer_id for event in events) <= 50


def test_ids_sort_by_their_millisecond() -> None:
    draw = random.Random(2)
    ids = [make_uuid7(draw, 1_700_000_000_000 + step) for step in range(50)]
    assert ids == sorted(ids)
