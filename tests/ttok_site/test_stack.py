"""`make run` leaves no process behind, however it ends."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.ttok_site.running_stack import COMMAND, STOP_SECONDS, RunningStack
from tests.ttok_site.waiting import list_processes, wait_until
from ttok_site import processes

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_process(stack: RunningStack, number: signal.Signals) -> None:
    stack.process.send_signal(number)
    assert wait_until(stack.is_gone, STOP_SECONDS), list_processes(stack.var_dir)
    assert stack.process.wait(timeout=1) == 0
    assert "was killed" not in stack.output


def test_kill_9_leaves_no_process_behind(stack: RunningStack) -> None:
    stack.process.kill()
    assert wait_until(stack.is_gone, STOP_SECONDS), list_processes(stack.var_dir)


def test_kill_9_of_its_whole_group_leaves_no_process_behind(stack: RunningStack) -> None:
    os.killpg(stack.process.pid, signal.SIGKILL)
    assert wait_until(stack.is_gone, STOP_SECONDS), list_processes(stack.var_dir)


def test_the_end_of_its_parent_stops_every_process(prepared_var_dir: Path) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"
    stack = RunningStack(
        prepared_var_dir, command=[sys.executable, "-c", code, *COMMAND[1:], "--stop-with-parent"]
    )
    stack.wait_for("Ready after")
    stack.process.kill()
    assert wait_until(stack.is_gone, STOP_SECONDS), list_processes(prepared_var_dir)


def test_what_a_killed_stack_and_a_killed_guard_left_is_ended_by_the_next_start(
    prepared_var_dir: Path,
) -> None:
    stack = RunningStack(prepared_var_dir)
    stack.wait_for("Ready after")
    worker = stack.read_record("worker")
    guards = [line for line in list_processes(prepared_var_dir) if "ttok_site.guard" in line]
    for line in guards:
        os.kill(int(line.split()[0]), signal.SIGKILL)
    stack.process.kill()
    time.sleep(0.5)
    if not processes.is_alive(worker):
        pytest.fail("the worker ended by itself: nothing was left to clean up")
    following = RunningStack(prepared_var_dir)
    following.wait_for("Ready after")
    assert not processes.is_alive(worker)
    following.process.send_signal(signal.SIGINT)
    assert wait_until(following.is_gone, STOP_SECONDS), list_processes(prepared_var_dir)


def test_a_port_held_by_a_stranger_is_passed_over_and_named(prepared_var_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        stack = RunningStack(prepared_var_dir, port=port)
        stack.wait_for("Ready after")
        assert f"port {port} is taken; using " in stack.output
        stack.process.send_signal(signal.SIGTERM)
        assert wait_until(stack.is_gone, STOP_SECONDS), list_processes(prepared_var_dir)
