"""From the engine's view of a video to equally likely futures: views, people, reactions, orders per market.

One future is: how the account's videos do (its own past, conformal quantiles), how far this one climbs the
ladder (its standing in the cohort by the engine's predictions, and what nobody can foresee), and how the
views spread over markets. All chances are drawn by address (`draws`): variants share their futures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.contracts import ACTION_INDEX, FloatArray, IntArray
from recommender.forecasts import OUTCOME_INDEX, OUTCOMES, Posts, ReachDraws, ReachQuestion
from recommender.markets import MARKET_CODES, MARKETS
from recommender.prediction.account_reach import LEVELS, shipped_forecaster
from recommender.simulation.audience import comprehend, count_capacity
from recommender.simulation.draws import Keys, branch, draw_normal, make_key
from recommender.simulation.engine_view import MarketView
from recommender.simulation.ladder import climb, rank_reach
from recommender.simulation.reach_params import (
    DOLLARS,
    HOUR_SHARES,
    SPILLOVER,
    USUAL_PRICE_DOLLARS,
    ReachParams,
)
from recommender.simulation.worlds import WorldFit, shipped_worlds

_WEEK_HOURS = 168
#: Actions of the engine that become outcomes, with the place of their spread in `_draw_rates`.
_REACTIONS = (("likes", "like"), ("comments", "comment"), ("shares", "share"), ("follows", "follow"))
_MAX_RATE = 0.95


@dataclass(frozen=True, slots=True)
class AccountScale:
    """How the account's videos do, before anything is known of this one."""

    log_views: FloatArray  # (n_levels,) ln views a week after posting at `account_reach.LEVELS`
    rates: dict[str, float]  # like, comment, share per view of its past; empty without one
    n_past: int  # videos it rests on


def scale_account(question: ReachQuestion) -> AccountScale:
    """The account's own week-views, from its past or from its size alone."""
    past = question.account.past
    n_past = len(past) if past is not None else 0
    row = Posts(
        creator=np.zeros(1, dtype=np.int64),
        published_at=np.array([question.published_at]),
        plays=np.array([np.nan]),
        likes=np.array([np.nan]),
        comments=np.array([np.nan]),
        shares=np.array([np.nan]),
        duration_seconds=np.array([question.draft.duration_seconds]),
        hashtag_count=np.array([float(question.draft.hashtag_count)]),
        original_sound=np.array([np.nan]),
        followers=np.array([float(question.account.followers)]),
        horizon_days=np.array([_WEEK_HOURS / 24]),
    )
    posts = join_posts(past, row) if past is not None and n_past else row
    quantiles = shipped_forecaster().predict(posts)[-1]
    return AccountScale(quantiles, _mean_rates(past) if past is not None else {}, n_past)


def join_posts(first: Posts, second: Posts) -> Posts:
    """Rows of one account, the second's after the first's."""
    columns = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in Posts.__dataclass_fields__
    }
    return Posts(**(columns | {"creator": np.zeros(len(first) + len(second), dtype=np.int64)}))


def _mean_rates(past: Posts) -> dict[str, float]:
    """Pooled reactions per view, half a reaction and 100 views added; nothing where nothing was told."""
    rates = {}
    for name, counts in (("like", past.likes), ("comment", past.comments), ("share", past.shares)):
        told = np.isfinite(counts) & np.isfinite(past.plays)
        if told.any():
            rates[name] = float((counts[told].sum() + 0.5) / (past.plays[told].sum() + 100))
    return rates


def draw_futures(
    question: ReachQuestion,
    variant: int,
    views: dict[str, MarketView],
    params: ReachParams,
    seed: int,
    replicates: IntArray,
    usual_audience: float,
    fit: WorldFit | None = None,
) -> ReachDraws:
    """The futures with the given numbers of one variant; any split of the numbers gives the same futures.

    `usual_audience` is `measure_usual_audience` of the account as it is, for all its variants alike.
    """
    fit = fit or shipped_worlds()
    keys = branch(make_key(seed, "future"), replicates)
    home = views[question.account.market]
    foresight = np.clip(params.foresight + params.foresight_spread * draw_normal(branch(keys, 3)), 0.0, 0.9)
    unseen = np.sqrt(1 - foresight**2) * draw_normal(branch(keys, 1))
    standing = foresight * home.standing()[variant] + unseen
    climbed = climb(fit.ladder, standing, branch(keys, 2))
    scale = scale_account(question)
    log_week = read_quantiles(
        scale.log_views, rank_reach(fit.ladder, climbed.log_reach), params.tail_exponent
    )
    power = params.audience_power + params.audience_power_spread * draw_normal(branch(keys, 4))
    log_week = log_week + np.clip(power, 0.05, 0.95) * np.log(
        measure_audience(question, variant, views, params) / usual_audience
    )
    week = np.exp(log_week)
    split = _split_markets(question, variant, views, params, keys, climbed.stage)
    capped = cap_views(week[:, None] * split, MARKET_CODES, params, keys)
    week_by_market = capped[:, [MARKET_CODES.index(market) for market in question.markets]]
    week = week_by_market.sum(axis=1)
    hours = np.arange(1, _WEEK_HOURS + 1, dtype=np.float64)
    arrived = _arrive(question, params, keys, hours)
    views_now = week_by_market * arrived[:, question.horizon_hours - 1, None]
    steps = np.diff(arrived[:, : question.horizon_hours], axis=1, prepend=0.0)
    outcomes = _react(question, variant, views, params, fit, scale, keys, views_now, steps)
    streams = _find_streams(question, params, keys, views_now.sum(axis=1), outcomes)
    return ReachDraws(outcomes, week[:, None] * arrived, hours, climbed.stage, streams)


def read_quantiles(log_views: FloatArray, rank: FloatArray, tail_exponent: float) -> FloatArray:
    """(n,) ln views at each rank of (n_levels,) quantiles; power tails beyond the outermost."""
    inside = np.interp(rank, LEVELS, log_views)
    low, high = LEVELS[0], LEVELS[-1]
    above = log_views[-1] + np.log((1 - high) / np.maximum(1 - rank, 1e-9)) / tail_exponent
    below = log_views[0] - np.log(low / np.maximum(rank, 1e-9)) / tail_exponent
    read: FloatArray = np.where(rank > high, above, np.where(rank < low, below, inside))
    return read


def weigh_market(home: str, market: str, language: str, params: ReachParams) -> float:
    """How many views a market gives for one that the home market's full audience would give, usual odds.

    Grows with the audience, with how many of it follow the language, and with the taste the two share.
    """
    taste = SPILLOVER[MARKET_CODES.index(home)][MARKET_CODES.index(market)]
    travel = 1.0 if market == home else params.travel * taste
    return travel * count_capacity(market, params) * comprehend(market, language)


def measure_audience(
    question: ReachQuestion, variant: int, views: dict[str, MarketView], params: ReachParams
) -> float:
    """Impressions a day this variant can reach: markets weighed by language, taste and the engine's odds."""
    return (
        sum(
            weigh_market(question.account.market, market, question.draft.language, params)
            * _temper_odds(views[market].odds[variant], params)
            for market in MARKET_CODES
        )
        + 1e-9
    )


def measure_usual_audience(question: ReachQuestion, params: ReachParams) -> float:
    """The same of a usual video of the account: in the first language of its country, in all markets."""
    home = question.account.market
    language = MARKETS[home].main_language
    return sum(weigh_market(home, market, language, params) for market in MARKET_CODES)


def _temper_odds(odds: float, params: ReachParams) -> float:
    """The engine's odds, 1 = usual, so that no multiple of the usual counts more than `most_odds` times."""
    bound = params.most_odds
    return float((bound * max(odds, 0.0) / (bound - 1 + max(odds, 0.0))) ** params.odds_power)


def _split_markets(
    question: ReachQuestion,
    variant: int,
    views: dict[str, MarketView],
    params: ReachParams,
    keys: Keys,
    stage: IntArray,
) -> FloatArray:
    """(n_replicates, 8) share of the views in each market, summing to 1; other markets open late."""
    home = question.account.market
    columns = []
    for market in MARKET_CODES:
        weight = weigh_market(home, market, question.draft.language, params)
        weight *= _temper_odds(views[market].odds[variant], params)
        drawn = draw_normal(branch(branch(keys, 10), MARKET_CODES.index(market)))
        spread = params.audience_spread if market == home else params.travel_spread
        is_open = np.where((market == home) | (stage >= params.travel_from_stage), 1.0, params.travel_early)
        columns.append(weight * np.exp(spread * drawn) * is_open)
    weights = np.stack(columns, axis=1)
    total = weights.sum(axis=1, keepdims=True)
    split: FloatArray = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return split


def cap_views(views: FloatArray, markets: Sequence[str], params: ReachParams, keys: Keys) -> FloatArray:
    """(n, n_markets) views of a week, so that no video takes more than all impressions its audience can have.

    Smooth: far below the capacity nothing changes.
    """
    capacity = np.stack(
        [
            _draw_audience(market, params, keys) * params.plays_per_impression * params.impressions_per_person
            for market in markets
        ],
        axis=1,
    )
    capped: FloatArray = capacity * -np.expm1(-views / capacity)
    return capped


def _draw_audience(market: str, params: ReachParams, keys: Keys) -> FloatArray:
    """(n,) people of a market, as uncertain as the published figures are."""
    drawn = draw_normal(branch(branch(keys, 20), MARKET_CODES.index(market)))
    people: FloatArray = MARKETS[market].audience * np.exp(params.audience_spread * drawn)
    return people


def _arrive(question: ReachQuestion, params: ReachParams, keys: Keys, hours: FloatArray) -> FloatArray:
    """(n, n_hours) share of the week's views that is there after each hour, rising to 1.

    Growth differs between videos by one number each; within the day it follows the account's local hours.
    """
    mean, spread = params.growth_at(hours)
    own = draw_normal(branch(keys, 30))
    share = np.minimum(np.exp(mean + spread * np.minimum(own[:, None], 2.0)), 1.0)
    start = MARKETS[question.account.market].local_time(question.published_at).hour
    local = (start + np.arange(len(hours))) % 24
    busy = np.array(HOUR_SHARES)[local] * 24
    steps = np.diff(np.maximum.accumulate(share, axis=1), axis=1, prepend=0.0) * busy
    arrived = np.cumsum(steps, axis=1)
    normed: FloatArray = arrived / arrived[:, -1:]
    return normed


def _react(
    question: ReachQuestion,
    variant: int,
    market_views: dict[str, MarketView],
    params: ReachParams,
    fit: WorldFit,
    scale: AccountScale,
    keys: Keys,
    views: FloatArray,
    steps: FloatArray,
) -> FloatArray:
    """(n, n_markets, n_outcomes) what the views lead to; `steps` is (n, n_hours), share of each hour."""
    n, n_markets = views.shape
    result = np.zeros((n, n_markets, len(OUTCOMES)))
    effects = _draw_rates(params, fit, keys)
    for column, market in enumerate(question.markets):
        view, seen = market_views[market], views[:, column]
        rates = _expect_rates(view, variant, scale)
        impressions = seen / params.plays_per_impression
        people = _draw_audience(market, params, keys)
        put = result[:, column]
        put[:, OUTCOME_INDEX["impressions"]] = impressions
        put[:, OUTCOME_INDEX["people"]] = people * -np.expm1(
            -impressions / params.impressions_per_person / people
        )
        put[:, OUTCOME_INDEX["views"]] = seen
        put[:, OUTCOME_INDEX["completions"]] = seen * rates["finish"]
        for name, action in _REACTIONS:
            put[:, OUTCOME_INDEX[name]] = seen * _shift(rates[action], effects[action])
        visits = impressions * params.profile_visit_rate * np.exp(effects["follow"] * 0.5)
        put[:, OUTCOME_INDEX["profile_visits"]] = visits
        put[:, OUTCOME_INDEX["profile_clicks"]] = visits * params.profile_click_rate
        if question.draft.has_cart:
            could_buy = seen * _share_with_cart(question, market, steps)
            _sell(put, question, market, rates, effects, params, could_buy)
    return result


def has_cart_path(question: ReachQuestion, market: str) -> bool:
    """Can this video sell through a cart in this market on the day it is posted there?"""
    day = MARKETS[market].local_time(question.published_at).date()
    return question.draft.has_cart and MARKETS[market].has_cart_on(day)


def _share_with_cart(question: ReachQuestion, market: str, steps: FloatArray) -> FloatArray:
    """(n,) share of the views that fall on days on which the market has carts."""
    hours = question.published_at + 3600.0 * np.arange(steps.shape[1])
    days = [MARKETS[market].local_time(float(hour)).date() for hour in hours]
    is_open = np.array([MARKETS[market].has_cart_on(day) for day in days])
    share: FloatArray = steps[:, is_open].sum(axis=1) / np.maximum(steps.sum(axis=1), 1e-300)
    return share


def _sell(
    put: FloatArray,
    question: ReachQuestion,
    market: str,
    rates: dict[str, float],
    effects: dict[str, FloatArray],
    params: ReachParams,
    seen: FloatArray,
) -> None:
    """Cart clicks, orders and their worth in the market's currency."""
    clicks = seen * _shift(rates["cart_click"], effects["cart_click"])
    price = question.draft.price
    dollars = price * DOLLARS[question.account.market] if price else USUAL_PRICE_DOLLARS
    ordered = min(rates["order"] / max(rates["cart_click"], 1e-9), _MAX_RATE)
    ordered *= (dollars / USUAL_PRICE_DOLLARS) ** -params.price_elasticity
    orders = clicks * np.minimum(ordered * np.exp(effects["order"]), 1.0)
    put[:, OUTCOME_INDEX["cart_clicks"]] = clicks
    put[:, OUTCOME_INDEX["orders"]] = orders
    put[:, OUTCOME_INDEX["gmv"]] = orders * dollars / DOLLARS[market]


def _expect_rates(view: MarketView, variant: int, scale: AccountScale) -> dict[str, float]:
    """Reactions per view: the account's own rate, moved as the engine sees this video above its cohort."""
    rates = {}
    for action, place in ACTION_INDEX.items():
        predicted, usual = float(view.action[variant, place]), float(view.usual_action[place])
        own = scale.rates.get(action)
        rates[action] = min(own * predicted / max(usual, 1e-9) if own else predicted, _MAX_RATE)
    return rates


def _draw_rates(params: ReachParams, fit: WorldFit, keys: Keys) -> dict[str, FloatArray]:
    """ln odds by which this video's rates differ: likes, comments and shares together as in real counts."""
    drawn = draw_normal(branch(branch(keys, 40)[:, None], np.arange(6)))
    values, vectors = np.linalg.eigh(fit.within[1:, 1:])
    together = drawn[:, :3] @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    effects = {name: together[:, place] for place, name in enumerate(("like", "comment", "share"))}
    for place, name in enumerate(("follow", "cart_click", "order")):
        effects[name] = params.rate_spreads[place] * drawn[:, 3 + place]
    return effects


def _shift(rate: float, effect: FloatArray) -> FloatArray:
    """(n,) rate after an effect on its odds."""
    odds = rate / max(1 - rate, 1e-9) * np.exp(effect)
    shifted: FloatArray = odds / (1 + odds)
    return shifted


def _find_streams(
    question: ReachQuestion, params: ReachParams, keys: Keys, views: FloatArray, outcomes: FloatArray
) -> FloatArray:
    """(n, 3) views by For You, followers and shares; shares cascade with a branching ratio below one."""
    spread = np.exp(params.follower_spread * draw_normal(branch(keys, 50)))
    followers = np.minimum(question.account.followers * params.follower_share * spread, 0.6 * views)
    rate = outcomes[:, :, OUTCOME_INDEX["shares"]].sum(axis=1) / np.maximum(views, 1e-9)
    branching = np.minimum(rate * params.share_fan_out, params.most_branching)
    shared = (views - followers) * branching
    return np.stack([views - followers - shared, followers, shared], axis=1)
