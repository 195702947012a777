"""`benchmark feed`: For You pages a second through a real server, over a world with a past and a model."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from recommender.management.benchmarks.database import make_token, own_database
from recommender.management.benchmarks.server import Server, serving
from recommender.management.demo_world import FIRST_VIEWER

CONCURRENCIES = (1, 4, 16)
#: Requests made ahead for each second; more than any server here can take.
_REQUESTS_PER_SECOND = 2500
_PAGE_SIZE = 10


def add_arguments(parser: CommandParser) -> None:
    """How long, how large."""
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--videos", type=int, default=100_000)
    parser.add_argument("--viewers", type=int, default=100_000)
    parser.add_argument("--past-per-viewer", type=int, default=20, help="videos each viewer has watched")
    parser.add_argument("--without-baseline", action="store_true", help="measure the product alone")


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; the JSON document.

    Raises
    ------
    CommandError
        If a request failed, or a page came without the model.
    """
    in_state = TemporaryDirectory(prefix="benchmark-", dir=settings.VAR_DIR)
    with own_database("ttok_benchmark") as url, in_state as state:
        environment = build_environment(url, state)
        say(
            f"filling a world of {options['videos']} videos and {options['viewers']} viewers, and fitting ..."
        )
        size = {name: options[name] for name in ("videos", "viewers", "past_per_viewer")}
        seconds = fill_world(environment, size)
        say(f"filled: {seconds}")
        token = make_token(url, ["feed:read"])
        result: dict[str, Any] = {
            "benchmark": "feed",
            "cores": os.cpu_count(),
            "options": {**size, "seconds": options["seconds"], "page_size": _PAGE_SIZE},
            "preparation": seconds,
        }
        result["ours"] = _measure(
            options, say, environment, token, "ttok_site.wsgi:application", "/api/v1/feed"
        )
        if not options["without_baseline"]:
            application = "recommender.management.benchmarks.plain_wsgi:application"
            result["newest_list"] = _measure(options, say, environment, token, application, "/newest")
    return result


def build_environment(url: str, state: str) -> dict[str, str]:
    """The product's own cache and broker, the benchmark's own database and model files."""
    return {
        "DATABASE_URL": url,
        "TTOK_VAR_DIR": state,
        "CACHE_URL": str(settings.CACHES["default"]["LOCATION"]),
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "DJANGO_SETTINGS_MODULE": "ttok_site.settings",
    }


def fill_world(environment: dict[str, str], size: dict[str, int]) -> dict[str, float]:
    """Fill the world in a process of its own; seconds of each step."""
    command = [sys.executable, "-m", "recommender.management.benchmarks.feed_world"]
    sizes = json.dumps(size).encode()
    done = subprocess.run(
        command, env={**os.environ, **environment}, input=sizes, stdout=subprocess.PIPE, check=True
    )
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _measure(
    options: dict[str, Any],
    say: Callable[[str], None],
    environment: dict[str, str],
    token: str,
    application: str,
    path: str,
) -> list[dict[str, Any]]:
    say(f"{application}{path}\nconcurrency  requests/s   p50 ms   p99 ms  worker MB")
    rows = []
    with serving(application, environment) as server:
        _load(options, server, token, path, concurrency=4, seconds=5.0)
        for concurrency in CONCURRENCIES:
            sent = _load(options, server, token, path, concurrency, options["seconds"])
            row = _sum_up(sent, server, concurrency)
            rows.append(row)
            heaviest = max(float(str(weight["rss_mb"])) for weight in row["memory"])
            say(
                f"{concurrency:11d}  {row['requests_per_second']:10.1f}"
                f"  {row['p50_ms']:7.1f}  {row['p99_ms']:7.1f}  {heaviest:9.0f}"
            )
    return rows


def _load(
    options: dict[str, Any], server: Server, token: str, path: str, concurrency: int, seconds: float
) -> dict[str, Any]:
    """Run the generator as a process; what it saw."""
    plan = {
        "kind": "feed",
        "port": server.port,
        "path": path,
        "token": token,
        "seconds": seconds,
        "concurrency": concurrency,
        "n_requests": int(seconds * _REQUESTS_PER_SECOND),
        "page_size": _PAGE_SIZE,
        "first_viewer": FIRST_VIEWER,
        "n_viewers": options["viewers"],
        "seed": concurrency,
    }
    command = [sys.executable, "-m", "recommender.management.benchmarks.load"]
    done = subprocess.run(command, input=json.dumps(plan).encode(), stdout=subprocess.PIPE, check=True)
    sent: dict[str, Any] = json.loads(done.stdout)
    if sent["errors"]:
        raise CommandError(f"the server refused requests: {sent['errors'][0]}")
    return sent


def _sum_up(sent: dict[str, Any], server: Server, concurrency: int) -> dict[str, Any]:
    return {
        "concurrency": concurrency,
        "requests_per_second": sent["requests"] / sent["elapsed_seconds"],
        "p50_ms": sent["p50_ms"],
        "p99_ms": sent["p99_ms"],
        "videos_per_page": sent["stored"] / max(1, sent["requests"]),
        "elapsed_seconds": sent["elapsed_seconds"],
        "ran_dry": sent["ran_dry"],
        "generator_cpu_seconds": sent["generator_cpu_seconds"],
        "memory": server.weigh(),
    }
