"""What `benchmark reach` compares with: the same models in plain NumPy, whole arrays, every draw."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.simulation.agents import Agents
from recommender.simulation.estimate import read_quantiles
from recommender.simulation.ladder import N_STAGES, LadderParams, find_thresholds, rank_reach
from recommender.simulation.portfolio import Portfolio
from recommender.simulation.reach_params import ReachParams


def count_reached(agents: Agents, n_impressions: int, seed: int) -> IntArray:
    """Draw each impression's person by weight, then sort out who is different."""
    rng = np.random.default_rng(seed)
    share = np.repeat(agents.weight, agents.size)
    edges = np.cumsum(share / share.sum())
    met = np.unique(np.searchsorted(edges, rng.random(n_impressions)))
    reached: IntArray = np.bincount(
        np.searchsorted(agents.starts, met, side="right") - 1, minlength=len(agents.size)
    )
    return reached


def draw_portfolio(
    portfolio: Portfolio, ladder: LadderParams, params: ReachParams, n_replicates: int, seed: int
) -> FloatArray:
    """Every pool of every future is drawn, whether it is reached or not."""
    rng = np.random.default_rng(seed)
    n_videos, n_markets = portfolio.weight.shape
    shape = (n_videos, n_replicates)
    own = np.sqrt(1 - params.foresight**2) * rng.normal(size=shape)
    standing = params.foresight * portfolio.standing[:, None] + own
    evidence = ladder.standing * standing[:, :, None] + np.sqrt(1 - ladder.standing**2) * rng.normal(
        size=(*shape, N_STAGES)
    )
    passed = np.cumprod(evidence > np.array(find_thresholds(ladder)), axis=2)
    pools = np.empty((*shape, N_STAGES + 1))
    pools[:, :, 0] = ladder.first_spread * rng.laplace(size=shape)
    growth = np.log(ladder.growth) + ladder.growth_spread * rng.normal(size=(*shape, N_STAGES))
    pools[:, :, 1:] = pools[:, :, :1] + np.cumsum(growth, axis=2)
    reached = np.log(np.exp(pools[:, :, 0]) + (np.exp(pools[:, :, 1:]) * passed).sum(axis=2))
    rank = rank_reach(ladder, reached)
    week = np.stack(
        [
            read_quantiles(portfolio.log_views[video], rank[video], params.tail_exponent)
            for video in range(n_videos)
        ]
    )
    is_home = (portfolio.home[:, None] == np.arange(n_markets))[:, :, None]
    spread = np.where(is_home, params.audience_spread, params.travel_spread)
    is_open = np.where(
        is_home | (passed.sum(axis=2) >= params.travel_from_stage)[:, None, :], 1.0, params.travel_early
    )
    share = portfolio.weight[:, :, None] * np.exp(
        spread * rng.normal(size=(n_videos, n_markets, n_replicates))
    )
    share = share * is_open
    views: FloatArray = share / share.sum(axis=1, keepdims=True) * np.exp(week)[:, None, :]
    return views
