"""Background load at a steady pace in a process of its own: batches of events, and feeds.

Reads one JSON document from standard input, prints what was really reached once its time is over. A request
that comes late is sent at once, so what the server cannot take shows as fewer requests, not as a longer run.
"""

import http.client
import json
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from recommender.management.benchmarks.load import make_batch

#: Events a request; connections of each kind.
BATCH = 100
CONNECTIONS = 4


@dataclass(slots=True)
class Pace:
    """What one kind of request reached."""

    seconds: list[float] = field(default_factory=list)
    done: int = 0
    refused: int = 0
    errors: list[str] = field(default_factory=list)


def send_events(connection: Any, plan: dict[str, Any], draw: random.Random, pace: Pace) -> None:
    """One batch of some viewers' events."""
    moved = {**plan, "batch_size": BATCH, "viewers_per_batch": 20}
    body = json.loads(make_batch(draw, moved))
    for event in body["events"]:  # the generator counts from 1
        event["viewer_id"] += plan["first_viewer"] - 1
        event["video_id"] += plan["first_video"] - 1
    answer = ask(connection, "POST", "/api/v1/events", plan["token"], body, pace)
    if answer is not None:
        pace.done += answer["stored"]
        pace.refused += answer["refused"]


def ask_feed(connection: Any, plan: dict[str, Any], draw: random.Random, pace: Pace) -> None:
    """One viewer's next page."""
    viewer = plan["first_viewer"] + draw.randrange(plan["n_viewers"])
    path = f"/api/v1/feed?viewer_id={viewer}&limit=10"
    pace.done += ask(connection, "GET", path, plan["token"], None, pace) is not None


def ask(connection: Any, method: str, path: str, token: str, body: Any, pace: Pace) -> dict[str, Any] | None:
    """The answer as JSON; None and a line in `errors` for anything but success."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
    response = connection.getresponse()
    content = response.read()
    pace.seconds.append(time.perf_counter() - began)
    if response.status not in (200, 201, 202, 207):
        pace.errors.append(f"{response.status}: {content[:200]!r}")
        return None
    answer: dict[str, Any] = json.loads(content)
    return answer


def keep_pace(
    act: Callable[..., None], per_second: float, plan: dict[str, Any], number: int, end: float, pace: Pace
) -> None:
    """Act at even steps until the end."""
    connection = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=60)
    draw, step = random.Random(f"{act.__name__} {number}"), CONNECTIONS / per_second
    due = time.monotonic() + step * number / CONNECTIONS
    while (now := time.monotonic()) < end:
        if due > now:
            time.sleep(min(due - now, end - now))
            continue
        due = max(due + step, now - 1.0)  # what was missed for more than a second stays missed
        try:
            act(connection, plan, draw, pace)
        except OSError as error:
            pace.errors.append(repr(error))
            connection.close()
    connection.close()


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Both kinds side by side; what was reached a second."""
    kinds = {
        "events": (send_events, plan["events_per_second"] / BATCH),
        "feeds": (ask_feed, plan["feeds_per_second"]),
    }
    paces = {name: Pace() for name in kinds}
    began = time.monotonic()
    end = began + plan["seconds"]
    threads = [
        threading.Thread(target=keep_pace, args=(act, per_second, plan, number, end, paces[name]))
        for name, (act, per_second) in kinds.items()
        for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - began
    return {
        name: {
            "per_second": pace.done / elapsed,
            "p50_ms": _pick(pace.seconds, 0.5) * 1000,
            "p99_ms": _pick(pace.seconds, 0.99) * 1000,
            "refused": pace.refused,
            "errors": pace.errors[:5],
        }
        for name, pace in paces.items()
    }


def _pick(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
