"""What is wrong with this installation, in sentences: one finding a check, with the next step.

A check that cannot look says so as a problem; nothing here changes anything.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from ttok_site import broker, guard, processes, services, stack
from ttok_site.places import BASE_DIR, find_places, read_var_dir

Level = Literal["ok", "note", "problem"]
OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES = 15
LOW_DISK_GB, FULL_DISK_GB = 5.0, 1.0
CLOCK_LIMIT_SECONDS = 5.0
WORKER_SECONDS = 2.0
#: Longer than this without an update, while events come in, is worth a word.
UPDATE_MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `text` is a sentence, and after a problem it names the next step."""

    check: str
    level: Level
    text: str


Check = Callable[[], Iterator[Finding]]


def examine() -> list[Finding]:
    """Run every check; one that fails to run is a finding too."""
    found: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            found += check()
        except Exception as error:
            text = " ".join(str(error).split())
            found.append(Finding(name, "problem", f"Could not check: {type(error).__name__}: {text}"))
    return found


def check_python() -> Iterator[Finding]:
    """The interpreter is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield Finding(
            "python",
            "problem",
            f"Python {version} is too old; install 3.11 or newer and run `make clean run`.",
        )
    else:
        yield Finding("python", "ok", f"Python {version}.")


def check_packages() -> Iterator[Finding]:
    """What is installed is what requirements.txt pins."""
    wrong = list(find_wrong_packages((BASE_DIR / "requirements.txt").read_text()))
    if wrong:
        yield Finding("packages", "problem", f"{'; '.join(wrong)}. Run `make venv`.")
    else:
        yield Finding("packages", "ok", "Every package has the version that requirements.txt pins.")


def find_wrong_packages(requirements: str) -> Iterator[str]:
    """Sentences about packages that are missing or of another version than pinned."""
    for name, wanted in re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([\w.]+)", requirements, flags=re.MULTILINE):
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{name} is not installed"
        else:
            if found != wanted:
                yield f"{name} is {found}, requirements.txt wants {wanted}"


def check_database() -> Iterator[Finding]:
    """PostgreSQL answers, is new enough, and keeps what it acknowledges."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        major = int(cursor.fetchone()[0]) // 10000
        if major < OLDEST_POSTGRES:
            yield Finding(
                "database", "problem", f"PostgreSQL {major} is too old; point DATABASE_URL at 15 or newer."
            )
            return
        yield Finding("database", "ok", f"PostgreSQL {major} answers.")
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] == "off":
                text = f"{name} is off: a power cut loses acknowledged events; set it to on."
                yield Finding("durability", "problem", text)
        cursor.execute("SHOW data_checksums")
        if cursor.fetchone()[0] != "on":
            yield Finding(
                "durability",
                "note",
                "data_checksums is off: a damaged page would go unnoticed; see pg_checksums.",
            )


def check_migrations() -> Iterator[Finding]:
    """Every migration has run."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3])
        more = f" and {len(plan) - 3} more" if len(plan) > 3 else ""
        yield Finding("migrations", "problem", f"Not applied: {names}{more}. Run `manage.py migrate`.")
    else:
        yield Finding("migrations", "ok", "Every migration is applied.")


def check_broker() -> Iterator[Finding]:
    """The broker answers and never evicts."""
    from ttok_site.celery import app

    url = str(app.conf.broker_url)
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=3)
    policy = broker.read_eviction_policy(url)
    try:
        broker.refuse_evicting_broker(url)
    except broker.BrokerError as error:
        yield Finding("broker", "problem", f"{error}.")
    else:
        yield Finding(
            "broker", "ok", f"The broker answers ({f'Redis, {policy}' if policy else 'not a Redis'})."
        )


def check_cache() -> Iterator[Finding]:
    """The cache answers, and is another server than the broker."""
    from django.conf import settings

    from ttok_site.celery import app

    cache = broker.connect_redis(str(settings.CACHES["default"]["LOCATION"]))
    if cache is None:
        yield Finding(
            "cache", "problem", "CACHE_URL is not a Redis address; give it redis://host:port/number."
        )
        return
    with cache:
        cache_id = cache.info("server")["run_id"]
    yield Finding("cache", "ok", "The cache answers.")
    queue = broker.connect_redis(str(app.conf.broker_url))
    if queue is not None:
        with queue:
            if queue.info("server")["run_id"] == cache_id:
                text = "Broker and cache are one server: a full cache would stop all work; separate them."
                yield Finding("cache", "problem", text)


def check_disk() -> Iterator[Finding]:
    """The state folder can be written and has room."""
    var_dir = read_var_dir()
    if not os.access(var_dir, os.W_OK | os.X_OK):
        yield Finding(
            "disk", "problem", f"{var_dir} cannot be written by this account; give it back with chown."
        )
        return
    free_gb = shutil.disk_usage(find_places(var_dir).state_dir).free / 1e9
    level: Level = "problem" if free_gb < FULL_DISK_GB else "note" if free_gb < LOW_DISK_GB else "ok"
    advice = "" if level == "ok" else f"; below {FULL_DISK_GB:.0f} GB events will be refused, so make room"
    yield Finding("disk", level, f"{var_dir} is writable, {free_gb:.1f} GB are free{advice}.")


def check_model() -> Iterator[Finding]:
    """A version is live and its files are the ones that were written."""
    from recommender.registry import artifacts, versions

    live = versions.find_live()
    if live is None:
        yield Finding(
            "model", "problem", "No model is live: feeds come from the fallback; run `manage.py retrain`."
        )
        return
    try:
        artifacts.verify_artifact(versions.artifact_folder(live), live.manifest_sha256)
    except artifacts.BrokenArtifactError as error:
        yield Finding(
            "model",
            "problem",
            f"Version {live.pk} is damaged: {error}; roll back or run `manage.py retrain`.",
        )
    else:
        yield Finding("model", "ok", f"Version {live.pk} is live and its files are intact.")


def check_updates() -> Iterator[Finding]:
    """What viewers do reaches the live version's weights."""
    from recommender.feedback.requests import find_last_update

    last, is_due = find_last_update()
    minutes = None if last is None else (datetime.datetime.now(datetime.UTC) - last).total_seconds() / 60
    if is_due and (minutes is None or minutes > UPDATE_MINUTES):
        when = "an unknown time" if minutes is None else f"{minutes:.0f} minutes"
        text = (
            f"Events came in, but the model has learnt nothing for {when}; see that worker and beat run, "
            "or run `manage.py update_model`."
        )
        yield Finding("updates", "note", text)
    else:
        yield Finding("updates", "ok", "The live version has learnt what came in, or nothing came in.")


def check_stack() -> Iterator[Finding]:
    """The processes of `make run`: all there, or none."""
    places = find_places(read_var_dir())
    with stack.hold_stack_lock(places) as is_free:
        is_running = not is_free
    living = processes.read_living(places.run_dir, guard.STACK_NAMES)
    if is_running:
        where = stack.read_address(places.run_dir) or "an address it has yet to print"
        yield Finding("stack", "ok", f"`make run` is up, at {where}.")
        for name in sorted(set(guard.STACK_NAMES) - {"prepare"} - {record.name for record in living}):
            yield Finding("stack", "problem", f"{name} does not run; see {places.log_dir / f'{name}.log'}.")
    elif living:
        names = ", ".join(f"{record.name} (process {record.pid})" for record in living)
        yield Finding(
            "stack", "problem", f"Left behind: {names}. The next `make run` stops them, or kill them."
        )
    else:
        yield Finding("stack", "note", "`make run` is not up in this clone.")


def check_worker() -> Iterator[Finding]:
    """A worker answers."""
    from ttok_site.celery import app

    answers = app.control.ping(timeout=WORKER_SECONDS)
    if answers:
        names = ", ".join(name for answer in answers for name in answer)
        yield Finding("worker", "ok", f"Workers answer: {names}.")
    elif "broker" in services.list_embedded():
        yield Finding(
            "worker", "note", "No worker answers: nothing is trained or rolled up; `make run` starts one."
        )
    else:
        yield Finding(
            "worker",
            "problem",
            "No worker answers: nothing is trained or rolled up; start `celery -A ttok_site worker`.",
        )


def check_clock() -> Iterator[Finding]:
    """This machine and the database agree on the time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there = cursor.fetchone()[0]
    gap = abs((datetime.datetime.now(datetime.UTC) - there).total_seconds())
    if gap > CLOCK_LIMIT_SECONDS:
        text = f"This clock and the database's differ by {gap:.0f} s, so events look late or future; use NTP."
        yield Finding("clock", "problem", text)
    else:
        yield Finding("clock", "ok", f"This clock and the database's agree within {max(gap, 0.001):.3f} s.")


def check_leftovers() -> Iterator[Finding]:
    """No process of this clone runs that nobody looks after."""
    places = find_places(read_var_dir())
    with stack.hold_stack_lock(places) as is_free:
        if not is_free:
            return
    names = (*guard.STACK_NAMES, *services.SERVER_NAMES)
    known = {record.pid for record in processes.read_living(places.run_dir, names)}
    for pid, command in _find_own_processes(places.var_dir):
        if os.getsid(pid) not in known | {os.getsid(0)}:
            yield Finding(
                "leftovers",
                "problem",
                f"Process {pid} ({command}) was left behind; end it with `kill {pid}`.",
            )


def _find_own_processes(var_dir: Path) -> Iterator[tuple[int, str]]:
    """Stack processes that carry this clone's state folder in their environment."""
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            is_ours = process.environ().get("TTOK_VAR_DIR") == str(var_dir)
        except psutil.Error:
            continue
        if is_ours and re.search(r"granian|celery|ttok_site\.prepare", command):
            yield process.pid, command[:80]


CHECKS: dict[str, Check] = {
    "python": check_python,
    "packages": check_packages,
    "disk": check_disk,
    "database": check_database,
    "migrations": check_migrations,
    "clock": check_clock,
    "broker": check_broker,
    "cache": check_cache,
    "model": check_model,
    "updates": check_updates,
    "stack": check_stack,
    "worker": check_worker,
    "leftovers": check_leftovers,
}
