"""Put futures into figures to act on: medians, 50 and 90 % intervals, chances, what limits, what helps.

No mean is told: with tails like these it says nothing about one video.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recommender.contracts import ACTION_INDEX, VALUE_TERMS, FloatArray
from recommender.forecasts import MILESTONES, OUTCOME_INDEX, STREAMS, ReachDraws, ReachQuestion
from recommender.markets import MARKETS
from recommender.simulation.engine_view import MarketView
from recommender.simulation.estimate import (
    has_cart_path,
    measure_audience,
    measure_usual_audience,
    scale_account,
)
from recommender.simulation.ladder import N_STAGES
from recommender.simulation.reach_params import ReachParams

LEVELS: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
_STAGES_TOLD = 7
#: Hours of the path that are told.
_PATH_HOURS = (1, 2, 3, 6, 12, 24, 48, 72, 96, 120, 144, 168)
_BINS = 24


def spell_quantiles(values: FloatArray) -> dict[str, float]:
    """Median with the 50 and 90 % intervals' ends, three significant digits."""
    return {
        f"q{round(100 * level):02d}": float(f"{number:.3g}")
        for level, number in zip(LEVELS, np.quantile(values, LEVELS), strict=True)
    }


def describe_futures(question: ReachQuestion, draws: ReachDraws) -> dict[str, Any]:
    """One variant: all asked markets together, each market, the path, the stages."""
    views = draws.outcomes[:, :, OUTCOME_INDEX["views"]]
    total = views.sum(axis=1)
    markets = {}
    for column, market in enumerate(question.markets):
        markets[market] = {
            "currency": MARKETS[market].currency,
            "has_cart": has_cart_path(question, market),
            "outcomes": {
                name: spell_quantiles(draws.outcomes[:, column, place])
                for name, place in OUTCOME_INDEX.items()
            },
            "milestones": _spell_milestones(views[:, column]),
            "share_of_views": spell_quantiles(views[:, column] / np.maximum(total, 1e-9)),
        }
    summed = {
        name: spell_quantiles(draws.outcomes[:, :, place].sum(axis=1))
        for name, place in OUTCOME_INDEX.items()
        if name != "gmv"  # currencies differ
    }
    return {
        "name": question.name,
        "total": {"outcomes": summed, "milestones": _spell_milestones(total), "histogram": _bin(total)},
        "markets": markets,
        "path": [{"hour": hour, **spell_quantiles(draws.hourly_views[:, hour - 1])} for hour in _PATH_HOURS],
        "stages": [
            {"stage": stage, "chance": float((draws.stage >= stage).mean())}
            for stage in range(1, _STAGES_TOLD)
        ],
        "streams": {
            name: spell_quantiles(draws.streams[:, place] / np.maximum(total, 1e-9))
            for place, name in enumerate(STREAMS)
        },
    }


def _spell_milestones(views: FloatArray) -> dict[str, float]:
    return {str(milestone): float((views >= milestone).mean()) for milestone in MILESTONES}


def _bin(total: FloatArray) -> dict[str, list[float]]:
    """Chances per bin of log views, for a chart."""
    logs = np.log10(np.maximum(total, 1.0))
    edges = np.linspace(np.floor(logs.min() * 4) / 4, np.ceil(logs.max() * 4) / 4 + 0.01, _BINS + 1)
    counts, _ = np.histogram(logs, edges)
    return {
        "log10_edges": edges.round(4).tolist(),
        "chance": (counts / max(len(logs), 1)).round(5).tolist(),
    }


def compare_futures(base: ReachDraws, variant: ReachDraws) -> dict[str, Any]:
    """A variant beside the first, future by future: the same chances, so a difference is a difference."""
    before, after = (draws.outcomes[:, :, OUTCOME_INDEX["views"]].sum(axis=1) for draws in (base, variant))
    gain = after / np.maximum(before, 1e-9) - 1
    orders = [draws.outcomes[:, :, OUTCOME_INDEX["orders"]].sum(axis=1) for draws in (base, variant)]
    extra = {
        f"q{round(100 * level):02d}": float(f"{number:.3g}")
        for level, number in zip(LEVELS, np.quantile(orders[1] - orders[0], LEVELS), strict=True)
    }
    return {
        "gain": {
            f"q{round(100 * level):02d}": round(float(number), 4)
            for level, number in zip(LEVELS, np.quantile(gain, LEVELS), strict=True)
        },
        "chance_better": float((gain > 1e-9).mean()),
        "extra_orders": extra,
    }


def find_drivers(
    question: ReachQuestion, views: dict[str, MarketView], draws: ReachDraws, params: ReachParams
) -> dict[str, Any]:
    """What limits this video: its pool, the markets, the predicted actions and the account, as shares."""
    home = views[question.account.market]
    stopped = np.bincount(np.minimum(draws.stage, N_STAGES), minlength=N_STAGES + 1)[:_STAGES_TOLD]
    action_gap = _weigh_terms(home)
    scale = scale_account(question)
    audience = np.log(measure_audience(question, 0, views, params) / measure_usual_audience(question, params))
    pull = {
        "account": abs(float(scale.log_views[len(scale.log_views) // 2]) - np.log(1000.0)),
        "prediction": abs(params.foresight * float(home.standing()[0])),
        "audience": abs(params.audience_power * float(audience)),
    }
    total = sum(pull.values()) or 1.0
    sums = draws.outcomes[:, :, OUTCOME_INDEX["views"]].sum(axis=0)
    return {
        "parts": [{"name": name, "share": round(float(size) / total, 4)} for name, size in pull.items()],
        "position_in_cohort": round(float(home.position[0]), 4),
        "limiting_pool": int(stopped.argmax()) + 1,
        "stops": [round(float(count), 4) for count in stopped / len(draws.stage)],
        "market_shares": {
            market: round(float(share), 4)
            for market, share in zip(question.markets, sums / max(float(sums.sum()), 1e-9), strict=True)
        },
        "admitted": {market: round(float(views[market].admitted[0]), 3) for market in question.markets},
        "actions": action_gap,
    }


def _weigh_terms(home: MarketView) -> list[dict[str, Any]]:
    """Each term of the value beside the cohort's: where the video loses most comes first."""
    gap = home.terms[0] - home.usual_terms
    size = float(np.abs(gap).sum()) or 1.0
    order = np.argsort(gap)
    return [
        {
            "action": VALUE_TERMS[term],
            "share": round(float(gap[term]) / size, 4),
            "predicted": _probability(home.action[0], term),
            "usual": _probability(home.usual_action, term),
        }
        for term in order.tolist()
        if abs(float(gap[term])) > 1e-9
    ]


def _probability(rates: FloatArray, term: int) -> float | None:
    return round(float(rates[term]), 5) if term < len(ACTION_INDEX) else None


def rank_changes(
    questions: Sequence[ReachQuestion], comparisons: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Changes by their middle gain, best first."""
    lines = [
        {"name": question.name, **comparison}
        for question, comparison in zip(questions, comparisons, strict=True)
    ]
    return sorted(lines, key=lambda line: -float(line["gain"]["q50"]))


def update_futures(draws: ReachDraws, hour: int, views: float, params: ReachParams) -> FloatArray:
    """(n_replicates,) weights, summing to 1, after `views` real views at `hour`: no new run.

    Importance weights by how near each future's path was (Gordon, Salmond and Smith, IEE 1993): normal in ln
    views, as wide as counts of that hour scatter around a smooth path.
    """
    noise = max(0.15, float(params.growth_at(np.array([float(hour)]))[1][0]) * 0.25)
    gap = (np.log(np.maximum(draws.hourly_views[:, hour - 1], 0.5)) - np.log(max(views, 0.5))) / noise
    log_weight = -0.5 * np.minimum(gap**2, 1e4)
    weight = np.exp(log_weight - log_weight.max())
    normed: FloatArray = weight / weight.sum()
    return normed


def spell_weighted(values: FloatArray, weight: FloatArray) -> dict[str, float]:
    """`spell_quantiles` of weighted futures."""
    order = np.argsort(values)
    cumulated = np.cumsum(weight[order]) - weight[order] / 2
    read = np.interp(LEVELS, cumulated, values[order])
    return {
        f"q{round(100 * level):02d}": float(f"{number:.3g}")
        for level, number in zip(LEVELS, read, strict=True)
    }
