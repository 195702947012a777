"""Start, recognise and end the processes of this installation.

Each process leads its own session and leaves a record in `var/run`, so that whoever comes later (a second
command, the guard of a killed terminal) finds it. A process id alone is never trusted: the record also holds
when the process started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from ttok_site.places import Account

#: A log file larger than this starts anew with its process.
LOG_LIMIT_BYTES = 50 * 1024 * 1024
_POLL_SECONDS = 0.02

#: How each process is asked to end: (signal, seconds it is given), then its whole group is killed.
Farewell = tuple[tuple[int, float], ...]
TERMINATE: Farewell = ((signal.SIGTERM, 4.0),)
#: A celery worker finishes its task on SIGTERM; a long one is cut short and taken up again by its lease.
WORKER: Farewell = ((signal.SIGTERM, 3.0), (signal.SIGQUIT, 2.0))
#: SIGINT is PostgreSQL's fast shutdown: sessions end, data is flushed.
POSTGRES: Farewell = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 3.0))


@dataclass(frozen=True, slots=True)
class Record:
    """One started process."""

    name: str
    pid: int
    start_mark: str
    farewell: Farewell


def start(
    name: str,
    command: Sequence[str | Path],
    run_dir: Path,
    log_path: Path | None,
    *,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    farewell: Farewell = TERMINATE,
) -> Record:
    """Start `command` in a session of its own and record it; its output goes to `log_path` (None = ours)."""
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(_open_log(log_path)) if log_path else None
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            env=dict(env) if env is not None else None,
            cwd="/" if account else None,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    record = Record(name, process.pid, read_start_mark(process.pid) or "", farewell)
    write_record(run_dir, record)
    process.returncode = 0  # we reap by process id ourselves; keeps Popen from warning about a live child
    return record


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.unlink()
    return open(path, "ab")


def read_start_mark(pid: int) -> str | None:
    """When process `pid` started, as text that no later process with this id has; None if it is gone."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _read_start_mark_elsewhere(pid)
    except (ProcessLookupError, PermissionError):
        return None
    words = line.rpartition(")")[2].split()  # the command name before it may hold spaces
    return None if words[0] in ("Z", "X") else words[19]  # ticks since boot, immune to clock changes


def _read_start_mark_elsewhere(pid: int) -> str | None:
    """The same where there is no /proc (macOS)."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.0f}"
    except psutil.Error:
        return None


def is_alive(record: Record) -> bool:
    """True while the recorded process itself, not another one with its id, runs."""
    return read_start_mark(record.pid) == record.start_mark


def reap(record: Record) -> int | None:
    """The exit code of a child of ours that has ended (negative = signal), else None."""
    try:
        pid, status = os.waitpid(record.pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if pid else None


def bury(run_dir: Path, name: str) -> None:
    """Clear away process `name` if it has ended: a dead child not asked for its exit code still holds its id.

    PostgreSQL takes such an id for a running server and would refuse to start.
    """
    record = read_record(run_dir, name)
    if record is not None and not is_alive(record):
        kill_group(record)
        reap(record)
        forget(run_dir, record)


def stop(records: Iterable[Record], run_dir: Path) -> list[str]:
    """End these processes together, politely first, and forget them; returns the names of those killed."""
    waiting = dict.fromkeys(records, 0)
    everyone = list(waiting)
    deadlines: dict[Record, float] = {}
    killed: list[str] = []
    for record in everyone:
        _take_next_step(record, waiting, deadlines, killed)
    while waiting:
        for record in list(waiting):
            reap(record)
            if not is_alive(record):
                del waiting[record]
            elif time.monotonic() > deadlines[record]:
                _take_next_step(record, waiting, deadlines, killed)
        if waiting:
            time.sleep(_POLL_SECONDS)
    for record in everyone:
        kill_group(record)  # what the leader left behind
        reap(record)
        forget(run_dir, record)
    return killed


def _take_next_step(
    record: Record, waiting: dict[Record, int], deadlines: dict[Record, float], killed: list[str]
) -> None:
    step = waiting[record]
    waiting[record] = step + 1
    if step < len(record.farewell):
        number, seconds = record.farewell[step]
        if is_alive(record):
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, number)
    else:
        killed.append(record.name)
        kill_group(record)
        seconds = 5.0
    deadlines[record] = time.monotonic() + seconds


def kill_group(record: Record) -> None:
    """Kill what is left of the process' group, unless its id now belongs to a stranger.

    A group id is not given to a new process while the group has members: one without its leader is ours.
    """
    mark = read_start_mark(record.pid)
    if mark is None or mark == record.start_mark:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(record.pid, signal.SIGKILL)


def write_record(run_dir: Path, record: Record) -> None:
    """Write the record so that it appears whole or not at all."""
    draft = run_dir / f".{record.name}.{os.getpid()}"
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(_record_path(run_dir, record.name))


def read_record(run_dir: Path, name: str) -> Record | None:
    """The record of process `name`, running or not; None if there is none or it is damaged."""
    try:
        raw = json.loads(_record_path(run_dir, name).read_text())
        farewell = tuple((int(number), float(seconds)) for number, seconds in raw["farewell"])
        return Record(str(raw["name"]), int(raw["pid"]), str(raw["start_mark"]), farewell)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_living(run_dir: Path, names: Iterable[str]) -> list[Record]:
    """The records of those of `names` that run."""
    found = (read_record(run_dir, name) for name in names)
    return [record for record in found if record is not None and is_alive(record)]


def forget(run_dir: Path, record: Record) -> None:
    """Remove the record, unless a newer process has taken its place."""
    if read_record(run_dir, record.name) == record:
        _record_path(run_dir, record.name).unlink(missing_ok=True)


def _record_path(run_dir: Path, name: str) -> Path:
    return run_dir / f"{name}.json"
