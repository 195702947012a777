"""Fills the benchmark's database with a world that has a past, and fits the model that will serve it.

Run as a process of its own whose DATABASE_URL and TTOK_VAR_DIR are the benchmark's, the sizes as JSON on
standard input; writes the seconds of each step as JSON to standard output.
"""

import json
import sys
import time
from typing import Any

import django
import numpy as np

from recommender.contracts import ACTIONS, Catalogue, Dataset, History, Impressions, Viewers
from recommender.simulation.population import Population, make_population
from recommender.simulation.response import Responses, respond

SEED = 20_261_124
#: Viewers whose past the model is fitted on: more would take minutes and change no speed, since what a
#: request computes depends on the videos that are covered, all of which this many viewers have watched.
_FITTED_VIEWERS = 20_000
_DAY_SECONDS = 86_400.0
_PAST_DAYS = 14


def draw_past(world: Population, per_viewer: int, now: float) -> tuple[Any, Any, Any]:
    """Who watched what when: (viewer, video, happened_at), (n_viewers * per_viewer,) each, viewer by viewer.

    Topics follow the viewer's taste, videos within a topic a Zipf law; each viewer's rows in order of time.
    """
    rng = np.random.default_rng(SEED + 1)
    n_viewers, n_topics = world.taste.shape
    viewer = np.repeat(np.arange(n_viewers, dtype=np.int32), per_viewer)
    cumulated = np.cumsum(world.taste, axis=1)
    draw = rng.random((len(viewer), 1)) * cumulated[viewer, -1:]
    topic = (draw > cumulated[viewer]).sum(axis=1)
    by_topic = [np.flatnonzero(world.videos.topic == code) for code in range(n_topics)]
    rank = rng.zipf(1.2, size=len(viewer))
    video = np.array([by_topic[t][r % len(by_topic[t])] for t, r in zip(topic, rank, strict=True)], np.int32)
    age_days = np.sort(rng.random((n_viewers, per_viewer)) * _PAST_DAYS, axis=1)[:, ::-1]
    return viewer, video, (now - _DAY_SECONDS * age_days).ravel()


def fill(size: dict[str, int]) -> dict[str, float]:
    """Catalogue, viewers, their states, and a live version; seconds of each step."""
    from recommender.management.benchmarks import feed_rows

    seconds: dict[str, float] = {}
    began = now = time.time()

    def note(step: str) -> None:
        nonlocal began
        seconds[step], began = round(time.time() - began, 1), time.time()

    world = make_population(
        size["videos"] // 10, size["videos"], size["viewers"], now, days=_PAST_DAYS, seed=SEED
    )
    past = draw_past(world, size["past_per_viewer"], now)
    hour = ((past[2] // 3600) % 24).astype(np.int32)
    responses = respond(world, past[0], past[1], hour, np.random.default_rng(SEED + 2))
    note("draw_world_seconds")
    feed_rows.write_world(world)
    feed_rows.write_states(past, responses, size["past_per_viewer"])
    note("write_rows_seconds")
    catalogue, viewers = feed_rows.read_world()
    learnt = past[0] < _FITTED_VIEWERS
    few = tuple(column[learnt] for column in past)
    dataset = _build_dataset(catalogue, viewers, few, responses.take(learnt), hour[learnt], now)
    feed_rows.fit_and_promote(dataset)
    note("fit_seconds")
    return seconds


def _build_dataset(
    catalogue: Catalogue,
    viewers: Viewers,
    past: tuple[Any, Any, Any],
    responses: Responses,
    hour: Any,
    now: float,
) -> Dataset:
    """The past as learning rows: the newest share of each viewer's; the rest is history."""
    viewer, video, happened_at = past
    order = np.argsort(happened_at, kind="stable")
    bits = (responses.taken << np.arange(len(ACTIONS))).sum(axis=1).astype(np.int32)
    duration = catalogue.duration_seconds[video]
    bits |= np.where(responses.watch_seconds >= 0.95 * duration, 1 << ACTIONS.index("finish"), 0).astype(
        np.int32
    )
    long_watch = responses.watch_seconds >= np.minimum(duration, 18.0)
    bits |= np.where(long_watch, 1 << ACTIONS.index("long_watch"), 0).astype(np.int32)
    n = len(order)
    impressions = Impressions(
        viewer=viewer[order],
        video=video[order],
        happened_at=happened_at[order],
        actions=bits[order],
        watch_seconds=responses.watch_seconds[order].astype(np.float32),
        source=np.zeros(n, np.int8),
        position=np.full(n, -1, np.int16),
        propensity=np.full(n, np.nan, np.float32),
        extra={"hour_local": hour[order]},
    )
    empty = History(
        indptr=np.zeros(len(viewers) + 1, np.int64),
        video=np.zeros(0, np.int32),
        happened_at=np.zeros(0),
        actions=np.zeros(0, np.int32),
        watch_seconds=np.zeros(0, np.float32),
    )
    return Dataset(catalogue, viewers, empty, impressions, cut_at=now)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(fill(json.load(sys.stdin))))
