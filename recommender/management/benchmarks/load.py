"""A load generator in a process of its own: keep-alive connections that send prepared requests back to back.

Reads one JSON document from standard input and writes one to standard output. The requests are made before
the clock starts, so that the generator takes little of the cores it shares with the server.
"""

import http.client
import json
import os
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

#: What a viewer does with a video, and how often among a hundred events.
_KINDS = ["impression"] * 40 + ["watch"] * 45 + ["swipe"] * 5 + ["like"] * 5 + ["comment", "share", "follow"]
_KINDS += ["cart_click", "not_interested"]


@dataclass(slots=True)
class Tally:
    """What one connection saw."""

    seconds: list[float] = field(default_factory=list)
    stored: int = 0  # events acknowledged, or videos served
    errors: list[str] = field(default_factory=list)


def make_uuid7(draw: random.Random, unix_ms: int) -> str:
    """A version 7 id of some millisecond."""
    number = unix_ms << 80 | draw.getrandbits(80)
    return str(UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))


def make_batch(draw: random.Random, plan: dict[str, Any]) -> bytes:
    """A batch of some viewers' events, as a gateway in front of many phones would send it."""
    now = time.time()
    viewers = [draw.randint(1, plan["n_viewers"]) for _ in range(plan["viewers_per_batch"])]
    events = []
    for number in range(plan["batch_size"]):
        kind = draw.choice(_KINDS)
        happened = now - draw.random() * 60
        event: dict[str, Any] = {
            "event_id": make_uuid7(draw, int(happened * 1_000)),
            "kind": kind,
            "viewer_id": viewers[number % len(viewers)],
            "video_id": draw.randint(1, plan["n_videos"]),
            "happened_at": datetime.fromtimestamp(happened, tz=UTC).isoformat(),
            "source": "for_you",
            "market": "US",
            "position": number % 10,
            "device": {"os": "android", "app_version": "38.1.0", "network": "wifi", "locale": "en-US"},
        }
        if kind in ("watch", "swipe"):
            event["watch_seconds"] = round(draw.expovariate(1 / 12), 3)
        events.append(event)
    sent_at = datetime.fromtimestamp(now, tz=UTC).isoformat()
    return json.dumps({"sent_at": sent_at, "events": events}).encode()


def make_request(draw: random.Random, plan: dict[str, Any]) -> tuple[str, str, bytes | None]:
    """Method, path and body of the plan's kind of request: a batch of events, or a viewer's next page."""
    if plan["kind"] == "ingest":
        return "POST", plan["path"], make_batch(draw, plan)
    viewer_id = plan["first_viewer"] + draw.randrange(plan["n_viewers"])
    return "GET", f"{plan['path']}?viewer_id={viewer_id}&limit={plan['page_size']}", None


def send(
    plan: dict[str, Any], requests: list[tuple[str, str, bytes | None]], start: float, tally: Tally
) -> None:
    """Send requests one after another over one connection until the time or the requests are over."""
    connection = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=30)
    headers = {"Authorization": f"Bearer {plan['token']}", "Content-Type": "application/json"}
    end = start + plan["seconds"]
    while time.perf_counter() < end:
        try:
            method, path, body = requests.pop()
        except IndexError:  # another connection took the last one
            break
        began = time.perf_counter()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        tally.seconds.append(time.perf_counter() - began)
        if response.status in (200, 207):
            answer = json.loads(content)
            tally.stored += answer["stored"] if plan["kind"] == "ingest" else len(answer["items"])
        else:
            tally.errors.append(f"{response.status}: {content[:200]!r}")
    connection.close()


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Make the requests, send them on `concurrency` connections, and add up."""
    draw = random.Random(plan["seed"])
    requests = [make_request(draw, plan) for _ in range(plan["n_requests"])]
    tallies = [Tally() for _ in range(plan["concurrency"])]
    start = time.perf_counter()
    threads = [threading.Thread(target=send, args=(plan, requests, start, tally)) for tally in tallies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    seconds = sorted(second for tally in tallies for second in tally.seconds)
    cpu = os.times()
    return {
        "requests": len(seconds),
        "stored": sum(tally.stored for tally in tallies),
        "errors": [error for tally in tallies for error in tally.errors][:5],
        "ran_dry": not requests,
        "elapsed_seconds": elapsed,
        "p50_ms": _pick(seconds, 0.50) * 1_000,
        "p99_ms": _pick(seconds, 0.99) * 1_000,
        "generator_cpu_seconds": cpu.user + cpu.system,
    }


def _pick(ordered: list[float], share: float) -> float:
    """The value below which a share of the ordered values lies (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
