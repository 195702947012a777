"""The fast estimate beside the real feed at full size: minutes of serving, so a command and no test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from recommender.contracts import BoolArray
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.simulation.learnt_world import make_learnt_world
from recommender.simulation.small_feed import Walks, fill_pools, take_round, walk_feed
from recommender.simulation.small_world import (
    Chances,
    Platform,
    Pools,
    compare,
    count_chances,
    estimate_feed,
)

_PAGES, _PAGE_SIZE, _FUTURES = 1.8, 10, 400
#: Days mixed from the feed's rounds: its 95 % quantile is then known as well as the fast one.
_DAYS = 200
#: Videos asked about at most, evenly out of those with few impressions.
_ASKED = 240
#: Meetings a video must expect to be asked about: one that nobody meets agrees with everything.
_MIN_MEETINGS = 8.0


def compare_small_world(
    n_viewers: int,
    n_videos: int,
    n_rounds: int,
    say: Callable[[str], None],
    seed: int = 5,
    n_processes: int = 1,
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
    chances = count_chances(platform, n_processes, _say_tenths(say, "counting chances"))
    prepared = time.perf_counter()
    walks = walk_feed(platform, n_rounds, seed, n_processes, _say_tenths(say, "serving everybody"))
    served = time.perf_counter()
    met = _PAGES * chances.shown[:, 0].sum(axis=0) >= _MIN_MEETINGS
    choices = {"with_pools": Pools(), "without_pools": Pools(first_pool=10**6)}
    gaps = {name: _ask_twice(platform, pools, chances, walks, met) for name, pools in choices.items()}
    return {
        "viewers": n_viewers, "videos": n_videos, "asked": int(met.sum()), "rounds": n_rounds, "seed": seed,
        "processes": n_processes, "preparation_seconds": round(prepared - started, 1),
        "feed_seconds_a_round": round((served - prepared) / n_rounds, 2), "gaps": gaps,
    }  # fmt: skip


def _say_tenths(say: Callable[[str], None], what: str) -> Callable[[float], None]:
    """Progress told ten times."""
    told = [0]

    def progress(fraction: float) -> None:
        if int(fraction * 10) > told[0]:
            told[0] = int(fraction * 10)
            say(f"{what}: {10 * told[0]} %")

    return progress


def _ask_twice(
    platform: Platform, pools: Pools, chances: Chances, walks: Walks, met: BoolArray
) -> dict[str, Any]:
    """Gaps between the feed's answer and the fast one over the videos that are met."""
    feed = fill_pools(platform, pools, chances, walks, _DAYS, seed=3)[:, met]
    started = time.perf_counter()
    fast = estimate_feed(platform, pools, chances, _FUTURES, seed=1)[:, met]
    drawn = time.perf_counter() - started
    return {
        **compare(feed, fast),
        "feed_mean": float(feed.mean()),
        "feed_mean_standard_error": _guess_error(platform, pools, chances, walks, met),
        "correlation_over_videos": float(np.corrcoef(feed.mean(axis=0), fast.mean(axis=0))[0, 1]),
        "fast_seconds_a_round": round(drawn / _FUTURES, 5),
    }


def _guess_error(
    platform: Platform, pools: Pools, chances: Chances, walks: Walks, met: BoolArray
) -> float | None:
    """Standard error of the feed's mean: rounds alone beside each other; None with one round."""
    n_rounds = len(walks.n_pages)
    if n_rounds < 2:
        return None
    means = [
        float(fill_pools(platform, pools, chances, take_round(walks, turn), 20, seed=4)[:, met].mean())
        for turn in range(n_rounds)
    ]
    return float(np.std(means, ddof=1) / np.sqrt(n_rounds))
