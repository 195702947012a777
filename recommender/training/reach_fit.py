"""Fit the account forecaster: a committee by smoothed pinball loss, calibrated on unseen creators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.forecasts import Posts
from recommender.prediction.account_past import describe_posts, expect_level, size_class, summarise_pasts
from recommender.prediction.account_reach import (
    LEVELS,
    MIDDLE,
    N_GROUPS,
    AccountForecaster,
    Committee,
    Network,
    order_lines,
)

#: Half-width within which the pinball loss is a parabola, ln views.
_SMOOTH = 0.05
#: L2 on the weights of standardised columns.
_L2 = 5e-4
#: Members and bends of each: 16 to 32 bends differ by less than two splits of the creators do.
_MEMBERS, _BENDS = 4, 24
#: Adam (Kingma and Ba, ICLR 2015): passes, rows a step, peak rate. More passes start to learn creators by
#: heart.
_EPOCHS, _BATCH, _RATE = 18, 256, 3e-3
#: Parts of the creators that take turns outside the fit to calibrate it.
_FOLDS = 5
#: Rows that the calibration over all groups is worth inside one group.
_GROUP_STRENGTH = 400.0
_LEVEL = np.array(LEVELS)


def fit_forecaster(posts: Posts, followers_known: bool = True, seed: int = 7) -> AccountForecaster:
    """Fit on the rows of `posts`.

    Parameters
    ----------
    followers_known : False hides the follower counts, which were taken after the postings.
    """
    if not followers_known:
        posts = hide_followers(posts)
    table, views = summarise_pasts(posts), np.log(np.maximum(posts.plays, 1.0))
    prior = _fit_prior(posts, views)
    level, by_size = expect_level(table, posts.followers, prior)
    features, rest = describe_posts(posts, table, by_size), views - level
    fold = _deal_creators(posts.creator, seed)
    raw = np.empty((len(posts), len(LEVELS)))
    for part in range(_FOLDS):
        inside = fold != part
        raw[~inside] = fit_committee(features[inside], rest[inside]).quantiles(features[~inside])
    edges = np.quantile(level, np.arange(1, N_GROUPS // 2) / (N_GROUPS // 2))
    plain = AccountForecaster(
        prior, fit_committee(features, rest), edges, np.ones((N_GROUPS, len(LEVELS))), np.zeros(N_GROUPS), {}
    )
    stretch, shift = _calibrate(raw, rest, plain.find_groups(level, table[:, 0]))
    return replace(plain, stretch=stretch, shift=shift, fitted_to=_describe_fit(posts, followers_known))


def hide_followers(posts: Posts) -> Posts:
    """The same videos of accounts whose size nobody told."""
    columns = {name: getattr(posts, name) for name in Posts.__dataclass_fields__}
    return Posts(**{**columns, "followers": np.zeros(len(posts))})


def fit_committee(features: FloatArray, rest: FloatArray) -> Committee:
    """Quantiles of `rest`, (n,) ln views above the level, over (n, n_features) columns."""
    blank = Committee(features.mean(axis=0), _measure_spread(features), ())
    columns = blank.standardise(features)
    return replace(blank, members=tuple(_fit_network(columns, rest, seed) for seed in range(_MEMBERS)))


def _measure_spread(features: FloatArray) -> FloatArray:
    """(n_features,) standard deviations; 1 for a column that never changes, so that it says nothing."""
    spread = features.std(axis=0)
    return np.where(spread > 1e-9, spread, 1.0)


def _fit_network(columns: FloatArray, rest: FloatArray, seed: int) -> Network:
    """One member by Adam; its first guess is the quantiles of `rest` alone."""
    rng = np.random.default_rng(seed)
    n_features, n_levels = columns.shape[1], len(LEVELS)
    quantile = np.quantile(rest, _LEVEL)
    gaps = np.maximum(np.abs(np.diff(quantile)), 0.05)
    parts = [
        rng.normal(size=(n_features, _BENDS)) / np.sqrt(n_features),
        np.zeros(_BENDS),
        np.zeros((_BENDS, n_levels)),
        np.zeros((n_features, n_levels)),
        np.insert(np.log(np.expm1(gaps)), MIDDLE, quantile[MIDDLE]),
    ]
    first, second = [np.zeros_like(part) for part in parts], [np.zeros_like(part) for part in parts]
    step = 0
    for epoch in range(_EPOCHS):
        rate = _RATE * (1 + np.cos(np.pi * epoch / _EPOCHS)) / 2
        for rows in np.array_split(rng.permutation(len(rest)), max(len(rest) // _BATCH, 1)):
            step += 1
            for place, slope in enumerate(_find_slope(parts, columns[rows], rest[rows])):
                first[place] = 0.9 * first[place] + 0.1 * slope
                second[place] = 0.999 * second[place] + 0.001 * slope**2
                size = np.sqrt(second[place] / (1 - 0.999**step)) + 1e-8
                parts[place] = parts[place] - rate * first[place] / (1 - 0.9**step) / size
    return Network(*parts)


def _find_slope(parts: list[FloatArray], columns: FloatArray, rest: FloatArray) -> list[FloatArray]:
    """Gradient, part by part, of the pinball loss, smoothed as Huber's, and the L2."""
    inner, inner_bias, outer, straight, bias = parts
    bends = np.tanh(columns @ inner + inner_bias)
    raw = bends @ outer + columns @ straight + bias
    error = rest[:, None] - order_lines(raw)
    push = -((_LEVEL - 0.5) + 0.5 * np.clip(error / _SMOOTH, -1.0, 1.0)) / len(rest)
    slope = 1 / (1 + np.exp(-raw))
    pull = np.empty_like(raw)
    pull[:, MIDDLE] = push.sum(axis=1)
    pull[:, :MIDDLE] = -np.cumsum(push[:, :MIDDLE], axis=1) * slope[:, :MIDDLE]
    after = slice(MIDDLE + 1, None)
    pull[:, after] = np.cumsum(push[:, :MIDDLE:-1], axis=1)[:, ::-1] * slope[:, after]
    back = (pull @ outer.T) * (1 - bends**2)
    return [
        columns.T @ back + _L2 * inner,
        back.sum(axis=0),
        bends.T @ pull + _L2 * outer,
        columns.T @ pull + _L2 * straight,
        pull.sum(axis=0),
    ]


def _fit_prior(posts: Posts, views: FloatArray) -> FloatArray:
    """(3,) least squares of ln views on the size of the account."""
    size = size_class(np.nan_to_num(posts.followers, nan=0.0))
    design = np.stack([np.ones(len(size)), size, size == 0], axis=1)
    if np.ptp(size) == 0:
        return np.array([views.mean(), 0.0, 0.0])
    solved: FloatArray = np.linalg.lstsq(design, views, rcond=None)[0]
    return solved


def _deal_creators(creator: IntArray, seed: int) -> IntArray:
    """(n,) fold of each row; the rows of a creator stay together."""
    names, inverse = np.unique(creator, return_inverse=True)
    dealt: IntArray = np.random.default_rng(seed).permutation(len(names))[inverse] % _FOLDS
    return dealt


def _calibrate(raw: FloatArray, rest: FloatArray, group: IntArray) -> tuple[FloatArray, FloatArray]:
    """Per group: the shift of the middle, and for each other quantile the stretch that makes it true."""
    overall = _calibrate_rows(raw, rest)
    stretch, shift = np.empty((N_GROUPS, len(LEVELS))), np.empty(N_GROUPS)
    for part in range(N_GROUPS):
        rows = group == part
        own = _calibrate_rows(raw[rows], rest[rows]) if rows.sum() > 30 else overall
        trust = rows.sum() / (rows.sum() + _GROUP_STRENGTH)
        stretch[part] = trust * own[0] + (1 - trust) * overall[0]
        shift[part] = trust * own[1] + (1 - trust) * overall[1]
    return stretch, shift


def _calibrate_rows(raw: FloatArray, rest: FloatArray) -> tuple[FloatArray, float]:
    """(n_levels,) stretches and the shift with which these rows' quantiles are exact on average."""
    shift = float(np.median(rest - raw[:, MIDDLE]))
    away = rest - raw[:, MIDDLE] - shift
    stretch = np.ones(len(LEVELS))
    for column, level in enumerate(LEVELS):
        if column == MIDDLE:
            continue
        distance = np.maximum(np.abs(raw[:, column] - raw[:, MIDDLE]), 1e-6)
        sign = -1.0 if level < 0.5 else 1.0
        stretch[column] = max(float(np.quantile(sign * away / distance, max(level, 1 - level))), 0.05)
    return stretch, shift


def _describe_fit(posts: Posts, followers_known: bool) -> dict[str, Any]:
    return {
        "what": "public counts of short videos of 2020, creators of every size above the median",
        "videos": len(posts),
        "creators": len(np.unique(posts.creator)),
        "followers_known": followers_known,
        "statistic": "smoothed pinball loss of ln views; calibration on creators outside the fit",
    }
