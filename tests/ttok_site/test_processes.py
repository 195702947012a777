"""Processes are recognised by more than their id, asked to end before they are killed, and leave nothing."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ttok_site.waiting import wait_until
from ttok_site import processes

pytestmark = pytest.mark.processes

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
WITH_CHILD = (
    "import subprocess, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); time.sleep(60)"
)


def start_python(
    code: str, tmp_path: Path, farewell: processes.Farewell = processes.TERMINATE
) -> processes.Record:
    """Start Python on `code` and wait for its first line of output."""
    log_path = tmp_path / "log"
    record = processes.start("example", [sys.executable, "-c", code], tmp_path, log_path, farewell=farewell)
    deadline = time.monotonic() + 20
    while not log_path.read_text().endswith("\n"):
        assert time.monotonic() < deadline, "the example never started"
        time.sleep(0.01)
    return record


def test_a_started_process_is_found_again_by_its_record(tmp_path: Path) -> None:
    record = start_python("import time; print('up', flush=True); time.sleep(60)", tmp_path)
    assert processes.read_living(tmp_path, ["example"]) == [record]
    assert processes.stop([record], tmp_path) == []
    assert processes.read_living(tmp_path, ["example"]) == []
    assert processes.read_record(tmp_path, "example") is None


def test_a_process_that_only_has_the_same_id_is_not_taken_for_ours(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        record = processes.Record("example", stranger.pid, "1", processes.TERMINATE)
        assert not processes.is_alive(record)
        processes.stop([record], tmp_path)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_that_ignores_the_request_is_killed_and_named(tmp_path: Path) -> None:
    record = start_python(STUBBORN, tmp_path, farewell=((signal.SIGTERM, 0.2),))
    assert processes.stop([record], tmp_path) == ["example"]
    assert not processes.is_alive(record)


def test_what_a_dead_leader_left_in_its_group_is_killed_too(tmp_path: Path) -> None:
    record = start_python(WITH_CHILD, tmp_path)
    child_pid = int((tmp_path / "log").read_text())
    os.kill(record.pid, signal.SIGKILL)
    processes.stop([record], tmp_path)
    assert wait_until(lambda: processes.read_start_mark(child_pid) is None, seconds=5)


def test_a_damaged_record_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "example.json").write_text('{"name": "example", "pid":')
    assert processes.read_record(tmp_path, "example") is None


def test_forgetting_an_old_process_keeps_the_record_of_its_successor(tmp_path: Path) -> None:
    old = processes.Record("example", 1, "1", processes.TERMINATE)
    successor = replace(old, pid=2)
    processes.write_record(tmp_path, successor)
    processes.forget(tmp_path, old)
    assert processes.read_record(tmp_path, "example") == successor


def test_a_log_beyond_the_limit_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT_BYTES", 3)
    (tmp_path / "log").write_text("old text\n")
    record = start_python("print('new', flush=True)", tmp_path)
    processes.stop([record], tmp_path)
    assert "old" not in (tmp_path / "log").read_text()
