"""The same question asked twice of a small world: through the real feed, impression by impression, and fast.

`small_feed` serves every page to every viewer with `flow.rank_for_viewer` and lets viewers answer by the
engine's own predictions. `estimate_feed` prepares each viewer's pages once, counts the coins of the re-rank
(`show_odds`) and draws sums instead of viewers. Both send videos through the same pools and bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.contracts import (
    N_ACTIONS,
    UNKNOWN,
    BoolArray,
    FloatArray,
    IntArray,
    Scenario,
    ValueWeights,
    ViewerState,
)
from recommender.flow import Engine, ReadyPage, prepare_page, score_videos
from recommender.markets import MARKET_CODES, MARKETS
from recommender.simulation.processes import map_parts
from recommender.simulation.show_odds import chance_of_delay, find_page_odds

#: Pages a viewer can ask for in the time simulated: beyond that the chance is below one in a thousand.
MOST_PAGES = 6
_COHORT_DRAWS = 200
#: Equal parts of the time in which early and late viewers are told apart.
_TIMES = 8
_PART = 50  # viewers of one piece of work


@dataclass(frozen=True, slots=True)
class Pools:
    """Staged exposure in absolute numbers."""

    first_pool: int = 10  # impressions of the first pool
    growth: float = 2.0  # how many times larger the next pool is
    n_pools: int = 5
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

    shown: FloatArray  # (n_viewers, MOST_PAGES, n_asked) chance to stand on that page of that viewer
    action: FloatArray  # (n_viewers, n_asked, N_ACTIONS) float32 the engine's own predictions


def count_chances(
    platform: Platform, n_processes: int = 1, progress: Callable[[float], None] | None = None
) -> Chances:
    """Prepare each viewer's pages with the real engine; the page before counts as seen."""
    ids = platform.engine.catalogue.video_id[platform.asked]
    n_viewers = len(platform.states)
    parts = [range(start, min(start + _PART, n_viewers)) for start in range(0, n_viewers, _PART)]

    def count(part: range) -> list[tuple[FloatArray, FloatArray]]:
        return [_count_viewer(platform, platform.states[viewer], ids) for viewer in part]

    counted: list[tuple[FloatArray, FloatArray]] = []
    for done, found in enumerate(map_parts(count, parts, n_processes)):
        counted += found
        if progress is not None:
            progress((done + 1) / len(parts))
    return Chances(np.stack([shown for shown, _ in counted]), np.stack([action for _, action in counted]))


def _count_viewer(
    platform: Platform, state: ViewerState, video_id: IntArray
) -> tuple[FloatArray, FloatArray]:
    """One viewer's (MOST_PAGES, n_asked) chances to meet and (n_asked, N_ACTIONS) float32 predictions."""
    scene = platform.scene(state)
    action = score_videos(platform.engine, state, scene, platform.asked).probability
    return _walk_pages(platform, state, scene, video_id), action.astype(np.float32)


def _walk_pages(platform: Platform, state: ViewerState, scene: Scenario, video_id: IntArray) -> FloatArray:
    """(MOST_PAGES, n_asked) chance of each video to be met on each page, if it was not met before.

    Coins push a page's last videos onto the next one, so places are counted through all pages.
    """
    k, n_asked = platform.page_size, len(video_id)
    rank, missed, before = np.full(n_asked, -1), np.ones(n_asked), np.ones(n_asked)
    n_places, coins, shown = 0, 0.0, np.zeros((MOST_PAGES, n_asked))
    untaken: dict[int, float] = {}
    for page in range(MOST_PAGES):
        ready = prepare_page(platform.engine, state, scene, platform.weights)
        ids = ready.shortlist.video_id.tolist()
        before_here = np.array([untaken.get(video, 1.0) for video in ids])
        rows = _find_rows(ready, video_id)
        odds = find_page_odds(ready, rows, k, platform.engine.params.rerank, still=before_here)
        untaken.update(zip(ids, odds.still.tolist(), strict=True))
        rank = np.where((rank < 0) & (odds.place >= 0), n_places + odds.place, rank)
        missed *= odds.missed
        n_places += len(odds.page)
        coins += odds.delay * len(odds.page)
        late = chance_of_delay(rank, n_places, coins / max(n_places, 1))
        still = np.where(rank >= 0, late, 1.0) * missed
        shown[page] = 1 - still / np.maximum(before, 1e-12)
        before = still
        state = see(state, ready.shortlist.video_id[odds.page])
    return np.clip(shown, 0.0, 1.0)


def _find_rows(ready: ReadyPage, video_id: IntArray) -> IntArray:
    """(n,) shortlist row of each id, -1 where it did not come so far."""
    if not len(ready.shortlist.video_id):
        return np.full(len(video_id), -1)
    order = np.argsort(ready.shortlist.video_id)
    ordered = ready.shortlist.video_id[order]
    place = np.minimum(np.searchsorted(ordered, video_id), len(ordered) - 1)
    return np.where(ordered[place] == video_id, order[place], -1)


def see(state: ViewerState, video_id: IntArray) -> ViewerState:
    return replace(state, seen_video_id=np.concatenate([state.seen_video_id, video_id]))


def weigh(platform: Platform, taken: FloatArray | IntArray | BoolArray) -> FloatArray:
    """(...,) value of (..., N_ACTIONS) numbers of actions, by the weights without a market's own."""
    worth = platform.weights.for_market(UNKNOWN)[:N_ACTIONS].astype(np.float64)
    weighed: FloatArray = taken @ worth
    return weighed


def find_bars(platform: Platform, pools: Pools, chances: Chances, seed: int) -> tuple[float, FloatArray]:
    """The cohort's mean value of an impression, and (n_pools,) the evidence its best reach at each pool."""
    rates = _sum_up(platform, chances).rates[0]
    cohort = float(weigh(platform, rates).mean())
    rng = np.random.default_rng(seed)
    shape = (_COHORT_DRAWS, *rates.shape)
    bars = np.empty(pools.n_pools)
    for stage, budget in enumerate(pools.list_budgets()):
        value = weigh(platform, rng.binomial(budget, np.broadcast_to(rates, shape)))
        bars[stage] = np.quantile(believe(pools, cohort, value, budget), 1 - pools.passing)
    return cohort, bars


def believe(
    pools: Pools, cohort: float, total_value: FloatArray, impressions: FloatArray | IntArray | int
) -> FloatArray:
    """Posterior mean value of an impression: the evidence, and some impressions at the cohort's mean."""
    believed: FloatArray = (pools.prior_impressions * cohort + total_value) / (
        pools.prior_impressions + impressions
    )
    return believed


@dataclass(frozen=True, slots=True)
class Meetings:
    """Who meets each asked video, and when: keen viewers meet it on early pages, the others later."""

    met: FloatArray  # (n_viewers, n_asked) chance to meet it at all
    reached: FloatArray  # (_TIMES + 1, n_asked) share of the meetings by the end of each part of the time
    rates: FloatArray  # (_TIMES, n_asked, N_ACTIONS) mean predictions of those who meet it in that part


def _sum_up(platform: Platform, chances: Chances) -> Meetings:
    missed = np.cumprod(1 - chances.shown, axis=1)
    first = chances.shown * np.concatenate([np.ones_like(missed[:, :1]), missed[:, :-1]], axis=1)
    by_now = [_chance_of_page(platform.pages_per_viewer * part / _TIMES) for part in range(_TIMES + 1)]
    met = np.einsum("up,upv->uv", by_now[-1], first)
    total = np.maximum(met.sum(axis=0), 1e-12)
    reached, rates = [np.zeros(len(total))], []
    usual = np.einsum("uv,uva->va", met, chances.action) / total[:, None]
    for part in range(_TIMES):
        here = np.einsum("up,upv->uv", by_now[part + 1] - by_now[part], first)
        size = here.sum(axis=0)
        mean = np.einsum("uv,uva->va", here, chances.action) / np.maximum(size, 1e-12)[:, None]
        rates.append(np.clip(np.where(size[:, None] > 1e-9, mean, usual), 0.0, 1.0))
        reached.append(reached[-1] + size / total)
    return Meetings(met, np.stack(reached), np.stack(rates))


def _chance_of_page(mean: FloatArray) -> FloatArray:
    """(n_viewers, MOST_PAGES) chance that the first, second, ... page is asked for: Poisson arrivals."""
    number = np.arange(MOST_PAGES)
    log_factorial = np.cumsum(np.log(np.maximum(number, 1)))
    fewer = np.exp(-mean[:, None] + number * np.log(np.maximum(mean[:, None], 1e-300)) - log_factorial)
    asked: FloatArray = np.clip(1 - np.cumsum(fewer, axis=1), 0.0, 1.0)
    return asked


def estimate_feed(
    platform: Platform, pools: Pools, chances: Chances, n_replicates: int, seed: int
) -> FloatArray:
    """(n_replicates, n_asked) impressions of each asked video, drawn fast."""
    rng = np.random.default_rng(seed)
    meetings = _sum_up(platform, chances)
    cohort, bars = find_bars(platform, pools, chances, seed=0)
    wanted = _count_meetings(meetings.met, n_replicates, rng)
    budgets = pools.list_budgets()
    reach = np.zeros_like(wanted)
    value = np.zeros(wanted.shape)
    rising = np.ones(wanted.shape, dtype=bool)
    for stage in range(pools.n_pools):
        more = np.where(rising, np.minimum(wanted, budgets[stage]) - reach, 0)
        middle = (reach + more / 2) / np.maximum(wanted, 1)
        value += weigh(platform, rng.binomial(more[:, :, None], _pick_rates(meetings, middle)))
        reach = reach + more
        rising &= (reach == budgets[stage]) & (believe(pools, cohort, value, reach) > bars[stage])
    return reach.astype(np.float64)


def _pick_rates(meetings: Meetings, share: FloatArray) -> FloatArray:
    """(n_replicates, n_asked, N_ACTIONS) rates of those who meet a video when so much of its share is met."""
    part = (share[None, :, :] > meetings.reached[1:-1, None, :]).sum(axis=0)
    picked: FloatArray = meetings.rates[part, np.arange(share.shape[1])]
    return picked


def _count_meetings(met: FloatArray, n_replicates: int, rng: np.random.Generator) -> IntArray:
    """(n_replicates, n_asked) viewers who meet each video: binomial, mean and variance of all of them."""
    mean, variance = met.sum(axis=0), (met * (1 - met)).sum(axis=0)
    trials = np.maximum(np.round(mean**2 / np.maximum(mean - variance, 1e-9)), np.ceil(mean))
    trials = np.maximum(np.minimum(trials, 1e9), 1).astype(np.int64)
    counted: IntArray = rng.binomial(trials, np.clip(mean / trials, 0.0, 1.0), size=(n_replicates, len(mean)))
    return counted


def compare(feed: FloatArray, fast: FloatArray) -> dict[str, float]:
    """How far the fast answer is from the feed's, relative: the mean, and the 5, 50 and 95 % quantiles.

    Both are (replicates, n_asked); quantiles are over all videos and replicates, as a merchant meets them.
    """
    gaps = {"mean": float(fast.mean() / feed.mean() - 1)}
    for level in (0.05, 0.5, 0.95):
        slow, quick = (float(np.quantile(drawn, level)) for drawn in (feed, fast))
        gaps[f"q{round(100 * level):02d}"] = (quick + 1) / (slow + 1) - 1
    return gaps
