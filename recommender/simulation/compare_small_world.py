"""The fast estimate beside the real feed at full size: minutes of serving, so a command and no test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from recommender.contracts import BoolArray
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.simulation.learnt_world import make_learnt_world
from recommender.simulation.small_world import (
    Chances,
    Platform,
    Pools,
    compare,
    count_chances,
    estimate_feed,
    run_feed,
)

_PAGES, _PAGE_SIZE, _FUTURES = 1.8, 10, 400
#: Videos asked about at most, evenly out of those with few impressions.
_ASKED = 240
#: Meetings a video must expect to be asked about: one that nobody meets agrees with everything.
_MIN_MEETINGS = 8.0


def compare_small_world(
    n_viewers: int, n_videos: int, n_rounds: int, say: Callable[[str], None], seed: int = 5
) -> dict[str, Any]:
    """Relative gaps of the fast estimate: mean and quantiles, with pools and without, and what each took."""
    say(f"a platform of {n_viewers} viewers and {n_videos} videos ...")
    world = make_learnt_world(max(n_videos // 10, 10), n_videos, n_viewers, seed)
    engine = world.engine
    few = np.flatnonzero(engine.statistics.shown < engine.params.recall.fresh_impressions)
    states = world.list_states()
    asked = few[:: max(len(few) // _ASKED, 1)]
    platform = Platform(
        engine, DEFAULT_VALUE_WEIGHTS, states, np.full(len(states), _PAGES), _PAGE_SIZE, world.now, asked
    )
    started = time.perf_counter()
    chances = count_chances(platform)
    prepared = time.perf_counter() - started
    met = _PAGES * chances.shown[:, 0].sum(axis=0) >= _MIN_MEETINGS
    choices = {"with_pools": Pools(), "without_pools": Pools(first_pool=10**6)}
    figures = {}
    for name, pools in choices.items():
        say(f"{name}: {n_rounds} rounds of the real feed ...")
        figures[name] = _ask_twice(platform, pools, chances, met, n_rounds)
    return {
        "viewers": n_viewers, "videos": n_videos, "asked": int(met.sum()), "rounds": n_rounds, "seed": seed,
        "preparation_seconds": round(prepared, 1), "gaps": figures,
    }  # fmt: skip


def _ask_twice(
    platform: Platform, pools: Pools, chances: Chances, met: BoolArray, n_rounds: int
) -> dict[str, Any]:
    """Gaps between the feed's answer and the fast one over the videos that are met."""
    started = time.perf_counter()
    feed = np.stack([run_feed(platform, pools, chances, place) for place in range(n_rounds)])[:, met]
    served = time.perf_counter() - started
    started = time.perf_counter()
    fast = estimate_feed(platform, pools, chances, _FUTURES, seed=1)[:, met]
    drawn = time.perf_counter() - started
    rounds = feed.mean(axis=1)
    return {
        **compare(feed, fast),
        "feed_mean": float(feed.mean()),
        "feed_mean_standard_error": float(rounds.std(ddof=1) / np.sqrt(n_rounds)) if n_rounds > 1 else None,
        "correlation_over_videos": float(np.corrcoef(feed.mean(axis=0), fast.mean(axis=0))[0, 1]),
        "feed_seconds_a_round": round(served / n_rounds, 2),
        "fast_seconds_a_round": round(drawn / _FUTURES, 5),
    }
