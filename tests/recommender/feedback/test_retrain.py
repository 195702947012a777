"""A retraining from request to verdict, on a small demo world; a killed worker costs nothing but time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from recommender import engine
from recommender.feedback import leases, retrain
from recommender.feedback.requests import cancel_run, request_run
from recommender.feedback.retrain import work_on
from recommender.models import ModelVersion, TrainingRun
from recommender.serving.live import LiveEngine
from tests.factories import make_event, make_videos

SMALL = {"creators": 40, "videos": 300, "viewers": 300, "verbosity": 0}


@pytest.fixture
def demo(transactional_db: None, artifact_dir: Path, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    call_command("seed_demo", **SMALL)


def run_once() -> TrainingRun:
    run, _ = request_run("command")
    finished = work_on(run.pk)
    assert finished is not None
    return finished


@pytest.mark.django_db(transaction=True)
def test_without_events_a_run_fails_and_says_what_to_do(artifact_dir: Path) -> None:
    run = run_once()
    assert run.state == TrainingRun.State.FAILED
    assert "POST /api/v1/events" in run.reason


@pytest.mark.django_db(transaction=True)
def test_too_few_events_are_refused_in_words_and_nothing_goes_live(artifact_dir: Path) -> None:
    make_videos(5)
    now = timezone.now()
    events = [
        make_event(
            "watch",
            viewer,
            1 + viewer % 5,
            watch_seconds=9,
            happened_at=(now - timedelta(hours=h)).isoformat(),
        )
        for viewer, h in zip(range(40), range(1, 41), strict=True)
    ]
    engine.record_event_dicts(events, "test")
    run = run_once()
    assert run.state in (TrainingRun.State.REFUSED, TrainingRun.State.FAILED)
    assert "collect 500" in run.reason
    assert engine.find_live() is None


def test_the_first_version_beats_the_base_rates_and_serves(demo: None, live: LiveEngine) -> None:
    steps: list[tuple[float, str]] = []
    run, _ = request_run("command")
    work_on(run.pk, lambda fraction, step: steps.append((fraction, step)))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.PROMOTED, run.reason
    fractions = [fraction for fraction, _ in steps]
    assert fractions == sorted(fractions)
    version = engine.find_live()
    assert version is not None
    assert version.metrics["logloss_candidate"] < version.metrics["logloss_live"]
    assert version.metrics["held_out_from"] < version.metrics["held_out_until"]
    live.refresh()
    page = engine.for_you(engine.FeedRequest(engine.ViewerProfile(1, "GB", "en")))
    assert (page.mode, page.model_version) == ("personal", version.pk)


def test_nothing_of_the_held_out_window_is_seen_by_the_fit(
    demo: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def look(known: Any, *args: Any, **kwargs: Any) -> None:
        seen.append(known)
        raise RuntimeError("seen enough")

    monkeypatch.setattr(retrain, "fit_engine", look)
    run_once()
    (known,) = seen
    assert known.impressions.happened_at.max() < known.cut_at
    assert known.history.happened_at.max(initial=0) < known.impressions.happened_at.min()


def test_a_fit_that_breaks_leaves_the_live_version_and_the_reason(
    demo: None, live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_once()
    before = engine.find_live()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise MemoryError("not enough memory for the autoencoder")

    monkeypatch.setattr(retrain, "fit_engine", fail)
    run = run_once()
    assert run.state == TrainingRun.State.FAILED
    assert run.reason == "MemoryError: not enough memory for the autoencoder"
    assert engine.find_live() == before


def test_broken_files_keep_the_last_good_engine_in_service(
    demo: None, live: LiveEngine, artifact_dir: Path
) -> None:
    run_once()
    first = live.refresh()
    run_once()
    second = engine.find_live()
    assert second is not None
    if second.pk != first.version_id:
        broken = next((artifact_dir / second.folder).glob("*.npy"))
        broken.write_bytes(broken.read_bytes()[:-1])
    assert live.refresh().version_id == first.version_id


def test_a_rollback_reaches_the_engine_with_the_next_refresh(demo: None, live: LiveEngine) -> None:
    run_once()
    first = engine.find_live()
    TrainingRun.objects.update(data_until=timezone.now())
    assert first is not None
    copy = ModelVersion(
        state="retired",
        folder=first.folder,
        manifest_sha256=first.manifest_sha256,
        trained_until=first.trained_until,
        reason="a copy",
        promoted_at=first.promoted_at - timedelta(hours=1),
    )
    copy.save()
    assert live.refresh().version_id == first.pk
    call_command("rollback", verbosity=0)
    assert live.refresh().version_id == copy.pk


@pytest.mark.processes
def test_a_killed_worker_is_followed_and_the_run_finishes(demo: None) -> None:
    run, _ = request_run("command")
    worker = _start_worker(run.pk)
    try:
        _wait_until(lambda: TrainingRun.objects.get(pk=run.pk).progress > 0.05)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    run.refresh_from_db()
    assert run.state == TrainingRun.State.RUNNING
    assert leases.claim(run.pk) is None  # its lease still holds
    TrainingRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    finished = work_on(run.pk)
    assert finished is not None
    assert (finished.state, finished.attempts) == (TrainingRun.State.PROMOTED, 2)
    assert ModelVersion.objects.filter(state="live").count() == 1


def test_a_cancelled_run_ends_without_a_version(demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = request_run("command")
    real_fit = retrain.fit_engine

    def cancel_then_fit(*args: Any, **kwargs: Any) -> Any:
        cancel_run(run.pk)
        lease_run = TrainingRun.objects.get(pk=run.pk)
        assert lease_run.state == TrainingRun.State.CANCELLED
        return real_fit(*args, **kwargs)

    monkeypatch.setattr(retrain, "fit_engine", cancel_then_fit)
    work_on(run.pk)
    run.refresh_from_db()
    assert run.state == TrainingRun.State.CANCELLED
    assert not ModelVersion.objects.exists()


def _start_worker(run_id: int) -> "subprocess.Popen[bytes]":
    """A process that works on the run against this test's database."""
    chosen = connection.settings_dict
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from recommender.feedback import leases\n"
        "from recommender.feedback.retrain import work_on\n"
        "leases.HEARTBEAT_SECONDS = 0.02\n"
        f"work_on({run_id})\n"
    )
    url = (
        f"postgresql://{chosen['USER']}@/{chosen['NAME']}?host={chosen['HOST']}&port={chosen['PORT'] or 5432}"
    )
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ttok_site.settings"}
    return subprocess.Popen([sys.executable, "-c", code], env=env, cwd=settings.BASE_DIR)


def _wait_until(is_true: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Progress is written often enough to be seen in a short run."""
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.1)
    yield
