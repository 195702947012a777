"""Probes of freshness: a viewer's event to a changed feed, to a merchant's figure, and into live weights."""

import http.client
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from recommender.contracts import ACTION_INDEX
from recommender.management.benchmarks.freshness_load import Pace, ask
from recommender.management.benchmarks.load import make_uuid7
from recommender.prediction.hybrid import HybridPredictor
from recommender.registry.artifacts import read_artifact
from recommender.training.replay import read_replay

#: Sources that speak only for a viewer who has liked something.
PERSONAL = frozenset({"similar_videos", "collaborative", "factors", "tastes", "sequence"})
#: Viewers nobody else uses; a probe that waits longer has failed.
FIRST_PROBE = 7_800_000_000_000
GIVE_UP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the probes look."""

    port: int
    token: str
    url: str  # of the database
    artifacts: Path


def make_event(viewer: int, video: int, kind: str, **more: Any) -> dict[str, Any]:
    """One event that happens now."""
    now = time.time()
    return {
        "event_id": make_uuid7(random.SystemRandom(), int(now * 1000)),
        "kind": kind,
        "viewer_id": viewer,
        "video_id": video,
        "happened_at": datetime.fromtimestamp(now, tz=UTC).isoformat(),
        "source": "for_you",
        "market": "US",
        **more,
    }


def probe_feeds(place: Place, n_probes: int, n_threads: int = 2) -> dict[str, Any]:
    """Seconds from sending a first like to a page with a personal source, of viewers nobody knows."""
    with ThreadPoolExecutor(n_threads) as pool:
        found = list(pool.map(lambda number: _probe_feed(place, number), range(n_probes)))
    taken = np.array([seconds for seconds in found if seconds is not None])
    return {"probes": n_probes, "never_changed": n_probes - len(taken), **describe_seconds(taken)}


def _probe_feed(place: Place, number: int) -> float | None:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    viewer, pace = FIRST_PROBE + number, Pace()
    path = f"/api/v1/feed?viewer_id={viewer}&limit=10&market=US&language=en"
    try:
        before = ask(connection, "GET", path, place.token, None, pace)
        if before is None or not before["items"]:
            return None
        if any(item["why"]["source"] in PERSONAL for item in before["items"]):
            return None
        video = before["items"][0]["video_id"]
        events = [make_event(viewer, video, "watch", watch_seconds=30), make_event(viewer, video, "like")]
        began = time.perf_counter()
        ask(connection, "POST", "/api/v1/events", place.token, {"events": events}, pace)
        while time.perf_counter() - began < GIVE_UP_SECONDS:
            after = ask(connection, "GET", path, place.token, None, pace)
            if after and any(item["why"]["source"] in PERSONAL for item in after["items"]):
                return time.perf_counter() - began
        return None
    except OSError:
        return None
    finally:
        connection.close()


class FigureProbe(threading.Thread):
    """Sends a like on one creator's video every second, and waits for each to reach the account's figures."""

    def __init__(self, place: Place, video: int, account: int, every_seconds: float = 1.0) -> None:
        super().__init__(name="figure-probe", daemon=True)
        self.place, self.video, self.account, self.every = place, video, account, every_seconds
        self.sent: list[float] = []
        self.seen: list[float] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Send and look until told to end, then look on until every like was seen or given up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=60)
        give_up = None
        with psycopg.connect(self.place.url, autocommit=True) as database:
            while give_up is None or (len(self.seen) < len(self.sent) and time.monotonic() < give_up):
                if give_up is None and self.ended.is_set():
                    give_up = time.monotonic() + 120
                if give_up is None:
                    viewer = FIRST_PROBE + 1_000_000 + len(self.sent)
                    event = make_event(viewer, self.video, "like")
                    began = time.monotonic()
                    body = {"events": [event]}
                    if ask(connection, "POST", "/api/v1/events", self.place.token, body, Pace()):
                        self.sent.append(began)
                self._look(database)
                time.sleep(self.every)
        connection.close()

    def _look(self, database: "psycopg.Connection[Any]") -> None:
        row = database.execute(
            "SELECT coalesce(sum(likes), 0) FROM merchants_activityday"
            " WHERE account_id = %s AND facet = 'video'",
            [self.account],
        ).fetchone()
        count, now = int(row[0]) if row else 0, time.monotonic()
        while len(self.seen) < min(count, len(self.sent)):
            self.seen.append(now)

    def describe(self) -> dict[str, Any]:
        """Seconds from a like to the account's figure."""
        taken = np.array(self.seen) - np.array(self.sent[: len(self.seen)])
        return {
            "probes": len(self.sent),
            "never_seen": len(self.sent) - len(self.seen),
            **describe_seconds(taken),
        }


def link_account(url: str, creator: int, video: int) -> int:
    """A creator with one video, and a merchant's account that is linked to it; the account's id."""
    with psycopg.connect(url) as connection:
        for statement, values in (
            (
                "INSERT INTO recommender_creator (id, handle, nickname, market, language, follower_count,"
                " is_blocked) VALUES (%s, 'freshness', '', 'US', 'en', 0, false)",
                [creator],
            ),
            (
                "INSERT INTO recommender_video (id, creator_id, caption, hashtags, topics, language,"
                " duration_seconds, has_cart, published_at, is_blocked, attributes) VALUES (%s, %s,"
                " 'freshness', '{}', '{}', 'en', 20, false, now(), false, '{}')",
                [video, creator],
            ),
        ):
            connection.execute(statement, values)
        team = connection.execute(
            "INSERT INTO merchants_team (name, created_at) VALUES ('freshness', now()) RETURNING id"
        ).fetchone()
        assert team is not None
        account = connection.execute(
            "INSERT INTO merchants_account (team_id, handle, nickname, market, language, niche, time_zone,"
            " creator_id, is_sample, created_at) VALUES (%s, 'freshness', '', 'US', 'en', '', '', %s, false,"
            " now()) RETURNING id",
            [team[0], creator],
        ).fetchone()
        assert account is not None
        return int(account[0])


def plant_signal(place: Place, first_viewer: int, n_viewers: int, first_video: int, n_videos: int) -> None:
    """Many viewers watch and like videos of every kind: what no row of the fit holds."""
    connection, draw, pace = (
        http.client.HTTPConnection("127.0.0.1", place.port, timeout=60),
        random.Random(3),
        Pace(),
    )
    for start in range(0, n_viewers, 100):
        events = []
        for viewer in range(first_viewer + start, first_viewer + min(start + 100, n_viewers)):
            for _ in range(4):
                video = first_video + draw.randrange(n_videos)
                events.append(make_event(viewer, video, "watch", watch_seconds=15))
                events.append(make_event(viewer, video, "like"))
        ask(connection, "POST", "/api/v1/events", place.token, {"events": events[:1000]}, pace)
    connection.close()


def mean_like(place: Place) -> tuple[int, float]:
    """The live version and its mean prediction of a like on the rows that travel with it."""
    with psycopg.connect(place.url) as connection:
        row = connection.execute(
            "SELECT id, folder, manifest_sha256 FROM recommender_modelversion WHERE state = 'live'"
        ).fetchone()
    assert row is not None
    arrays = read_artifact(place.artifacts / row[1], row[2]).arrays
    rows, predictor = read_replay(arrays), HybridPredictor.from_arrays(arrays)
    probability, _ = predictor.predict_rows(rows.matrix, [rows.slots], rows.reading(), rows.market)
    return int(row[0]), float(probability[:, ACTION_INDEX["like"]].mean())


def describe_seconds(taken: Any) -> dict[str, Any]:
    """Median, 99th percentile and the longest; null where nothing was seen."""
    if not len(taken):
        return {"p50_seconds": None, "p99_seconds": None, "longest_seconds": None}
    return {
        "p50_seconds": float(np.quantile(taken, 0.5)),
        "p99_seconds": float(np.quantile(taken, 0.99)),
        "longest_seconds": float(taken.max()),
    }
