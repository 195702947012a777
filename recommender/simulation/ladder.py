"""Staged exposure: a new video meets a first pool of viewers, and larger ones while it beats its cohort.

A pool is passed when the evidence so far is above the cohort's quantile at that stage (cohort = market x
duration x stage; a standing is a position in it), so no rule knows absolute rates. How many pass and how much
larger the next pool is are fitted to the spread of real view counts (`simulation.worlds`), because a ladder
whose pools grow by g while a share s passes has the tail exponent -ln s / ln g.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.simulation.draws import branch, draw_laplace, draw_normal, make_key

#: Pools a video can pass at most; the last is met by one video in a million.
N_STAGES = 12
_COHORT = 40_000
_COHORT_SEED = 20_201


@dataclass(frozen=True, slots=True)
class LadderParams:
    """The fitted shape of staged exposure; every figure without a unit is a share or a ratio."""

    pass_first: float  # share that passes the first pool, 0-1
    pass_last: float  # share that passes the late pools, 0-1
    fade: float  # pools over which the one becomes the other, > 0
    growth: float  # how many times larger the next pool is, > 1
    growth_spread: float  # its log-normal spread, ln
    first_spread: float  # mean absolute size of the first pool's double exponential spread, ln
    standing: float  # weight of the video's own standing in the evidence of a pool, 0-1; the rest is chance

    def list_passing(self) -> FloatArray:
        """(N_STAGES,) share of the videos in each pool that pass it."""
        fading = np.exp(-np.arange(N_STAGES) / self.fade)
        passing: FloatArray = self.pass_last + (self.pass_first - self.pass_last) * fading
        return passing


@dataclass(frozen=True, slots=True)
class Climb:
    """How far n videos came."""

    stage: IntArray  # (n,) int64 pools passed, 0 to N_STAGES
    log_reach: FloatArray  # (n,) ln of the summed pools, in first pools of a usual video
    log_pools: FloatArray  # (n, N_STAGES + 1) ln of each pool, -inf where it was not reached


@lru_cache(maxsize=64)
def find_thresholds(params: LadderParams) -> tuple[float, ...]:
    """(N_STAGES,) evidence above which a pool is passed: the cohort's own quantiles, pool after pool.

    A large cohort climbs the ladder; whoever is left at a pool sets its bar.
    """
    key = make_key(_COHORT_SEED, "cohort")
    standing = draw_normal(branch(key, np.arange(_COHORT)))
    left = np.arange(_COHORT)
    bars: list[float] = []
    for stage, share in enumerate(params.list_passing()):
        if len(left) < 20:  # so few that their quantile is chance: the last bar stands
            bars.append(bars[-1])
            continue
        evidence = weigh_evidence(params, standing[left], draw_normal(branch(branch(key, left), stage)))
        bars.append(float(np.quantile(evidence, 1 - share)))
        left = left[evidence > bars[-1]]
    return tuple(bars)


def weigh_evidence(params: LadderParams, standing: FloatArray, chance: FloatArray) -> FloatArray:
    """What a pool shows of a video: its standing in the cohort and chance, both standard normal."""
    evidence: FloatArray = params.standing * standing + np.sqrt(1 - params.standing**2) * chance
    return evidence


def climb(params: LadderParams, standing: FloatArray, keys: FloatArray | IntArray) -> Climb:
    """Send n videos up the ladder.

    Parameters
    ----------
    standing : (n,) standard normal position of each in its cohort.
    keys : (n,) uint64 of `draws.branch`, one address each; equal keys meet equal chances.
    """
    keys = np.asarray(keys, dtype=np.uint64)
    bars = find_thresholds(params)
    n = len(standing)
    log_pools = np.full((n, N_STAGES + 1), -np.inf)
    log_pools[:, 0] = params.first_spread * draw_laplace(branch(keys, 1000))
    left = np.arange(n)
    stage = np.zeros(n, dtype=np.int64)
    for step in range(N_STAGES):
        chance = draw_normal(branch(keys[left], step))
        left = left[weigh_evidence(params, standing[left], chance) > bars[step]]
        if not len(left):
            break
        jitter = params.growth_spread * draw_normal(branch(keys[left], 2000 + step))
        log_pools[left, step + 1] = log_pools[left, step] + np.log(params.growth) + jitter
        stage[left] = step + 1
    return Climb(stage, np.logaddexp.reduce(log_pools, axis=1), log_pools)


@lru_cache(maxsize=64)
def _rank_table(params: LadderParams) -> tuple[FloatArray, FloatArray]:
    key = make_key(_COHORT_SEED, "ranks")
    keys = branch(key, np.arange(_COHORT))
    reached = climb(params, draw_normal(branch(keys, 3000)), keys).log_reach
    return np.sort(reached), (np.arange(_COHORT) + 0.5) / _COHORT


def rank_reach(params: LadderParams, log_reach: FloatArray) -> FloatArray:
    """(n,) in (0, 1): the share of a usual cohort that gets less; uniform for usual videos."""
    reached, rank = _rank_table(params)
    return np.interp(log_reach, reached, rank)
