"""What the account forecaster has to beat, on the same rows and with the same knowledge.

Each peer gives the five quantiles of ln views: a rule of thumb with the spread its misses had in the fit, or
boosted trees of one quantile each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from recommender.contracts import FloatArray
from recommender.forecasts import Posts
from recommender.prediction.account_past import PAST_COLUMNS, size_class, summarise_pasts
from recommender.training.reach_data import halve_creators

SCORED_LEVELS: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Settings the trees' tuning tries on half of the fit's creators: leaves, rounds.
TREE_GRID: tuple[tuple[int, int], ...] = ((6, 150), (12, 120), (31, 80))

Peer = Callable[[Posts, Posts], FloatArray]


def creator_median(known: Posts, test: Posts) -> FloatArray:
    """The median of the creator's settled videos; for a creator without one the median of everybody."""
    return _spread_rule(known, test, "median")


def last_five_median(known: Posts, test: Posts) -> FloatArray:
    """The median of the creator's last five settled videos."""
    return _spread_rule(known, test, "median_5")


def followers_only(known: Posts, test: Posts) -> FloatArray:
    """A straight line on ln followers."""
    views = _read_views(known)
    design, asked = (
        np.stack([np.ones(len(posts)), size_class(posts.followers), posts.followers < 1], axis=1)
        for posts in (known, test)
    )
    line = np.linalg.lstsq(design, views, rcond=None)[0]
    misses: FloatArray = np.quantile(views - design @ line, SCORED_LEVELS)
    return np.asarray((asked @ line)[:, None] + misses)


def gradient_boosting(known: Posts, test: Posts) -> FloatArray:
    """Boosted trees (histogram splits, pinball loss), tuned on a split of the fit's creators."""
    first, second = halve_creators(known, seed=11)
    views, columns = _read_views(known), _list_columns(known)
    losses = []
    for setting in TREE_GRID:
        middle = _boost(columns[first], views[first], columns[second], setting, (0.5,))[:, 0]
        losses.append(np.abs(views[second] - middle).mean())
    return _boost(columns, views, _list_columns(test), TREE_GRID[int(np.argmin(losses))], SCORED_LEVELS)


def _boost(
    columns: FloatArray,
    views: FloatArray,
    asked: FloatArray,
    setting: tuple[int, int],
    levels: tuple[float, ...],
) -> FloatArray:
    leaves, rounds = setting
    quantiles = [
        HistGradientBoostingRegressor(
            loss="quantile", quantile=level, max_leaf_nodes=leaves, max_iter=rounds, learning_rate=0.06,
            min_samples_leaf=40, l2_regularization=1.0, random_state=0,
        )
        .fit(columns, views)
        .predict(asked)
        for level in levels
    ]  # fmt: skip
    return np.sort(np.stack(quantiles, axis=1), axis=1)


def _list_columns(posts: Posts) -> FloatArray:
    """(n, ...) everything a forecast may know, as trees like it: untransformed, gaps left as NaN."""
    own = (posts.duration_seconds, posts.hashtag_count, posts.original_sound, size_class(posts.followers))
    return np.column_stack([summarise_pasts(posts), *own, np.log(posts.horizon_days)])


def _spread_rule(known: Posts, test: Posts, column: str) -> FloatArray:
    views = _read_views(known)
    usual = float(np.median(views))
    guess, asked = (
        np.nan_to_num(summarise_pasts(posts)[:, PAST_COLUMNS.index(column)], nan=usual)
        for posts in (known, test)
    )
    misses: FloatArray = np.quantile(views - guess, SCORED_LEVELS) - np.median(views - guess)
    return np.asarray(asked[:, None] + misses)


def _read_views(posts: Posts) -> FloatArray:
    views: FloatArray = np.log(np.maximum(posts.plays, 1.0))
    return views


def score_pinball(views: FloatArray, quantiles: FloatArray) -> float:
    """Mean pinball loss over the five levels; half of it at the median is the mean absolute error.

    >>> score_pinball(np.array([2.0]), np.array([[0.0, 1.0, 2.0, 3.0, 4.0]]))
    0.14
    """
    error = views[:, None] - quantiles
    level = np.array(SCORED_LEVELS)
    return round(float(np.maximum(level * error, (level - 1) * error).mean()), 10)


PEERS: dict[str, Peer] = {
    "creator_median": creator_median,
    "last_five_median": last_five_median,
    "followers_only": followers_only,
    "gradient_boosting": gradient_boosting,
}
