"""`make run` at work: it looks after its processes, stands beside another clone, and retrains."""

import itertools
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from recommender.feedback.leases import LEASE_SECONDS
from tests.ttok_site.running_stack import FIRST_START_SECONDS, STOP_SECONDS, RunningStack, answers
from tests.ttok_site.waiting import list_processes, wait_until
from ttok_site import guard, processes

pytestmark = pytest.mark.processes

TRAINING_SECONDS = 120.0
FINISHED = {"promoted", "refused", "failed", "cancelled"}
NEW_VIEWERS = itertools.count(5_000_000)


def test_ended_processes_come_back_and_are_named(shared_stack: RunningStack) -> None:
    before = {
        name: shared_stack.read_record(name) for name in ("web", "worker", "beat", "postgres", "broker")
    }
    for record in before.values():
        os.kill(record.pid, signal.SIGKILL)
    for name, record in before.items():
        assert wait_until(
            lambda name=name, record=record: any(  # type: ignore[misc]
                found.pid != record.pid
                for found in processes.read_living(shared_stack.var_dir / "run", [name])
            )
        ), name
    assert wait_until(lambda: answers(shared_stack.address))
    for name in ("web", "worker", "beat"):
        assert f"{name} ended (exit code -9)" in shared_stack.output
    assert "a server had ended: starting PostgreSQL" in shared_stack.output


def read_run(stack: RunningStack, run_id: int) -> dict[str, Any]:
    return dict(stack.call_api("GET", f"training-runs/{run_id}"))


def test_a_retraining_asked_for_over_http_is_found_by_the_beat_and_done_by_a_worker(
    shared_stack: RunningStack,
) -> None:
    run = shared_stack.call_api("POST", "training-runs")
    assert run["state"] == "queued"
    assert wait_until(lambda: read_run(shared_stack, run["id"])["state"] in FINISHED, TRAINING_SECONDS)
    done = read_run(shared_stack, run["id"])
    assert (done["state"] in {"promoted", "refused"}, done["attempts"]) == (True, 1), done["reason"]


def serves(stack: RunningStack, version: int) -> bool:
    """True where feeds come from this version; several, because each web process must know."""
    # A new viewer each time: a page once served is not made again.
    pages = [
        stack.call_api("GET", f"feed?viewer_id={next(NEW_VIEWERS)}&market=GB&language=en") for _ in range(8)
    ]
    return {page["model_version"] for page in pages} == {version}


def test_web_processes_serve_a_promoted_version_within_five_seconds(shared_stack: RunningStack) -> None:
    versions = shared_stack.call_api("GET", "model-versions")["results"]
    live, other = (
        next(version["id"] for version in versions if (version["state"] == "live") is is_live)
        for is_live in (True, False)
    )
    assert wait_until(lambda: serves(shared_stack, live), seconds=5)
    shared_stack.call_api("POST", f"model-versions/{other}/promote", {"reason": "a test"})
    assert wait_until(lambda: serves(shared_stack, other), seconds=5)


def test_a_worker_killed_in_a_retraining_is_followed_by_another_within_the_lease(
    shared_stack: RunningStack,
) -> None:
    run = shared_stack.call_api("POST", "training-runs")
    assert wait_until(lambda: read_run(shared_stack, run["id"])["state"] == "running", TRAINING_SECONDS)
    processes.kill_group(shared_stack.read_record("worker"))
    assert read_run(shared_stack, run["id"])["state"] == "running"
    killed_at = time.monotonic()
    assert wait_until(lambda: read_run(shared_stack, run["id"])["attempts"] == 2, 3 * LEASE_SECONDS)
    # The lease, and what the beat and the start of a worker may take on top.
    assert time.monotonic() - killed_at < LEASE_SECONDS + 20
    assert wait_until(lambda: read_run(shared_stack, run["id"])["state"] in FINISHED, TRAINING_SECONDS)
    done = read_run(shared_stack, run["id"])
    assert (done["state"] in {"promoted", "refused"}, done["attempts"]) == (True, 2), done["reason"]


def test_a_second_start_in_the_same_clone_names_the_address_of_the_first(shared_stack: RunningStack) -> None:
    second = RunningStack(shared_stack.var_dir)
    assert second.process.wait(timeout=20) == 0
    second.wait_for(f"This clone already runs, at {shared_stack.address.rstrip('/')}")
    assert answers(shared_stack.address)


def test_two_clones_run_side_by_side_on_neighbouring_ports(shared_stack: RunningStack, var_dir: Path) -> None:
    port = int(shared_stack.address.rstrip("/").rpartition(":")[2])
    other = RunningStack(var_dir, port=port)
    try:
        other.wait_for("Ready after", FIRST_START_SECONDS)
        assert f"port {port} is taken; using " in other.output
        assert other.address != shared_stack.address
        assert answers(other.address)
        assert answers(shared_stack.address)
    finally:
        other.process.send_signal(signal.SIGINT)
    assert wait_until(other.is_gone, STOP_SECONDS), list_processes(var_dir)
    assert answers(shared_stack.address)
    for name in set(guard.STACK_NAMES) - {"prepare"}:
        assert processes.is_alive(shared_stack.read_record(name))
