"""The same question asked twice of a small world: through the real feed, impression by impression, and fast.

`run_feed` serves every page to every viewer with `flow.rank_for_viewer` and lets viewers answer by the engine's
own predictions. `estimate_feed` prepares each viewer's pages once, counts the coins of the re-rank
(`show_odds`) and draws sums instead of viewers. Both send videos through the same pools with the same bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray, Scenario, ValueWeights, ViewerState
from recommender.flow import Engine, ReadyPage, prepare_page, rank_for_viewer, score_videos
from recommender.markets import MARKET_CODES, MARKETS
from recommender.simulation.show_odds import find_page_odds

#: Pages a viewer can ask for in the time simulated: beyond that the chance is below one in a thousand.
_MOST_PAGES = 6
_COHORT_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Pools:
    """Staged exposure in absolute numbers."""

    first_pool: int = 25  # impressions of the first pool
    growth: float = 2.5  # how many times larger the next pool is
    n_pools: int = 4
    prior_impressions: float = 20.0  # impressions at the cohort's mean behind every video's evidence
    passing: float = 0.4  # share of the cohort that passes a pool

    def list_budgets(self) -> IntArray:
        """(n_pools,) impressions by the end of each pool."""
        return np.round(self.first_pool * np.cumsum(self.growth ** np.arange(self.n_pools))).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Platform:
    """Viewers, the engine that serves them, and the videos asked about."""

    engine: Engine
    weights: ValueWeights
    states: Sequence[ViewerState]
    pages_per_viewer: FloatArray  # (n_viewers,) mean pages asked for in the time simulated
    page_size: int
    now: float
    asked: IntArray  # (n_asked,) catalogue rows

    def scene(self, state: ViewerState) -> Scenario:
        """A viewer's scene: noon UTC, at home."""
        if state.market < 0:
            return Scenario(self.now, state.market)
        local = MARKETS[MARKET_CODES[state.market]].local_time(self.now)
        return Scenario(self.now, state.market, hour_local=local.hour, weekday_local=local.weekday())


@dataclass(frozen=True, slots=True)
class Chances:
    """What the fast path knows of a platform, counted once."""

    shown: FloatArray  # (n_viewers, _MOST_PAGES, n_asked) chance to stand on that page of that viewer
    value_mean: FloatArray  # (n_viewers, n_asked) expected value of one impression, in value terms of actions
    value_variance: FloatArray  # (n_viewers, n_asked)


def count_chances(platform: Platform, progress: Callable[[float], None] | None = None) -> Chances:
    """Prepare each viewer's pages with the real engine; the page before counts as seen."""
    n_viewers, n_asked = len(platform.states), len(platform.asked)
    shown = np.zeros((n_viewers, _MOST_PAGES, n_asked))
    mean, variance = np.zeros((n_viewers, n_asked)), np.zeros((n_viewers, n_asked))
    ids = platform.engine.catalogue.video_id[platform.asked]
    for viewer, state in enumerate(platform.states):
        scene = platform.scene(state)
        mean[viewer], variance[viewer] = _expect_value(platform, state, scene)
        is_due = np.zeros(n_asked, dtype=bool)
        for page in range(_MOST_PAGES):
            ready = prepare_page(platform.engine, state, scene, platform.weights)
            rows = _find_rows(ready, ids)
            odds = find_page_odds(ready, rows, platform.page_size, platform.engine.params.rerank)
            # A video that exploration pushed off the end of its page leads the next one.
            shown[viewer, page] = np.where(is_due, 1.0, odds.probability)
            is_due |= np.isin(rows, odds.page) & (rows >= 0)
            state = _see(state, ready.shortlist.video_id[odds.page])
        if progress is not None:
            progress((viewer + 1) / n_viewers)
    return Chances(shown, mean, variance)


def _find_rows(ready: ReadyPage, video_id: IntArray) -> IntArray:
    """(n,) shortlist row of each id, -1 where it did not come so far."""
    if not len(ready.shortlist.video_id):
        return np.full(len(video_id), -1)
    order = np.argsort(ready.shortlist.video_id)
    ordered = ready.shortlist.video_id[order]
    place = np.minimum(np.searchsorted(ordered, video_id), len(ordered) - 1)
    return np.where(ordered[place] == video_id, order[place], -1)


def _see(state: ViewerState, video_id: IntArray) -> ViewerState:
    return replace(state, seen_video_id=np.concatenate([state.seen_video_id, video_id]))


def _expect_value(platform: Platform, state: ViewerState, scene: Scenario) -> tuple[FloatArray, FloatArray]:
    """(n_asked,) mean and variance of what one impression is worth, by the engine's own predictions."""
    probability = score_videos(platform.engine, state, scene, platform.asked).probability.astype(np.float64)
    worth = platform.weights.for_market(scene.market)[: probability.shape[1]].astype(np.float64)
    return probability @ worth, (probability * (1 - probability)) @ worth**2


def find_bars(platform: Platform, pools: Pools, chances: Chances, seed: int) -> tuple[float, FloatArray]:
    """The cohort's mean value of an impression, and (n_pools,) the evidence its best reach at each pool."""
    _, mean, spread = _sum_up(platform, chances)
    cohort = float(mean.mean())
    rng = np.random.default_rng(seed)
    bars = np.empty(pools.n_pools)
    for stage, budget in enumerate(pools.list_budgets()):
        drawn = mean + spread / np.sqrt(budget) * rng.normal(size=(_COHORT_DRAWS, len(mean)))
        bars[stage] = np.quantile(_believe(pools, cohort, drawn * budget, budget), 1 - pools.passing)
    return cohort, bars


def _believe(
    pools: Pools, cohort: float, total_value: FloatArray, impressions: FloatArray | int
) -> FloatArray:
    """Posterior mean value of an impression: the evidence, and some impressions at the cohort's mean."""
    believed: FloatArray = (pools.prior_impressions * cohort + total_value) / (
        pools.prior_impressions + impressions
    )
    return believed


def _sum_up(platform: Platform, chances: Chances) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per asked video: (n_viewers, n_asked) chance to be met at all, mean and spread of an impression's value."""
    asks = _chance_of_pages(platform.pages_per_viewer)
    missed = np.cumprod(1 - chances.shown, axis=1)
    met = 1 - asks[:, 0, None] - np.einsum("up,upv->uv", asks[:, 1:], missed)
    total = np.maximum(met.sum(axis=0), 1e-12)
    mean = (met * chances.value_mean).sum(axis=0) / total
    second = (met * (chances.value_variance + chances.value_mean**2)).sum(axis=0) / total
    return met, mean, np.sqrt(np.maximum(second - mean**2, 0.0))


def _chance_of_pages(mean: FloatArray) -> FloatArray:
    """(n_viewers, _MOST_PAGES + 1) chance to ask for 0, 1, ... pages: Poisson, cut."""
    number = np.arange(_MOST_PAGES + 1)
    log_factorial = np.cumsum(np.log(np.maximum(number, 1)))
    chance = np.exp(-mean[:, None] + number * np.log(mean[:, None]) - log_factorial)
    chance[:, -1] = 1 - chance[:, :-1].sum(axis=1)
    return chance


def estimate_feed(
    platform: Platform, pools: Pools, chances: Chances, n_replicates: int, seed: int
) -> FloatArray:
    """(n_replicates, n_asked) impressions of each asked video, drawn fast."""
    rng = np.random.default_rng(seed)
    met, mean, spread = _sum_up(platform, chances)
    cohort, bars = find_bars(platform, pools, chances, seed=0)
    wanted_mean, wanted_spread = met.sum(axis=0), np.sqrt((met * (1 - met)).sum(axis=0))
    shape = (n_replicates, met.shape[1])
    wanted = np.maximum(np.round(wanted_mean + wanted_spread * rng.normal(size=shape)), 0.0)
    budgets = pools.list_budgets()
    reach = np.minimum(wanted, budgets[0])
    total = reach * mean + np.sqrt(reach) * spread * rng.normal(size=shape)
    rising = wanted >= budgets[0]
    for stage in range(1, pools.n_pools):
        rising &= _believe(pools, cohort, total, reach) > bars[stage - 1]
        more = np.where(rising, np.minimum(wanted, budgets[stage]) - reach, 0.0)
        total = total + more * mean + np.sqrt(more) * spread * rng.normal(size=shape)
        reach = reach + more
        rising &= wanted >= budgets[stage]
    return reach


def run_feed(platform: Platform, pools: Pools, chances: Chances, seed: int) -> FloatArray:
    """(n_asked,) impressions of each asked video: every page really ranked, every impression answered."""
    rng = np.random.default_rng(seed)
    n_asked = len(platform.asked)
    cohort, bars = find_bars(platform, pools, chances, seed=0)
    budgets = pools.list_budgets()
    code = {int(video): place for place, video in enumerate(platform.engine.catalogue.video_id[platform.asked])}
    counts = np.minimum(rng.poisson(platform.pages_per_viewer), _MOST_PAGES)
    queue = rng.permutation(np.repeat(np.arange(len(platform.states)), counts))
    states = list(platform.states)
    reach, value, stage = np.zeros(n_asked), np.zeros(n_asked), np.zeros(n_asked, dtype=np.int64)
    is_open: BoolArray = np.ones(n_asked, dtype=bool)
    for viewer in queue.tolist():
        scene = platform.scene(states[viewer])
        slate = rank_for_viewer(
            platform.engine, states[viewer], scene, platform.weights, rng, platform.page_size
        )
        ids = np.array([video.video_id for video in slate.videos], dtype=np.int64)
        states[viewer] = _see(states[viewer], ids)
        for place in (code[video] for video in ids.tolist() if video in code):
            if not is_open[place]:
                continue
            reach[place] += 1
            value[place] += chances.value_mean[viewer, place] + rng.normal() * np.sqrt(
                chances.value_variance[viewer, place]
            )
            if reach[place] == budgets[stage[place]]:
                believed = _believe(pools, cohort, value[place], reach[place])
                is_open[place] = stage[place] + 1 < pools.n_pools and believed > bars[stage[place]]
                stage[place] += 1
    return reach


def compare(feed: FloatArray, fast: FloatArray) -> dict[str, float]:
    """How far the fast answer is from the feed's, relative: the mean, and the 5, 50 and 95 % quantiles.

    Both are (replicates, n_asked); quantiles are over all videos and replicates, as a merchant meets them.
    """
    gaps = {"mean": float(fast.mean() / feed.mean() - 1)}
    for level in (0.05, 0.5, 0.95):
        slow, quick = (float(np.quantile(drawn, level)) for drawn in (feed, fast))
        gaps[f"q{round(100 * level):02d}"] = (quick + 1) / (slow + 1) - 1
    return gaps
