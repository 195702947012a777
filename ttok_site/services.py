"""Start, find and stop the embedded PostgreSQL and Valkey, so that one command needs nothing installed.

They listen on unix sockets alone, keep everything under `var/`, and end with the last process that uses them,
also when that process is killed (see `guard`). A server named in the environment is used as it is, and is
never started or stopped here. The addresses are pure functions of the var folder: settings may ask any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from ttok_site import processes
from ttok_site.places import BASE_DIR, PlaceError, find_places, make_dirs, read_var_dir
from ttok_site.servers import (
    DATABASE_NAME,
    DATABASE_USER,
    PostgresServer,
    Server,
    ServerError,
    ValkeyServer,
)

#: The environment variable that replaces each embedded server.
REPLACED_BY = {"postgres": "DATABASE_URL", "broker": "CELERY_BROKER_URL", "cache": "CACHE_URL"}
#: Stopped in this order, started in the reverse one.
SERVER_NAMES = ("cache", "broker", "postgres")
#: Commands that touch no server; `doctor` starts them itself, to be able to report a failure.
_COMMANDS_WITHOUT_SERVERS = frozenset(
    {"help", "check", "version", "collectstatic", "compilemessages", "diffsettings", "doctor", "evaluate"}
    | {"findstatic", "makemessages", "makemigrations", "spectacular", "startapp", "validate"}
)
#: Measures arrays alone; the other benchmarks measure a server.
_BENCHMARK_WITHOUT_SERVERS = ("benchmark", "reach")
#: How granian serves the site, in `make run` and in the benchmarks: a process a core, at most two, and two
#: threads in each: one computes while the other waits for the database. Four fight over the interpreter's
#: lock (measured on two cores with four callers: 251 pages of For You a second against 355).
WEB_FLAGS = (
    *("--interface", "wsgi", "--no-ws", "--no-access-log"),
    *("--workers", str(min(2, os.cpu_count() or 1)), "--blocking-threads", "2"),
)

Say = Callable[[str], None]


def embedded_database_url(var_dir: Path | None = None) -> str:
    """Address of the embedded PostgreSQL: `postgresql://ttok@/ttok?host=<socket folder>`."""
    socket_dir = find_places(var_dir or read_var_dir()).socket_dir
    return f"postgresql://{DATABASE_USER}@/{DATABASE_NAME}?host={quote(str(socket_dir))}"


def embedded_broker_url(var_dir: Path | None = None) -> str:
    """Address of the embedded broker, as Celery writes it: `redis+socket://<path>`."""
    return f"redis+socket://{quote(str(find_places(var_dir or read_var_dir()).socket_dir))}/broker.sock"


def embedded_cache_url(var_dir: Path | None = None) -> str:
    """Address of the embedded cache, as redis-py writes it: `unix://<path>`."""
    return f"unix://{quote(str(find_places(var_dir or read_var_dir()).socket_dir))}/cache.sock"


def list_embedded() -> list[str]:
    """Names of the servers that are ours to run: those that no environment variable replaces."""
    return [name for name in SERVER_NAMES if not os.environ.get(REPLACED_BY[name])]


def list_servers(var_dir: Path, *, durable: bool = True) -> list[Server]:
    """The servers that are ours to run, in the order in which they start."""
    places = find_places(var_dir)
    made: dict[str, Server] = {
        "postgres": PostgresServer(places, durable=durable),
        "broker": ValkeyServer("broker", places, is_cache=False),
        "cache": ValkeyServer("cache", places, is_cache=True),
    }
    return [made[name] for name in reversed(list_embedded())]


@contextlib.contextmanager
def running(
    var_dir: Path | None = None, *, durable: bool = True, say: Say = lambda text: None
) -> Iterator[None]:
    """Have the embedded servers run inside the block; whoever is the last to leave stops them.

    Parameters
    ----------
    var_dir : Path, optional
        State folder of the installation, by default the one of the environment.
    durable : bool
        False gives up fsync and synchronous commit: for throw-away test data alone.
    say : callable
        Called with a sentence for each server that has to be started.

    Raises
    ------
    ServerError, PlaceError
        If a server cannot start; the text names the cause and the next step.
    """
    var_dir = var_dir or read_var_dir()
    if not list_embedded():
        yield
        return
    make_dirs(find_places(var_dir))
    # The guard is the outer one: in good order we stop the servers ourselves and it finds nothing to do.
    with start_guard(var_dir), _hold_shared(var_dir, durable=durable, say=say):
        yield


def running_for(argv: list[str]) -> contextlib.AbstractContextManager[None]:
    """`running()` for a management command line, or nothing where the command touches no server."""
    command = argv[1] if len(argv) > 1 else "help"
    if tuple(argv[1:3]) == _BENCHMARK_WITHOUT_SERVERS:
        return contextlib.nullcontext()
    if command.startswith("-") or command in _COMMANDS_WITHOUT_SERVERS or "--help" in argv or "-h" in argv:
        return contextlib.nullcontext()
    return _running_or_exit()


@contextlib.contextmanager
def _running_or_exit() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(running(say=lambda text: print(text, file=sys.stderr)))
        except (ServerError, PlaceError) as error:
            sys.exit(f"error: {error}")
        yield


def start_missing(var_dir: Path, *, durable: bool = True, say: Say = lambda text: None) -> None:
    """Start those of our servers that do not run; the caller holds the shared lock (see `running`)."""
    with _locked(var_dir, "start.lock", fcntl.LOCK_EX):
        for server in list_servers(var_dir, durable=durable):
            processes.bury(find_places(var_dir).run_dir, server.name)
            server.ensure(say)


def stop_if_unused(var_dir: Path, *, patience_seconds: float = 0.0) -> bool:
    """Stop every server unless somebody still uses them, after so many seconds of asking. True if stopped."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            with _locked(var_dir, "users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
                run_dir = find_places(var_dir).run_dir
                for names in (("cache", "broker"), ("postgres",)):
                    processes.stop(processes.read_living(run_dir, names), run_dir)
                return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)


@contextlib.contextmanager
def _hold_shared(var_dir: Path, *, durable: bool, say: Say) -> Iterator[None]:
    """Count as a user of the servers. The kernel gives the lock back even if we are killed."""
    try:
        with _locked(var_dir, "users.lock", fcntl.LOCK_SH):
            start_missing(var_dir, durable=durable, say=say)
            yield
    finally:
        stop_if_unused(var_dir)


def start_guard(var_dir: Path, *extra: str) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Start `guard` on a pipe whose other end only this process holds; leaving the block closes the pipe.

    It outlives us, so it gets none of our outputs: whoever reads them would wait for it.
    """
    read_end, write_end = os.pipe()
    with open(find_places(var_dir).log_dir / "guard.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ttok_site.guard", str(var_dir), *extra],
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=BASE_DIR,
            start_new_session=True,
        )
    os.close(read_end)
    return _closing(process, write_end)


@contextlib.contextmanager
def _closing(process: subprocess.Popen[bytes], write_end: int) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        os.close(write_end)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1.0)  # longer where others still use the servers: it waits for them


@contextlib.contextmanager
def _locked(var_dir: Path, name: str, flags: int) -> Iterator[None]:
    with open(find_places(var_dir).run_dir / name, "ab") as file:
        fcntl.flock(file, flags)
        yield
