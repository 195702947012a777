"""`benchmark ingest`: events per second through a real server, and that each acknowledged one is stored."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
from django.core.management.base import CommandError, CommandParser

from recommender.management.benchmarks.database import fill_world, make_token, own_database
from recommender.management.benchmarks.server import Server, serving

CONCURRENCIES = (1, 4, 16)
#: Requests made ahead for each second; more than any server here can take.
_BODIES_PER_SECOND = 260


def add_arguments(parser: CommandParser) -> None:
    """How long, how large."""
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--videos", type=int, default=100_000)
    parser.add_argument("--viewers", type=int, default=100_000)
    parser.add_argument("--batch-size", type=int, default=100, help="events in a request")
    parser.add_argument("--viewers-per-batch", type=int, default=20, help="whose events travel together")
    parser.add_argument("--without-baseline", action="store_true", help="measure the product alone")


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure the product and the baseline; the JSON document.

    Raises
    ------
    CommandError
        If an acknowledged event is not in the database, or a request failed.
    """
    with own_database("ttok_benchmark") as url:
        say(f"filling a world of {options['videos']} videos and {options['viewers']} viewers ...")
        fill_world(url, options["videos"], options["viewers"])
        token = make_token(url, ["events:write"])
        result: dict[str, Any] = {"benchmark": "ingest", "cores": os.cpu_count(), "options": _list(options)}
        result["ours"] = _measure(options, say, url, token, "ttok_site.wsgi:application", "/api/v1/events")
        if not options["without_baseline"]:
            application = "recommender.management.benchmarks.plain_wsgi:application"
            result["plain_django"] = _measure(options, say, url, token, application, "/plain")
    return result


def _list(options: dict[str, Any]) -> dict[str, Any]:
    names = ("seconds", "videos", "viewers", "batch_size", "viewers_per_batch")
    return {name: options[name] for name in names}


def _measure(
    options: dict[str, Any], say: Callable[[str], None], url: str, token: str, application: str, path: str
) -> list[dict[str, Any]]:
    say(f"{application}\nconcurrency  requests/s  events/s   p50 ms   p99 ms  worker MB  CPU ms/request")
    rows = []
    with serving(application, {"DATABASE_URL": url}) as server:
        _load(options, server, token, path, concurrency=4, seconds=2.0)
        for concurrency in CONCURRENCIES:
            before, cpu_before = _count_events(url), server.read_cpu_seconds()
            sent = _load(options, server, token, path, concurrency, options["seconds"])
            cpu_seconds = server.read_cpu_seconds() - cpu_before
            row = _sum_up(sent, server, concurrency, _count_events(url) - before)
            row["server_cpu_ms_per_request"] = 1_000 * cpu_seconds / max(1, sent["requests"])
            rows.append(row)
            heaviest = max(float(str(weight["rss_mb"])) for weight in row["memory"])
            say(
                f"{concurrency:11d}  {row['requests_per_second']:10.1f}  {row['events_per_second']:8.0f}"
                f"  {row['p50_ms']:7.1f}  {row['p99_ms']:7.1f}  {heaviest:9.0f}"
                f"  {row['server_cpu_ms_per_request']:14.2f}"
            )
    return rows


def _load(
    options: dict[str, Any], server: Server, token: str, path: str, concurrency: int, seconds: float
) -> dict[str, Any]:
    """Run the generator as a process; what it saw."""
    plan = {
        "port": server.port,
        "path": path,
        "token": token,
        "seconds": seconds,
        "concurrency": concurrency,
        "kind": "ingest",
        "n_requests": max(20, int(seconds * _BODIES_PER_SECOND * 100 / options["batch_size"])),
        "batch_size": options["batch_size"],
        "viewers_per_batch": options["viewers_per_batch"],
        "n_videos": options["videos"],
        "n_viewers": options["viewers"],
        "seed": concurrency,
    }
    command = [sys.executable, "-m", "recommender.management.benchmarks.load"]
    done = subprocess.run(command, input=json.dumps(plan).encode(), stdout=subprocess.PIPE, check=True)
    sent: dict[str, Any] = json.loads(done.stdout)
    if sent["errors"]:
        raise CommandError(f"the server refused requests: {sent['errors'][0]}")
    return sent


def _sum_up(sent: dict[str, Any], server: Server, concurrency: int, n_new: int) -> dict[str, Any]:
    if n_new != sent["stored"]:
        raise CommandError(
            f"{sent['stored']} events were acknowledged, {n_new} are stored; do not trust this build"
        )
    return {
        "concurrency": concurrency,
        "requests_per_second": sent["requests"] / sent["elapsed_seconds"],
        "events_per_second": sent["stored"] / sent["elapsed_seconds"],
        "p50_ms": sent["p50_ms"],
        "p99_ms": sent["p99_ms"],
        "acknowledged": sent["stored"],
        "stored": n_new,
        "elapsed_seconds": sent["elapsed_seconds"],
        "ran_dry": sent["ran_dry"],
        "generator_cpu_seconds": sent["generator_cpu_seconds"],
        "memory": server.weigh(),
    }


def _count_events(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM recommender_event").fetchone()
    assert row is not None
    return int(row[0])
