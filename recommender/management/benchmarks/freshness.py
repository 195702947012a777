"""`benchmark freshness`: seconds from an event to a changed feed, a merchant's figure, and live weights."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from recommender.management.benchmarks.database import make_token, own_database
from recommender.management.benchmarks.feed import build_environment, fill_world
from recommender.management.benchmarks.freshness_load import Pace, ask
from recommender.management.benchmarks.freshness_probes import (
    FigureProbe,
    Place,
    link_account,
    mean_like,
    plant_signal,
    probe_feeds,
)
from recommender.management.benchmarks.server import serving
from recommender.management.demo_world import FIRST_VIDEO, FIRST_VIEWER
from recommender.training.delayed import FAST_SECONDS

#: Seconds between the beat's updates (ttok_site/celery.py), which the benchmark asks for by hand instead.
BEAT_SECONDS = 480.0
#: Relative rise of the mean predicted like that counts as learnt.
_LEARNT = 1.1
_CREATOR, _VIDEO = 7_900_000_000_000, 7_900_000_000_001


def add_arguments(parser: CommandParser) -> None:
    """How long, how many, how large."""
    parser.add_argument("--seconds", type=float, default=420.0, help="of background load")
    parser.add_argument("--probes", type=int, default=1000, help="viewers whose feed is watched")
    parser.add_argument("--videos", type=int, default=2_000)
    parser.add_argument("--viewers", type=int, default=4_000)
    parser.add_argument("--events-per-second", type=float, default=2000.0)
    parser.add_argument("--feeds-per-second", type=float, default=50.0)


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure with the product's own server, worker and beat; the JSON document.

    Raises
    ------
    CommandError
        If a process of the product does not start.
    """
    in_state = TemporaryDirectory(prefix="benchmark-", dir=settings.VAR_DIR)
    with own_database("ttok_benchmark") as url, in_state as state:
        environment = build_environment(url, state) | {
            "CELERY_BROKER_URL": _own_queue(settings.CELERY_BROKER_URL)
        }
        say("filling a small world and fitting its model ...")
        size = {"videos": options["videos"], "viewers": options["viewers"], "past_per_viewer": 20}
        seconds = fill_world(environment, size)
        account = link_account(url, _CREATOR, _VIDEO)
        token = make_token(url, ["events:write", "feed:read", "training:read", "training:control"])
        with serving("ttok_site.wsgi:application", environment) as server, _working(environment, state):
            place = Place(server.port, token, url, Path(state) / "artifacts")
            result = _measure(options, say, place, account)
    return {
        "benchmark": "freshness",
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "preparation": seconds,
        "options": {name: options[name] for name in ("seconds", "probes", "videos", "viewers")},
        **result,
    }


def _measure(
    options: dict[str, Any], say: Callable[[str], None], place: Place, account: int
) -> dict[str, Any]:
    began, load = time.monotonic(), _start_load(options, place)
    figures = FigureProbe(place, _VIDEO, account)
    try:
        figures.start()
        say("planting a signal: many viewers like what they are shown")
        version, before = mean_like(place)
        plant_signal(place, FIRST_VIEWER, options["viewers"], FIRST_VIDEO, options["videos"])
        planted = time.monotonic()
        say(f"{options['probes']} probes of feeds under load")
        feeds = probe_feeds(place, options["probes"])
        say(f"  event to changed feed: {feeds}")
        weights = _wait_for_weights(place, planted, before, began + options["seconds"], say)
        weights |= {"version_before": version, "mean_like_before": before}
        while load.poll() is None and time.monotonic() < began + options["seconds"] + 60:
            time.sleep(1)
        figures.ended.set()
        figures.join(timeout=150)
        reached = json.loads(load.stdout.read() if load.stdout else "{}")
    finally:
        if load.poll() is None:
            load.kill()
        load.wait()
    say(f"  event to figure: {figures.describe()}")
    say(f"  reached: {reached}")
    return {
        "background": reached,
        "event_to_feed": feeds,
        "event_to_figure": figures.describe(),
        "signal_to_weights": weights,
    }


def _start_load(options: dict[str, Any], place: Place) -> "subprocess.Popen[str]":
    """The background load as a process of its own; it prints what it reached once its time is over."""
    plan = {
        "port": place.port,
        "token": place.token,
        "seconds": options["seconds"],
        "first_viewer": FIRST_VIEWER,
        "n_viewers": options["viewers"],
        "first_video": FIRST_VIDEO,
        "n_videos": options["videos"],
        "events_per_second": options["events_per_second"],
        "feeds_per_second": options["feeds_per_second"],
    }
    command = [sys.executable, "-m", "recommender.management.benchmarks.freshness_load"]
    load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert load.stdin is not None
    load.stdin.write(json.dumps(plan))
    load.stdin.close()
    return load


def _wait_for_weights(
    place: Place, planted: float, before: float, end: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Ask for updates from when the windows of the signal are over until the live version has learnt it."""
    time.sleep(max(planted + FAST_SECONDS + 5 - time.monotonic(), 0))
    tried: list[dict[str, Any]] = []
    while time.monotonic() < max(end, planted + 900):
        tried.append(_update_once(place))
        version, now = mean_like(place)
        say(f"  update: {tried[-1]}, mean predicted like {now:.4f}, {before:.4f} before")
        if now > _LEARNT * before:
            taken = time.monotonic() - planted
            longest = max(float(run["seconds"]) for run in tried)
            return {
                "seconds": taken,
                "seconds_with_the_beat_at_its_worst": FAST_SECONDS + BEAT_SECONDS + longest,
                "version": version,
                "mean_like": now,
                "updates": tried,
            }
        time.sleep(5)
    return {"seconds": None, "updates": tried}


def _update_once(place: Place) -> dict[str, Any]:
    """Ask for an update over the API and wait for its end."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    pace, began = Pace(), time.monotonic()
    run = ask(connection, "POST", "/api/v1/training-runs", place.token, {"kind": "update"}, pace)
    while run is not None and run["state"] in ("queued", "running") and time.monotonic() < began + 600:
        time.sleep(1)
        run = ask(connection, "GET", f"/api/v1/training-runs/{run['id']}", place.token, None, pace) or run
    connection.close()
    if run is None:
        raise CommandError(f"the server refused an update: {pace.errors[:1]}")
    return {"state": run["state"], "reason": run["reason"], "seconds": round(time.monotonic() - began, 1)}


@contextmanager
def _working(environment: dict[str, str], state: str) -> Iterator[None]:
    """The product's worker and beat as processes of their own, stopped at the end."""
    names = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **environment}
    celery = [sys.executable, "-m", "celery", "-A", "ttok_site", "--quiet"]
    commands = (
        [*celery, "worker", "--loglevel", "ERROR", "--concurrency", "2", "-Q", "control,training,jobs"],
        [*celery, "beat", "--loglevel", "ERROR", "--pidfile=", "--schedule", f"{state}/beat_schedule"],
    )
    processes = [
        subprocess.Popen(command, env=names, cwd=settings.BASE_DIR, start_new_session=True)
        for command in commands
    ]
    try:
        time.sleep(5)
        for process in processes:
            if process.poll() is not None:
                raise CommandError(
                    f"a worker ended with status {process.returncode}; read its messages above"
                )
        yield
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _own_queue(url: str) -> str:
    """The same broker under another database number, so that no other worker takes the benchmark's tasks."""
    if url.startswith("redis+socket://"):
        return url.split("?")[0] + "?virtual_host=9"
    if url.startswith(("redis://", "rediss://")):
        scheme, rest = url.split("://", 1)
        return f"{scheme}://{rest.split('/')[0]}/9"
    raise CommandError(f"the broker {url.split('://')[0]} has no second queue; run without CELERY_BROKER_URL")
