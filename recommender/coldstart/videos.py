"""Staged exposure of new videos: a guaranteed pool of viewers each, then promoted or let go by evidence.

A cohort is market x length x pool: nothing knows an absolute rate. How many pass a pool and how much
larger the
next one is are the figures that the simulation's ladder was fitted to, so both climb alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from recommender.contracts import UNKNOWN, BoolArray, FloatArray, IntArray
from recommender.loop_params import NewVideoParams

#: Where a video stands in a market; the position is the code.
STANDINGS: tuple[str, ...] = ("waiting", "trying", "passed", "let_go", "expired")
WAITING, TRYING, PASSED, LET_GO, EXPIRED = range(len(STANDINGS))
#: Seconds that part short, middle and long videos: what is watched whole differs by length first.
COHORT_SECONDS = (15.0, 60.0)
#: How far a cohort had to be widened to hold enough videos.
WIDTHS: tuple[str, ...] = ("market_and_length", "market", "everything")


@dataclass(frozen=True, slots=True)
class Ladder:
    """Shape of the pools."""

    passing: FloatArray  # (n_pools,) share of each pool's videos that pass it, 0-1
    growth: float  # how many times larger the next pool is


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of n videos in m markets."""

    shown: FloatArray  # (n, m) trusted impressions
    good: FloatArray  # (n, m) those that were watched long, liked or better
    age_days: FloatArray  # (n,) since publication
    home: IntArray  # (n,) market code of the creator, UNKNOWN outside the eight
    is_admitted: BoolArray  # (n, m) the market's rules let it through
    duration_seconds: FloatArray  # (n,)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where n videos stand in m markets, and the evidence behind the last decision."""

    state: IntArray  # (n, m) int8 code into STANDINGS
    pool: IntArray  # (n, m) int8 pools passed
    mean: FloatArray  # (n, m) posterior mean of the share of good impressions, NaN while nothing is known
    bar: FloatArray  # (n, m) what its cohort asks at this pool, NaN without a cohort
    chance: FloatArray  # (n, m) posterior chance to be above the bar, NaN without one
    width: IntArray  # (n, m) int8 code into WIDTHS, UNKNOWN without a cohort

    @classmethod
    def start(cls, n: int, m: int) -> Standing:
        """Nobody has been judged."""
        nothing = np.full((n, m), np.nan)
        return cls(
            state=np.full((n, m), WAITING, dtype=np.int8),
            pool=np.zeros((n, m), dtype=np.int8),
            mean=nothing,
            bar=nothing,
            chance=nothing,
            width=np.full((n, m), UNKNOWN, dtype=np.int8),
        )


def sum_pools(ladder: Ladder, params: NewVideoParams) -> FloatArray:
    """(pools,) impressions at which each pool is full, counted from the first.

    >>> sum_pools(Ladder(np.full(3, 0.2), 2.0), NewVideoParams(first_pool=50, pools=3)).tolist()
    [50.0, 150.0, 350.0]
    """
    sizes = params.first_pool * ladder.growth ** np.arange(params.pools)
    summed: FloatArray = np.cumsum(sizes)
    return summed


def judge(evidence: Evidence, before: Standing, ladder: Ladder, params: NewVideoParams) -> Standing:
    """Move every video that has earned it one step; the others stay where they are.

    A market's pool opens at home at once, elsewhere after `home_pools` passed at home. A full pool promotes
    where P(share of good impressions > the cohort's bar) is at least `promote_at`; a clear case is decided
    when `early_share` of the pool is there. Nothing that has been passed or let go is judged again.
    """
    state, pool = _open_markets(evidence, before, params)
    full_at = np.append(sum_pools(ladder, params), np.inf)
    target = full_at[pool]
    start = np.where(pool > 0, full_at[np.maximum(pool - 1, 0)], 0.0)
    mean, bar, chance, width = _weigh(evidence, pool, full_at, ladder, params)
    trying = state == TRYING
    filled = (evidence.shown - start) / np.maximum(target - start, 1e-9)
    is_full, is_early = filled >= 1.0, filled >= params.early_share
    known = np.isfinite(chance)
    judged = trying & known
    good = judged & (
        (is_full & (chance >= params.promote_at)) | (is_early & (chance >= params.early_promote))
    )
    # The first pool is owed whole: only later ones are cut short.
    hopeless = is_early & (pool > 0) & (chance <= params.early_let_go)
    bad = judged & ~good & (is_full | hopeless)
    pool = np.where(good, pool + 1, pool).astype(np.int8)
    state = np.where(good & (pool >= params.pools), PASSED, np.where(bad, LET_GO, state))
    late = evidence.age_days[:, None] > _last_day(evidence, pool, params)
    state = np.where((state == TRYING) & late & ~good, EXPIRED, state).astype(np.int8)
    return Standing(
        state=state,
        pool=pool,
        mean=np.where(trying, mean, before.mean),
        bar=np.where(judged, bar, before.bar),
        chance=np.where(judged, chance, before.chance),
        width=np.where(judged, width, before.width).astype(np.int8),
    )


def _last_day(evidence: Evidence, pool: IntArray, params: NewVideoParams) -> FloatArray:
    """(n, m) age in days up to which a pool is kept open: later pools and other markets begin later."""
    last: FloatArray = params.owed_days * (1.0 + (pool > 0) + ~is_home(evidence))
    return last


def is_home(evidence: Evidence) -> BoolArray:
    """(n, m) bool: the market is the creator's own; every admitted one for creators outside the eight."""
    markets = np.arange(evidence.shown.shape[1])
    home: BoolArray = (evidence.home[:, None] == markets) | (evidence.home[:, None] == UNKNOWN)
    return home


def _open_markets(evidence: Evidence, before: Standing, params: NewVideoParams) -> tuple[IntArray, IntArray]:
    """State and pool after the gates: what may be tried now is tried, unless its time is over."""
    home = is_home(evidence)
    passed_home = np.where(home & evidence.is_admitted, before.pool, 0).max(axis=1) >= params.home_pools
    opens = (before.state == WAITING) & evidence.is_admitted & (home | passed_home[:, None])
    state = np.where(opens, TRYING, before.state)
    closed = (state == TRYING) & ~evidence.is_admitted
    return np.where(closed, WAITING, state).astype(np.int8), before.pool


def _weigh(
    evidence: Evidence, pool: IntArray, full_at: FloatArray, ladder: Ladder, params: NewVideoParams
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """(n, m) each: posterior mean, bar of the cohort, chance to be above it, width of the cohort.

    Posterior: Beta(good + s mu, shown - good + s (1 - mu)), mu the cohort's pooled share, s `prior_strength`.
    """
    shown, good = evidence.shown, np.minimum(evidence.good, evidence.shown)
    mean, bar = np.full(shown.shape, np.nan), np.full(shown.shape, np.nan)
    usual, width = np.full(shown.shape, np.nan), np.full(shown.shape, UNKNOWN, dtype=np.int8)
    length = np.digitize(evidence.duration_seconds, COHORT_SECONDS)
    for step in range(params.pools):
        met = shown >= full_at[step] * params.early_share
        for row_set, column, cohorts in _list_cohorts(length, met):
            here = np.zeros(shown.shape, dtype=np.bool_)
            here[row_set, column] = pool[row_set, column] == step
            found = next(((w, c) for w, c in enumerate(cohorts) if c.sum() >= params.cohort_min), None)
            widest = met if found is None else found[1]
            mu = float(good[widest].sum() + 0.5) / float(shown[widest].sum() + 2.0)
            usual[here] = mu
            mean[here] = ((good + params.prior_strength * mu) / (shown + params.prior_strength))[here]
            if found is not None:
                width[here] = found[0]
                peers = (good + params.prior_strength * mu)[widest] / (shown + params.prior_strength)[widest]
                bar[here] = np.quantile(peers, 1 - ladder.passing[step])
    alpha = good + params.prior_strength * usual
    beta = shown - good + params.prior_strength * (1 - usual)
    chance = np.full(shown.shape, np.nan)
    known = np.isfinite(bar)
    chance[known] = 1.0 - betainc(alpha[known], beta[known], bar[known])
    return mean, bar, chance, width


def _list_cohorts(length: IntArray, met: BoolArray) -> list[tuple[IntArray, int, list[BoolArray]]]:
    """(rows, market, cohorts from narrow to wide as (n, m) masks) of every length and market."""
    cells: list[tuple[IntArray, int, list[BoolArray]]] = []
    for column in range(met.shape[1]):
        in_market = np.zeros(met.shape, dtype=np.bool_)
        in_market[:, column] = met[:, column]
        for code in range(len(COHORT_SECONDS) + 1):
            rows = np.flatnonzero(length == code)
            if len(rows):
                cells.append((rows, column, [in_market & (length == code)[:, None], in_market, met]))
    return cells


def measure_need(
    evidence: Evidence, standing: Standing, ladder: Ladder, params: NewVideoParams
) -> FloatArray:
    """(n, m) float32 in [0, 1]: how much of its pool a video still has to meet; 0 outside a pool."""
    full_at = np.append(sum_pools(ladder, params), np.inf)
    pool = np.minimum(standing.pool, params.pools - 1)
    target = full_at[pool]
    start = np.where(pool > 0, full_at[np.maximum(pool - 1, 0)], 0.0)
    left = 1.0 - (evidence.shown - start) / (target - start)
    is_owed = (standing.state == TRYING) & (left > 0)
    need: FloatArray = np.where(is_owed, np.clip(left, 0.05, 1.0), 0.0).astype(np.float32)
    return need


def share_positions(
    evidence: Evidence,
    standing: Standing,
    daily_impressions: FloatArray,
    base_share: float,
    ladder: Ladder,
    params: NewVideoParams,
) -> FloatArray:
    """(m,) share of a market's positions that new videos are given, so that each pool fills in its time.

    Formula: sum over pools of (impressions still owed / days left) over the market's impressions a day,
    between
    `base_share` and `most_share`.
    """
    full_at = np.append(sum_pools(ladder, params), np.inf)
    owed = np.clip(full_at[np.minimum(standing.pool, params.pools - 1)] - evidence.shown, 0.0, None)
    days = np.maximum(_last_day(evidence, standing.pool, params) - evidence.age_days[:, None], 0.25)
    a_day = np.where(standing.state == TRYING, owed / days, 0.0).sum(axis=0)
    wanted = a_day / np.maximum(daily_impressions, 1.0)
    share: FloatArray = np.where(daily_impressions > 0, wanted, base_share)
    return np.clip(share, base_share, max(base_share, params.most_share))
