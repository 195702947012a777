"""Fit the platform of `simulation.worlds` to real counts: the ladder, the creators, their reactions."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtri
from scipy.stats import rankdata

from recommender.contracts import FloatArray, IntArray
from recommender.forecasts import Posts
from recommender.simulation.draws import branch, draw_normal, make_key
from recommender.simulation.ladder import LadderParams, climb
from recommender.simulation.worlds import QUANTILE_LEVELS, RATES, WorldFit
from recommender.training.reach_statistics import measure_rates

#: Levels at which the ladder meets the spread of a creator's videos: the tails count as much as the middle.
_TARGET = np.array(
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995]
)
#: Videos a creator needs before its own middle and spread are taken from it.
_MIN_VIDEOS = 10
#: Videos from which a creator counts as full: the counting took the newest 25 of most.
_FULL_VIDEOS = 20
_FIT_VIDEOS = 20_000


def fit_worlds(posts: Posts) -> WorldFit:
    """Fit the platform to real counts; creators with few videos tell their number of videos alone."""
    views = np.log(np.maximum(posts.plays, 1.0))
    _, owner, counts = np.unique(posts.creator, return_inverse=True, return_counts=True)
    middle = np.array([np.median(views[owner == creator]) for creator in range(len(counts))])
    off = views - middle[owner]
    rich = np.flatnonzero(counts >= _MIN_VIDEOS)
    spread = np.array([np.abs(off[owner == creator]).mean() for creator in rich])
    in_rich = np.isin(owner, rich)
    usual = np.abs(off[in_rich]).mean()
    own_spread = np.ones(len(counts))
    own_spread[rich] = spread / usual
    ladder = fit_ladder(off[in_rich] / own_spread[owner[in_rich]])
    columns = {"plays": posts.plays, "likes": posts.likes, "comments": posts.comments, "shares": posts.shares}
    odds = np.stack([measure_rates(columns, name) for name in RATES], axis=1)
    of_creator = np.stack([np.bincount(owner, column) / counts for column in odds.T], axis=1)
    means = np.median(of_creator, axis=0)
    evenness = np.zeros(len(counts))
    evenness[rich] = _score_normally(spread)
    scores = [_score_normally(middle), evenness]
    is_full = counts >= _FULL_VIDEOS
    return WorldFit(
        ladder=ladder,
        ceiling=_fit_ceiling(views),
        thin_share=float((~is_full).mean()),
        count_follows_level=_rank_together(middle[is_full], counts[is_full]),
        creator_level=np.stack([np.quantile(middle[part], QUANTILE_LEVELS) for part in (~is_full, is_full)]),
        videos_per_creator=np.stack(
            [np.quantile(counts[part], QUANTILE_LEVELS) for part in (~is_full, is_full)]
        ),
        evenness=np.quantile(spread / usual, QUANTILE_LEVELS),
        rate_means=means,
        between=_vary_together(np.column_stack([*scores, of_creator - means])),
        within=_vary_together(np.column_stack([off, odds - of_creator[owner]])[in_rich]),
        fitted_to={
            "videos": len(posts),
            "creators": len(counts),
            "statistic": "quantiles of ln views around the creator's median (ladder), of creators' medians, "
            "of their spreads; covariances of ln odds of like, comment and share per view",
        },
    )


def _vary_together(columns: FloatArray) -> FloatArray:
    """(d, d) covariance that a few wild rows do not move: rank correlations, spreads of the inner 80 %."""
    spread = np.diff(np.quantile(columns, (0.1, 0.9), axis=0), axis=0)[0] / (2 * ndtri(0.9))
    scores = np.stack([_score_normally(column) for column in columns.T])
    covariance: FloatArray = np.corrcoef(scores) * np.outer(spread, spread)
    return covariance


def _rank_together(first: FloatArray, second: FloatArray | IntArray) -> float:
    return float(np.corrcoef(_score_normally(first), _score_normally(second))[0, 1])


def _fit_ceiling(views: FloatArray) -> float:
    """ln views: what the largest video in a thousand had, and half as much again."""
    return float(np.quantile(views, 0.999) + np.log(1.5))


def _score_normally(values: FloatArray | IntArray) -> FloatArray:
    """(n,) normal score of each value's rank; equal values share the mean of their ranks."""
    score: FloatArray = ndtri((rankdata(values) - 0.5) / len(values))
    return score


def fit_ladder(off: FloatArray) -> LadderParams:
    """The ladder whose videos spread as `off`, (n,) ln views around the creator's middle, does."""
    target = np.quantile(off, _TARGET) - np.median(off)
    keys = branch(make_key(1, "ladder fit"), np.arange(_FIT_VIDEOS))
    standing = draw_normal(branch(keys, 3))
    start = np.array([-1.2, -1.0, 0.7, -0.3, -1.0, -0.9, 0.5])

    def miss(packed: FloatArray) -> float:
        reached = climb(_unpack(packed), standing, keys).log_reach
        error = np.quantile(reached, _TARGET) - np.median(reached) - target
        return float((error**2).mean() + 1e-4 * ((packed - start) ** 2).mean())

    found = minimize(
        miss, start, method="Nelder-Mead", options={"maxiter": 500, "xatol": 1e-3, "fatol": 1e-6}
    )
    return _unpack(found.x)


def _unpack(packed: FloatArray) -> LadderParams:
    """Free numbers into the ranges of the shares and ratios."""
    share = 1 / (1 + np.exp(-packed))
    return LadderParams(
        pass_first=float(0.05 + 0.9 * share[0]),
        pass_last=float(0.02 + 0.7 * share[1]),
        fade=float(np.exp(packed[2])),
        growth=float(1 + np.exp(packed[3])),
        growth_spread=float(np.exp(packed[4])),
        first_spread=float(np.exp(packed[5])),
        standing=float(0.95 * share[6]),
    )
