"""Futures of a video: monotone, conserved, the same for any split of the work; no sale without a shop."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.contracts import VALUE_TERMS
from recommender.forecasts import OUTCOME_INDEX, AccountFacts, Draft, Posts, ReachQuestion
from recommender.markets import MARKET_CODES
from recommender.simulation import estimate
from recommender.simulation.agents import Agents, count_reached, expect_reached
from recommender.simulation.answer import compare_futures, update_futures
from recommender.simulation.audience import comprehend
from recommender.simulation.engine_view import MarketView
from recommender.simulation.portfolio import Portfolio, draw_portfolio, share_capacity
from recommender.simulation.reach import ReachRun, backtest_account, join_draws
from recommender.simulation.reach_params import ReachParams
from recommender.simulation.worlds import shipped_worlds

PARAMS = ReachParams()
NUMBERS = np.arange(200)
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC).timestamp()
RATES = np.array([0.3, 0.3, 0.05, 0.004, 0.006, 0.005, 0.02, 0.003, 0.01])


def make_views(odds: float = 1.0, position: float = 0.5) -> dict[str, MarketView]:
    """The same view in every market: one variant."""
    none = np.zeros((1, len(VALUE_TERMS)))
    view = MarketView(
        odds=np.array([odds]),
        position=np.array([position]),
        action=RATES[None, :],
        usual_action=RATES,
        terms=none,
        usual_terms=none[0],
        watch_seconds=np.array([8.0]),
        admitted=np.array([1.0]),
    )
    return dict.fromkeys(MARKET_CODES, view)


def make_question(**changes: object) -> ReachQuestion:
    draft = Draft("lipstick #lipstick", "en", 20.0, ("lipstick",), has_cart=True, price=9.0)
    question = ReachQuestion("draft", draft, AccountFacts("GB", 5_000), NOW, MARKET_CODES)
    own = {name: value for name, value in changes.items() if name in ReachQuestion.__dataclass_fields__}
    return replace(
        question,
        draft=replace(draft, **{name: value for name, value in changes.items() if name not in own}),  # type: ignore[arg-type]
        **own,  # type: ignore[arg-type]
    )


def draw(question: ReachQuestion, views: dict[str, MarketView] | None = None, numbers: np.ndarray = NUMBERS):
    usual = estimate.measure_usual_audience(make_question(), PARAMS)
    return estimate.draw_futures(question, 0, views or make_views(), PARAMS, 7, numbers, usual)


def sum_views(drawn) -> np.ndarray:
    return drawn.outcomes[:, :, OUTCOME_INDEX["views"]].sum(axis=1)


def test_any_split_of_the_futures_gives_the_same_bytes() -> None:
    whole = draw(make_question())
    shards = [draw(make_question(), numbers=part) for part in np.array_split(NUMBERS, 7)]
    joined = join_draws(shards)
    assert joined.outcomes.tobytes() == whole.outcomes.tobytes()
    assert joined.hourly_views.tobytes() == whole.hourly_views.tobytes()
    assert joined.streams.tobytes() == whole.streams.tobytes()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 0.9), st.floats(0.0, 0.09), st.floats(0.2, 5.0), st.floats(0.0, 3.0))
def test_a_better_prediction_never_lowers_reach(
    position: float, gain: float, odds: float, more: float
) -> None:
    before = sum_views(draw(make_question(), make_views(odds, position), NUMBERS[:60]))
    after = sum_views(draw(make_question(), make_views(odds + more, position + gain), NUMBERS[:60]))
    assert (after >= before * (1 - 1e-9)).all()


def test_a_better_understood_language_never_lowers_what_travels() -> None:
    home = make_question(markets=("TH",), language="vi")
    better = make_question(markets=("TH",), language="en")
    best = make_question(markets=("TH",), language="th")
    assert comprehend("TH", "vi") < comprehend("TH", "en") < comprehend("TH", "th")
    reach = [np.median(sum_views(draw(question))) for question in (home, better, best)]
    assert reach == sorted(reach)


def test_a_cart_changes_no_impression() -> None:
    with_cart, without = draw(make_question()), draw(make_question(has_cart=False))
    shown = OUTCOME_INDEX["impressions"]
    assert with_cart.outcomes[:, :, shown].tobytes() == without.outcomes[:, :, shown].tobytes()
    assert without.outcomes[:, :, OUTCOME_INDEX["cart_clicks"]].max() == 0
    assert with_cart.outcomes[:, :, OUTCOME_INDEX["orders"]].min(axis=0).max() > 0


@pytest.mark.parametrize(
    ("day", "sells"),
    [((2023, 10, 3), True), ((2023, 10, 4), False), ((2023, 12, 4), False), ((2023, 12, 13), True)],
)
def test_indonesia_sells_nothing_while_its_shop_is_closed(day: tuple[int, int, int], sells: bool) -> None:
    moment = datetime(*day, 6, tzinfo=UTC).timestamp()
    outcomes = draw(make_question(published_at=moment)).outcomes
    indonesia, malaysia = MARKET_CODES.index("ID"), MARKET_CODES.index("MY")
    orders = outcomes[:, :, OUTCOME_INDEX["orders"]]
    assert bool(orders[:, indonesia].max() > 0) is sells
    assert orders[:, malaysia].max() > 0
    assert outcomes[:, indonesia, OUTCOME_INDEX["views"]].max() > 0


def test_a_shop_that_closes_midway_sells_until_then() -> None:
    moment = datetime(2023, 10, 2, 6, tzinfo=UTC).timestamp()
    closing, open_all_along = (
        draw(make_question(published_at=at)).outcomes[:, MARKET_CODES.index("ID"), OUTCOME_INDEX["orders"]]
        for at in (moment, moment - 30 * 86_400)
    )
    assert closing.min() > 0
    assert (closing <= open_all_along).all()
    assert closing.sum() < 0.9 * open_all_along.sum()


def test_another_market_changes_nothing_in_the_first() -> None:
    alone, together = draw(make_question(markets=("GB",))), draw(make_question())
    assert (alone.outcomes[:, 0] == together.outcomes[:, MARKET_CODES.index("GB")]).all()


def test_people_are_never_more_than_impressions_or_the_audience() -> None:
    outcomes = draw(make_question(account=AccountFacts("SG", 50_000_000))).outcomes
    people = outcomes[:, :, OUTCOME_INDEX["people"]]
    assert (people <= outcomes[:, :, OUTCOME_INDEX["impressions"]]).all()
    assert people[:, MARKET_CODES.index("SG")].max() < 2_200_000 * np.exp(4 * PARAMS.audience_spread)


def test_the_path_rises_to_the_week_and_streams_sum_to_the_views() -> None:
    drawn = draw(make_question())
    assert (np.diff(drawn.hourly_views, axis=1) >= -1e-6).all()
    assert np.allclose(drawn.hourly_views[:, -1], sum_views(drawn))
    assert np.allclose(drawn.streams.sum(axis=1), sum_views(drawn))
    assert (drawn.streams >= 0).all()


def test_an_identical_variant_is_no_better_and_no_worse() -> None:
    comparison = compare_futures(draw(make_question()), draw(make_question(name="the same")))
    assert set(comparison["gain"].values()) == {0.0}


def test_real_counts_move_the_forecast_towards_them() -> None:
    drawn = draw(make_question())
    high = float(np.quantile(drawn.hourly_views[:, 23], 0.9))
    weight = update_futures(drawn, 24, high, PARAMS)
    assert weight.sum() == pytest.approx(1.0)
    assert weight @ drawn.hourly_views[:, -1] > np.median(drawn.hourly_views[:, -1])


def test_counted_people_agree_with_the_closed_form() -> None:
    agents = Agents(np.array([500, 3_000, 20_000]), np.array([3.0, 1.0, 0.2]))
    counted, expected = count_reached(agents, 6_000, seed=3), expect_reached(agents, 6_000)
    assert np.allclose(counted, expected, rtol=0.06)
    assert count_reached(agents, 6_000, seed=3).tolist() == counted.tolist()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=8), st.floats(1.0, 1e9))
def test_impressions_sum_to_the_capacity(wishes: list[float], capacity: float) -> None:
    wanted = np.array(wishes)
    taken, left = share_capacity(wanted, np.array(capacity))
    assert taken.sum() + left == pytest.approx(capacity, rel=1e-6)
    assert (taken <= wanted * (1 + 1e-9)).all()


def test_a_video_draws_alike_alone_and_in_a_portfolio() -> None:
    many = Portfolio(
        np.tile(estimate.scale_account(make_question()).log_views, (5, 1)), np.linspace(-1, 1, 5),
        np.ones((5, 8)), np.zeros(5, dtype=np.int64),
    )  # fmt: skip
    one = Portfolio(many.log_views[:1], many.standing[:1], many.weight[:1], many.home[:1])
    ladder = shipped_worlds().ladder
    together = draw_portfolio(many, ladder, PARAMS, 50, seed=3)
    assert np.allclose(draw_portfolio(one, ladder, PARAMS, 50, seed=3)[0], together[0])
    assert together.shape == (5, 8, 50)
    with pytest.raises(ValueError, match="all must be the same videos"):
        Portfolio(many.log_views, many.standing[:2], many.weight, many.home)


def make_past(n: int, views: float) -> Posts:
    untold = np.full(n, np.nan)
    rng = np.random.default_rng(1)
    return Posts(
        np.zeros(n, dtype=np.int64), NOW - 86_400.0 * np.arange(n, 0, -1) * 2,
        views * rng.lognormal(0, 0.3, n),
        untold, untold, untold, untold, untold, untold, np.full(n, 5_000.0), np.full(n, 30.0),
    )  # fmt: skip


def test_an_accounts_own_past_moves_its_forecast_and_narrows_it() -> None:
    known = make_question(account=AccountFacts("GB", 5_000, make_past(25, 80_000.0)))
    scale, unknown = estimate.scale_account(known), estimate.scale_account(make_question())
    assert 9.5 < scale.log_views[5] < 13
    assert np.ptp(scale.log_views) < np.ptp(unknown.log_views)
    assert scale.n_past == 25
    lines = backtest_account(known)
    assert len(lines) == 25
    assert [line["has_past"] for line in lines[:3]] == [False, False, False]
    assert sum(line["in_90"] for line in lines if line["has_past"]) >= 15


def test_a_run_refuses_what_it_cannot_answer() -> None:
    with pytest.raises(ValueError, match="horizon of 5 hours"):
        ReachRun(make_question(horizon_hours=5))
    with pytest.raises(ValueError, match="at least one of GB"):
        ReachRun(make_question(markets=()))
    with pytest.raises(ValueError, match="choose 50 to 20000"):
        ReachRun(make_question(), n_replicates=3)
