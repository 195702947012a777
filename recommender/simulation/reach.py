"""One reach question with its variants, from the live engine to the answer: the whole run in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.contracts import IntArray, ValueWeights
from recommender.flow import Engine
from recommender.forecasts import HORIZONS_HOURS, ReachDraws, ReachQuestion
from recommender.markets import LANGUAGE_SOURCE, MARKET_CODES, MARKETS
from recommender.prediction.account_past import SETTLED_DAYS
from recommender.prediction.account_reach import LEVELS, shipped_forecaster
from recommender.simulation.answer import (
    compare_futures,
    describe_futures,
    find_drivers,
    rank_changes,
    spell_quantiles,
    spell_weighted,
    update_futures,
)
from recommender.simulation.audience import GroupTastes
from recommender.simulation.cover import describe_cover, list_shown, mix_covers
from recommender.simulation.engine_view import MarketView, view_markets
from recommender.simulation.estimate import draw_futures, measure_usual_audience, scale_account
from recommender.simulation.reach_params import ReachParams, hours_a_month

#: Version of the answer's shape; a reader refuses one it does not know.
SCHEMA = "reach-1"
_SHARDS = 4
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class ReachRun:
    """A question, what is varied, and how finely it is drawn."""

    question: ReachQuestion
    variants: tuple[ReachQuestion, ...] = ()
    n_replicates: int = 400
    seed: int = 7
    observed: tuple[tuple[int, float], ...] = ()  # (hour, real views by then)
    params: ReachParams = field(default_factory=ReachParams)

    def __post_init__(self) -> None:
        question = self.question
        if question.horizon_hours not in HORIZONS_HOURS:
            choices = ", ".join(str(hours) for hours in HORIZONS_HOURS)
            raise ValueError(
                f"a horizon of {question.horizon_hours} hours was asked; choose one of {choices}"
            )
        if not question.markets:
            raise ValueError(f"no market was chosen; choose at least one of {', '.join(MARKET_CODES)}")
        if not 50 <= self.n_replicates <= 20_000:
            raise ValueError(f"{self.n_replicates} futures were asked; choose 50 to 20000")


def simulate_reach(
    engine: Engine,
    weights: ValueWeights,
    rows: IntArray,
    run: ReachRun,
    report: Report,
    groups: GroupTastes | None = None,
) -> dict[str, Any]:
    """The answer as plain numbers.

    Parameters
    ----------
    engine : over a catalogue that holds `list_asked(run, topic_names)` in `rows`, in this order.
    report : told the fraction done and the step; may raise to stop the run.
    groups : the engine's groups of viewers by interest; None = tastes from the market's likes.
    """
    # A page's products are so small that threads inside them only wait for each other.
    with threadpool_limits(1, "blas"):
        views = view_markets(
            engine, weights, rows, MARKET_CODES, run.question.published_at, run.params, run.seed,
            lambda fraction, market: report(0.05 + 0.6 * fraction, f"asking the engine: {market}"), groups,
        )  # fmt: skip
    return answer_reach(engine, run, views, report, groups)


def list_asked(run: ReachRun, topic_names: Sequence[str]) -> list[ReachQuestion]:
    """What the engine is asked about: the question, its variants, and what their covers show instead."""
    questions = [run.question, *run.variants]
    return questions + list_shown(questions, topic_names)[0]


def answer_reach(
    engine: Engine,
    run: ReachRun,
    views: dict[str, MarketView],
    report: Report,
    groups: GroupTastes | None = None,
) -> dict[str, Any]:
    """The answer from the engine's view of every market: the futures, then the figures."""
    questions = (run.question, *run.variants)
    _, mixtures = list_shown(questions, engine.catalogue.topic_names)
    views = {name: mix_covers(view, mixtures, run.params.cover_share) for name, view in views.items()}
    usual = measure_usual_audience(run.question, run.params)
    draws = []
    for place, question in enumerate(questions):
        report(0.65 + 0.3 * place / len(questions), f"drawing futures: {question.name}")
        shards = [
            draw_futures(question, place, views, run.params, run.seed, numbers, usual)
            for numbers in np.array_split(np.arange(run.n_replicates), _SHARDS)
        ]
        draws.append(join_draws(shards))
    report(0.96, "summing up")
    return {
        "schema": SCHEMA,
        "engine_version": engine.version,
        "is_fallback": engine.is_fallback,
        "n_replicates": run.n_replicates,
        "seed": run.seed,
        "horizon_hours": run.question.horizon_hours,
        "account_videos": scale_account(run.question).n_past,
        "cover": describe_cover(run.question.draft, engine.catalogue.topic_names),
        "drivers": find_drivers(run.question, views, draws[0], run.params),
        "assumptions": list_assumptions(run, groups),
        **_sum_up(run, draws),
    }


def _sum_up(run: ReachRun, draws: Sequence[ReachDraws]) -> dict[str, Any]:
    """What the futures of the question and of its variants come to."""
    comparisons = [compare_futures(draws[0], other) for other in draws[1:]]
    return {
        "forecast": describe_futures(run.question, draws[0]),
        "updated": _update(draws[0], run),
        "variants": [
            {**describe_futures(question, drawn), "comparison": comparison}
            for question, drawn, comparison in zip(run.variants, draws[1:], comparisons, strict=True)
        ],
        "changes": rank_changes(run.variants, comparisons),
    }


def join_draws(shards: Sequence[ReachDraws]) -> ReachDraws:
    """Futures of several shards, in the order of their numbers."""
    first = shards[0]
    return replace(
        first,
        outcomes=np.concatenate([shard.outcomes for shard in shards]),
        hourly_views=np.concatenate([shard.hourly_views for shard in shards]),
        stage=np.concatenate([shard.stage for shard in shards]),
        streams=np.concatenate([shard.streams for shard in shards]),
    )


def _update(draws: ReachDraws, run: ReachRun) -> list[dict[str, Any]]:
    """The forecast after real counts came in: the same futures, weighed by how near they came."""
    updates = []
    for hour, views in run.observed:
        weight = update_futures(draws, hour, views, run.params)
        updates.append(
            {
                "hour": hour,
                "observed_views": views,
                "before": spell_quantiles(draws.hourly_views[:, -1]),
                "after": spell_weighted(draws.hourly_views[:, -1], weight),
                "effective_futures": round(float(1 / (weight**2).sum()), 1),
            }
        )
    return updates


def list_assumptions(run: ReachRun, groups: GroupTastes | None = None) -> list[dict[str, Any]]:
    """Every number the answer leans on that is no prediction: value, unit, date, source, checked or not."""
    lines: list[dict[str, Any]] = []
    for code in run.question.markets:
        market = MARKETS[code]
        lines.append(
            {
                "what": "audience", "market": code, "value": market.audience, "unit": "people",
                "as_of": market.audience_as_of, "source": market.audience_source,
                "is_verified": market.audience_is_verified, "spread_ln": run.params.audience_spread,
            }
        )  # fmt: skip
        lines.append(
            {
                "what": "hours_a_month", "market": code, "value": hours_a_month(code), "unit": "hours",
                "as_of": "2021 to 2025", "is_verified": False,
                "source": "DataReportal, data.ai; the world's where no country's is known",
            }
        )  # fmt: skip
    lines.append({"what": "language_shares", "unit": "share", "source": LANGUAGE_SOURCE, "is_verified": True})
    lines.append(_tell_interests(groups))
    params = asdict(run.params)
    lines += [
        {"what": name, "value": params[name], "unit": unit, "source": source, "is_verified": checked}
        for name, unit, source, checked in _LISTED
    ]
    return lines


def _tell_interests(groups: GroupTastes | None) -> dict[str, Any]:
    """Where the tastes of the simulated viewers come from."""
    if groups is None:
        source = (
            "what each market likes lately: no grouping of viewers is in force; `manage.py regroup` makes one"
        )
        return {"what": "interests", "unit": "", "source": source, "is_verified": False}
    source = f"the engine's own groups of viewers by interest, version {groups.version}"
    told = {"what": "interests", "value": len(groups.size), "unit": "groups", "source": source}
    return {**told, "is_verified": True}


_LISTED: tuple[tuple[str, str, str, bool], ...] = (
    ("foresight", "share", "assumption: what predictions can see of a video before it is posted", False),
    (
        "travel",
        "share",
        "assumption, of the fitted overlap of popular tags between countries (YouTube, 2024-2026)",
        False,
    ),
    ("audience_power", "power", "assumption: how views grow with the audience that understands", False),
    (
        "cover_share",
        "share",
        "assumption: viewers who go by the cover; no public log tells covers apart",
        False,
    ),
    ("plays_per_impression", "share", "KuaiRand-Pure, 2022", True),
    ("impressions_per_person", "per day", "KuaiRand-Pure, 2022, median video", True),
    ("tail_exponent", "", "24,766 public videos of 2020", True),
    ("growth_log_share", "ln share of a week", "YouTube GB 2017 from one day on; before: assumption", False),
    ("profile_visit_rate", "per impression", "KuaiRand-Pure, log of April 2022", True),
    ("profile_click_rate", "per visit", "assumption: no public figure", False),
    ("price_elasticity", "power", "assumption: no public figure; import orders to see your own", False),
    ("follower_share", "share of followers", "assumption", False),
)


def backtest_account(question: ReachQuestion) -> list[dict[str, Any]]:
    """Forecasts of the account's earlier videos, each from what was known before, beside what happened."""
    past = question.account.past
    if past is None or not len(past):
        return []
    quantiles = shipped_forecaster().predict(past)
    chosen = [LEVELS.index(level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)]
    lines = []
    for row in range(len(past)):
        ends = np.exp(quantiles[row, chosen])
        views = float(past.plays[row])
        lines.append(
            {
                "published_at": float(past.published_at[row]),
                "views": views,
                **{
                    f"q{name}": float(f"{end:.3g}")
                    for name, end in zip(("05", "25", "50", "75", "95"), ends, strict=True)
                },
                "in_50": bool(ends[1] <= views <= ends[3]),
                "in_90": bool(ends[0] <= views <= ends[4]),
                "has_past": bool((past.published_at < past.published_at[row] - SETTLED_DAYS * 86_400).any()),
            }
        )
    return lines
