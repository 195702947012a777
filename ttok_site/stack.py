"""`make run`: start everything in the foreground, keep it alive, stop everything.

The servers, the web, the worker and the beat are children of this process. A child that ends is started
again; the end of this process, in order or by kill -9, is the end of all of them. It refuses to run twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ttok_site import guard, ports, processes, services
from ttok_site.places import (
    BASE_DIR,
    PlaceError,
    Places,
    find_places,
    make_dirs,
    read_installation_id,
    read_var_dir,
)
from ttok_site.processes import Farewell, Record
from ttok_site.servers import ServerError

WEB_SECONDS = 60.0
WORKER_SECONDS = 30.0
#: Seconds before an ended child starts again: doubled each time, and forgotten after a calm minute.
FIRST_WAIT, LONGEST_WAIT, CALM_SECONDS = 1.0, 30.0, 60.0
_TICK_SECONDS = 0.25


class StopRequestedError(Exception):
    """Somebody asked the stack to stop while it was still starting."""


@dataclass
class Child:
    """One long-running process of the stack and its luck so far."""

    name: str
    command: list[str]
    env: dict[str, str]
    farewell: Farewell
    record: Record | None = None
    started_at: float = 0.0  # monotonic seconds
    wait_seconds: float = FIRST_WAIT
    start_again_at: float | None = None


@dataclass
class Stack:
    """The running product of one clone."""

    places: Places
    parent_pid: int | None
    children: list[Child] = field(default_factory=list)
    is_stopping: bool = False
    server_retry_at: float = 0.0

    def say(self, text: str) -> None:
        """Print a line; a terminal that is gone must not keep us from stopping the rest."""
        try:
            print(text, flush=True)
        except OSError:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open for the rest of the process

    def request_stop(self, *_: object) -> None:
        """Signal handler."""
        self.is_stopping = True

    def check(self) -> None:
        """Leave the start-up where a signal came or the parent is gone."""
        if self.is_stopping or (self.parent_pid is not None and os.getppid() != self.parent_pid):
            self.is_stopping = True
            raise StopRequestedError

    def prepare(self) -> None:
        """Bring database, static files, demo world and first model up to date."""
        command = [sys.executable, "-m", "ttok_site.prepare"]
        record = processes.start("prepare", command, self.places.run_dir, None, env=self.make_env())
        while (code := processes.reap(record)) is None:
            time.sleep(0.05)
            self.check()
        processes.forget(self.places.run_dir, record)
        if code:
            raise ServerError(
                f"preparing the installation failed (exit code {code}); the reason stands above"
            )

    def make_env(self, **extra: str) -> dict[str, str]:
        """The environment of our processes."""
        own = {"TTOK_VAR_DIR": str(self.places.var_dir), "DJANGO_SETTINGS_MODULE": "ttok_site.settings"}
        return {**os.environ, "PYTHONUNBUFFERED": "1", **own, **extra}

    def start_child(self, child: Child) -> None:
        """Start the process for the first time or again."""
        child.record = processes.start(
            child.name,
            child.command,
            self.places.run_dir,
            self.places.log_dir / f"{child.name}.log",
            env=child.env,
            farewell=child.farewell,
        )
        child.started_at = time.monotonic()
        child.start_again_at = None

    def keep_alive(self) -> None:
        """Look after everything once: start again what has ended, after a pause that grows."""
        self.keep_servers_alive()
        now = time.monotonic()
        for child in self.children:
            if child.start_again_at is not None:
                if now >= child.start_again_at:
                    self.start_child(child)
            elif child.record is None or not processes.is_alive(child.record):
                self.note_end(child, now)

    def note_end(self, child: Child, now: float) -> None:
        """Say that the child has ended, and when it will be started again."""
        code = None
        if child.record is not None:
            code = processes.reap(child.record)
            processes.kill_group(child.record)
        if now - child.started_at > CALM_SECONDS:
            child.wait_seconds = FIRST_WAIT
        child.start_again_at = now + child.wait_seconds
        log_path = self.places.log_dir / f"{child.name}.log"
        last_line = (log_path.read_text(errors="replace").rstrip() or "no output").rpartition("\n")[2]
        self.say(f"{child.name} ended (exit code {code}), see {log_path}: {last_line[:200]}")
        self.say(f"  starting it again in {child.wait_seconds:.0f} s")
        child.wait_seconds = min(2 * child.wait_seconds, LONGEST_WAIT)

    def keep_servers_alive(self) -> None:
        """Start an embedded server again that has ended."""
        names = services.list_embedded()
        if len(processes.read_living(self.places.run_dir, names)) == len(names):
            return
        if time.monotonic() < self.server_retry_at:
            return
        try:
            services.start_missing(
                self.places.var_dir, say=lambda text: self.say(f"a server had ended: {text}")
            )
        except ServerError as error:
            self.server_retry_at = time.monotonic() + 5
            self.say(f"error: {error}; trying again in 5 s")


def list_children(stack: Stack, port: int) -> list[Child]:
    """The web server, the worker and the beat."""
    python = [sys.executable, "-m"]
    web = [*python, "granian", "--host", ports.HOST, "--port", str(port), *services.WEB_FLAGS,
           "--respawn-failed-workers", "--workers-kill-timeout", "2",
           "ttok_site.wsgi:application"]  # fmt: skip
    node = f"ttok-{read_installation_id(stack.places.var_dir)}@%h"
    worker = [*python, "celery", "-A", "ttok_site", "worker", "--loglevel", "INFO", "--concurrency", "2",
              "--hostname", node, "--without-gossip", "--without-mingle"]  # fmt: skip
    beat = [*python, "celery", "-A", "ttok_site", "beat", "--loglevel", "INFO", "--pidfile=",
            "--schedule", str(stack.places.var_dir / "beat_schedule")]  # fmt: skip
    one_thread = stack.make_env(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    return [
        Child("web", web, one_thread, processes.TERMINATE),
        Child("worker", worker, stack.make_env(), processes.WORKER),
        Child("beat", beat, one_thread, processes.TERMINATE),
    ]


def wait_for_web(stack: Stack, address: str) -> None:
    """Wait until the web server answers anything but a failure of its own."""
    deadline = time.monotonic() + WEB_SECONDS
    while True:
        stack.check()
        stack.keep_alive()
        with contextlib.suppress(OSError):
            try:
                urllib.request.urlopen(address, timeout=5).close()
                return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
        if time.monotonic() > deadline:
            raise ServerError(
                f"the web server does not answer at {address}; see {stack.places.log_dir / 'web.log'}"
            )
        time.sleep(0.1)


def wait_for_worker(stack: Stack, log_start: int) -> bool:
    """Wait until the worker says in its log that it is ready; False where it takes too long."""
    log_path = stack.places.log_dir / "worker.log"
    deadline = time.monotonic() + WORKER_SECONDS
    while time.monotonic() < deadline:
        stack.check()
        stack.keep_alive()
        if log_path.exists():
            with log_path.open("rb") as file:
                file.seek(log_start if log_path.stat().st_size >= log_start else 0)
                if b" ready." in file.read():
                    return True
        time.sleep(0.1)
    return False


def run(stack: Stack) -> None:
    """Start everything, say where it is, and look after it until asked to stop."""
    started = time.monotonic()
    stack.say("T-Tok Merchant Analytics is starting; Ctrl-C stops it.")
    with contextlib.ExitStack() as exits:
        holder_pipe = exits.enter_context(services.start_guard(stack.places.var_dir, "--stack"))
        exits.enter_context(
            services.running(stack.places.var_dir, say=lambda text: stack.say(f"  {text} ..."))
        )
        exits.callback(stop_children, stack)
        stack.say(f"  {'servers':<18} {time.monotonic() - started:6.1f} s")
        stack.check()
        stack.prepare()
        port, holder = ports.hold_free_port(wanted := ports.read_wanted_port(os.environ.get("PORT")))
        exits.enter_context(holder)
        if port != wanted:
            stack.say(f"  port {wanted} is taken; using {port}")
        worker_log = stack.places.log_dir / "worker.log"
        log_start = worker_log.stat().st_size if worker_log.exists() else 0
        stack.children = list_children(stack, port)
        began = time.monotonic()
        for child in stack.children:
            stack.start_child(child)
        address = f"http://{ports.HOST}:{port}"
        wait_for_web(stack, f"{address}/")
        is_worker_ready = wait_for_worker(stack, log_start)
        stack.say(f"  {'web, worker, beat':<18} {time.monotonic() - began:6.1f} s")
        write_state(stack, address)
        announce(stack, address, time.monotonic() - started, is_worker_ready)
        supervise(stack, holder_pipe)


def supervise(stack: Stack, guard_process: subprocess.Popen[bytes]) -> None:
    """The long part: tick until asked to stop."""
    with contextlib.ExitStack() as exits:
        while True:
            stack.check()
            stack.keep_alive()
            if guard_process.poll() is not None:
                guard_process = exits.enter_context(services.start_guard(stack.places.var_dir, "--stack"))
            time.sleep(_TICK_SECONDS)


def stop_children(stack: Stack) -> None:
    """Stop web, beat and worker, in this order; the servers follow."""
    stack.say("stopping ...")
    for name in guard.stop_stack(stack.places.run_dir):
        stack.say(f"  {name} did not end when asked and was killed")
    (stack.places.run_dir / "stack.json").unlink(missing_ok=True)


def write_state(stack: Stack, address: str) -> None:
    """Leave our address where a second `make run` and `doctor` find it."""
    draft = stack.places.run_dir / f".stack.{os.getpid()}"
    draft.write_text(json.dumps({"address": address, "pid": os.getpid()}))
    draft.replace(stack.places.run_dir / "stack.json")


def read_address(run_dir: Path) -> str | None:
    """The address of this clone's running stack, None where none runs or it is still starting."""
    try:
        return str(json.loads((run_dir / "stack.json").read_text())["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def announce(stack: Stack, address: str, seconds: float, is_worker_ready: bool) -> None:
    """Print what a newcomer needs next."""
    if not is_worker_ready:
        stack.say(f"  the worker is not ready yet; see {stack.places.log_dir / 'worker.log'}")
    stack.say(f"\nReady after {seconds:.1f} s.\n  Site      {address}/\n  Admin     {address}/admin/")
    stack.say(f"  API       {address}/api/v1/docs")
    with contextlib.suppress(OSError, ValueError, KeyError):
        login = json.loads((stack.places.var_dir / "demo_login.json").read_text())
        stack.say(f"  Login     {login['username']} / {login['password']}")
    stack.say(f"  Logs      {stack.places.log_dir}")


@contextlib.contextmanager
def hold_stack_lock(places: Places) -> Iterator[bool]:
    """True for the one stack of this clone; the kernel releases the lock of a killed one."""
    with open(places.run_dir / "stack.lock", "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def main(arguments: list[str]) -> int:
    """Run until a signal; 0 after an orderly stop or where the stack already runs, 1 on a failure."""
    os.chdir(BASE_DIR)
    parent_pid = os.getppid() if "--stop-with-parent" in arguments else None
    places = find_places(read_var_dir())
    stack = Stack(places, parent_pid)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stack.request_stop)
    try:
        make_dirs(places)
        with hold_stack_lock(places) as is_ours:
            if not is_ours:
                where = read_address(places.run_dir) or "an address it has yet to print"
                stack.say(f"This clone already runs, at {where}; stop that one first, or use it.")
                return 0
            guard.stop_stack(places.run_dir)  # left by a stack whose guard was killed too
            run(stack)
    except StopRequestedError:
        stack.say("stopped.")
    except (ServerError, PlaceError, ports.PortError) as error:
        stack.say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
