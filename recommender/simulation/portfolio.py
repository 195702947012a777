"""Many videos at once in all markets: who gets how much when they compete for the same audiences.

The model is that of `estimate`; only views are drawn, in blocks that fit into the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.prediction.account_reach import LEVELS
from recommender.simulation.draws import branch, draw_normal, make_key
from recommender.simulation.estimate import read_quantiles
from recommender.simulation.ladder import LadderParams, climb, rank_reach
from recommender.simulation.reach_params import ReachParams

#: Futures (videos x replicates) drawn at a time.
_BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is known of n videos."""

    log_views: FloatArray  # (n, len(LEVELS)) ln views of a week: quantiles of each video's account
    standing: FloatArray  # (n,) normal score of each in its cohort by the engine's predictions
    weight: FloatArray  # (n, n_markets) >= 0, how many views each market gives, relative
    home: IntArray  # (n,) column of the account's market

    def __post_init__(self) -> None:
        n = len(self.standing)
        if self.log_views.shape != (n, len(LEVELS)) or len(self.weight) != n or len(self.home) != n:
            raise ValueError(
                f"Portfolio describes {n} videos by standing, {self.log_views.shape} by log_views, "
                f"{len(self.weight)} by weight and {len(self.home)} by home; all must be the same videos"
            )


def draw_portfolio(
    portfolio: Portfolio, ladder: LadderParams, params: ReachParams, n_replicates: int, seed: int
) -> FloatArray:
    """(n_videos, n_markets, n_replicates) float32 views of a week, before videos compete."""
    n_videos, n_markets = portfolio.weight.shape
    views = np.empty((n_videos, n_markets, n_replicates), dtype=np.float32)
    key = make_key(seed, "portfolio")
    step = max(_BLOCK // n_replicates, 1)
    for start in range(0, n_videos, step):
        rows = np.arange(start, min(start + step, n_videos))
        keys = branch(branch(key, rows)[:, None], np.arange(n_replicates)).ravel()
        video = np.repeat(rows, n_replicates)
        own = np.sqrt(1 - params.foresight**2) * draw_normal(branch(keys, 1))
        climbed = climb(ladder, params.foresight * portfolio.standing[video] + own, branch(keys, 2))
        week = _read_rows(
            portfolio.log_views[rows], rank_reach(ladder, climbed.log_reach).reshape(len(rows), -1), params
        )
        split = _split(portfolio, rows, climbed.stage.reshape(len(rows), -1), keys, params)
        views[rows] = split * np.exp(week)[:, None, :]
    return views


def _read_rows(log_views: FloatArray, rank: FloatArray, params: ReachParams) -> FloatArray:
    """(n, n_replicates) ln views at each rank of each video's own quantiles."""
    read: FloatArray = np.stack(
        [
            read_quantiles(line, ranks, params.tail_exponent)
            for line, ranks in zip(log_views, rank, strict=True)
        ]
    )
    return read


def _split(
    portfolio: Portfolio, rows: IntArray, stage: IntArray, keys: IntArray, params: ReachParams
) -> FloatArray:
    """(n, n_markets, n_replicates) share of each market; others than the home open late."""
    n_markets = portfolio.weight.shape[1]
    market = np.arange(n_markets)
    drawn = draw_normal(branch(branch(keys, 10).reshape(stage.shape)[:, None, :], market[None, :, None]))
    is_home = (portfolio.home[rows, None] == market)[:, :, None]
    spread = np.where(is_home, params.audience_spread, params.travel_spread)
    is_open = np.where(is_home | (stage >= params.travel_from_stage)[:, None, :], 1.0, params.travel_early)
    share = portfolio.weight[rows][:, :, None] * np.exp(spread * drawn) * is_open
    split: FloatArray = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-300)
    return split


def share_capacity(wanted: FloatArray, capacity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What n videos get of the impressions a market has, and what is left for all other videos.

    Every video's wish is cut by the same share where they ask for more than there is; nothing is invented
    and nothing lost: taken and left sum to the capacity.

    Parameters
    ----------
    wanted : (n_videos, ...) impressions >= 0.
    capacity : (...) impressions > 0 of each market (and replicate).

    Returns
    -------
    taken : (n_videos, ...), at most `wanted`.
    left : (...) >= 0.
    """
    asked = wanted.sum(axis=0)
    share = capacity / np.maximum(asked, capacity)
    taken = wanted * share
    return taken, np.maximum(capacity - taken.sum(axis=0), 0.0)
