"""Worlds of creators and videos as the fitted platform makes them, and the fit itself.

views = size of the account x what the account gets beyond its size x the ladder; the rates of likes, comments
and shares vary between creators and between videos, together with the views. Fitted to one half of the
creators, held against the other (`validate reach`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from recommender.contracts import FloatArray, IntArray
from recommender.forecasts import Posts
from recommender.simulation.draws import branch, draw_normal, draw_uniform, make_key
from recommender.simulation.ladder import LadderParams, climb
from recommender.training.reach_statistics import measure_rates

#: Levels of the quantiles that stand for a distribution.
_GRID = np.concatenate([[0.002, 0.01], np.linspace(0.025, 0.975, 39), [0.99, 0.998]])
#: Levels at which the ladder meets the spread of a creator's videos: the tails count as much as the middle.
_TARGET = np.array(
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995]
)
#: Videos a creator needs before its own middle and spread are taken from it.
_MIN_VIDEOS = 10
#: Videos from which a creator counts as full: the counting took the newest 25 of most.
_FULL_VIDEOS = 20
_RATES = ("likes", "comments", "shares")
_FIT_VIDEOS = 20_000
#: Numbers fitted to public counts; see "fitted_to" in the file.
FITTED_FILE = Path(__file__).with_name("worlds.json")


@dataclass(frozen=True, slots=True)
class WorldFit:
    """Everything a world is made of; distributions as quantiles at `_GRID`."""

    ladder: LadderParams
    ceiling: float  # ln views a video nears but does not pass: the audience there is
    thin_share: float  # creators with fewer than 20 videos, 0-1
    count_follows_level: float  # correlation of number of videos and level among full creators
    creator_level: FloatArray  # (2, n) ln views of creators' middles: thin, then full creators
    videos_per_creator: FloatArray  # (2, n)
    evenness: FloatArray  # (n,) spread of a creator's videos over the usual spread
    rate_means: FloatArray  # (3,) ln odds of like, comment, share
    between: FloatArray  # (5, 5) covariance over creators of (level, evenness, three rates), the first two as scores
    within: FloatArray  # (4, 4) covariance over videos of (ln views off the middle, three rates)
    fitted_to: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Names and numbers."""
        arrays = {name: getattr(self, name).round(5).tolist() for name in _ARRAYS}
        numbers = {name: round(getattr(self, name), 5) for name in _NUMBERS}
        return {"fitted_to": dict(self.fitted_to), "ladder": asdict(self.ladder), **numbers, **arrays}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> WorldFit:
        """What `to_dict` wrote."""
        arrays = {name: np.array(stored[name]) for name in _ARRAYS}
        return cls(
            ladder=LadderParams(**stored["ladder"]),
            **{name: stored[name] for name in _NUMBERS},
            fitted_to=stored["fitted_to"],
            **arrays,
        )


_NUMBERS = ("ceiling", "thin_share", "count_follows_level")
_ARRAYS = ("creator_level", "videos_per_creator", "evenness", "rate_means", "between", "within")


@lru_cache(maxsize=1)
def shipped_worlds() -> WorldFit:
    """The fit whose numbers are part of the product."""
    return WorldFit.from_dict(json.loads(FITTED_FILE.read_text()))


def make_world(fit: WorldFit, n_creators: int, seed: int) -> dict[str, FloatArray]:
    """A world: columns creator, plays, likes, comments, shares, one row a video."""
    creators = branch(make_key(seed, "creator"), np.arange(n_creators))
    shared = _draw_together(fit.between, creators)
    full = (draw_uniform(branch(creators, 1)) > fit.thin_share).astype(np.int64)
    level = _read_quantiles(fit.creator_level, full, ndtr(shared[:, 0]))
    follows = np.where(full == 1, fit.count_follows_level, 0.0)
    score = follows * shared[:, 0] + np.sqrt(1 - follows**2) * draw_normal(branch(creators, 2))
    counts = _read_quantiles(fit.videos_per_creator, full, ndtr(score))
    counts = np.maximum(np.round(counts), 1).astype(np.int64)
    evenness = np.interp(ndtr(shared[:, 1]), _GRID, fit.evenness)
    owner = np.repeat(np.arange(n_creators), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    videos = branch(creators[owner], 1_000_000 + number)
    reached = climb(fit.ladder, draw_normal(branch(videos, 3)), videos).log_reach
    off = (reached - np.median(reached)) * evenness[owner]
    views = level[owner] + off
    views = fit.ceiling - np.log1p(np.exp(fit.ceiling - views))  # below the audience nothing changes
    plays = np.maximum(np.round(np.exp(views)), 1.0)
    return {"creator": owner, "plays": plays, **_react(fit, shared[owner, 2:], off, plays, videos)}


def _read_quantiles(table: FloatArray, row: IntArray, rank: FloatArray) -> FloatArray:
    """(n,) the value at each rank of the distribution in each row."""
    return np.where(row == 0, np.interp(rank, _GRID, table[0]), np.interp(rank, _GRID, table[1]))


def _react(
    fit: WorldFit, of_creator: FloatArray, off: FloatArray, plays: FloatArray, videos: IntArray
) -> dict[str, FloatArray]:
    """Likes, comments and shares of each video: rates that lean on the views, counts by chance."""
    lean = fit.within[0, 1:] / fit.within[0, 0]
    rest = fit.within[1:, 1:] - np.outer(lean, lean) * fit.within[0, 0]
    own = _draw_together(rest, branch(videos, 5))
    odds = fit.rate_means + of_creator + lean * off[:, None] + own
    rates = 1 / (1 + np.exp(-odds))
    chance = draw_normal(branch(branch(videos, 6)[:, None], np.arange(3)))
    expected = rates * plays[:, None]
    counts = np.maximum(np.round(expected + chance * np.sqrt(expected * (1 - rates))), 0.0)
    return dict(zip(_RATES, counts.T, strict=True))


def _draw_together(covariance: FloatArray, keys: IntArray) -> FloatArray:
    """(n, d) normal with the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn: FloatArray = draw_normal(branch(keys[:, None], 10 + np.arange(len(covariance)))) @ root.T
    return drawn


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
    odds = np.stack([measure_rates(columns, name) for name in _RATES], axis=1)
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
        creator_level=np.stack([np.quantile(middle[part], _GRID) for part in (~is_full, is_full)]),
        videos_per_creator=np.stack([np.quantile(counts[part], _GRID) for part in (~is_full, is_full)]),
        evenness=np.quantile(spread / usual, _GRID),
        rate_means=means,
        between=_vary_together(np.column_stack([*scores, of_creator - means])),
        within=_vary_together(np.column_stack([off, odds - of_creator[owner]])[in_rich]),
        fitted_to={
            "videos": len(posts),
            "creators": len(counts),
            "statistic": "quantiles of ln views around the creator's median (ladder), of creators' medians, of their "
            "spreads; covariances of ln odds of like, comment and share per view",
        },
    )


def _vary_together(columns: FloatArray) -> FloatArray:
    """(d, d) covariance that a few wild rows do not move: rank correlations, spreads of the inner 80 %."""
    spread = np.diff(np.quantile(columns, (0.1, 0.9), axis=0), axis=0)[0] / (2 * ndtri(0.9))
    scores = np.stack([_score_normally(column) for column in columns.T])
    covariance: FloatArray = np.corrcoef(scores) * np.outer(spread, spread)
    return covariance


def _rank_together(first: FloatArray, second: FloatArray) -> float:
    return float(np.corrcoef(_score_normally(first), _score_normally(second))[0, 1])


def _fit_ceiling(views: FloatArray) -> float:
    """ln views: what the largest video in a thousand had, and half as much again."""
    return float(np.quantile(views, 0.999) + np.log(1.5))


def _score_normally(values: FloatArray) -> FloatArray:
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
