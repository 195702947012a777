"""Reach from an account's past: nothing known later is read, and intervals hold on other creators."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.forecasts import Posts
from recommender.prediction.account_past import PAST_COLUMNS, SETTLED_DAYS, summarise_pasts
from recommender.prediction.account_reach import LEVELS, MIDDLE, AccountForecaster, shipped_forecaster
from recommender.simulation.fit_worlds import fit_ladder
from recommender.simulation.ladder import climb
from recommender.simulation.worlds import make_world, shipped_worlds
from recommender.training.reach_data import read_posts, read_reach_data
from recommender.training.reach_fit import fit_forecaster, hide_followers
from recommender.training.reach_peers import SCORED_LEVELS, score_pinball
from recommender.training.reach_statistics import fit_tail, measure_gini, share_of_top
from recommender.training.reach_validate import bootstrap_mean, score

DAY = 86_400.0


def make_posts(n_creators: int = 120, n_each: int = 12, seed: int = 1) -> Posts:
    """Creators whose level is their size times a secret; videos scatter around it, one every second day."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_creators), n_each)
    n = len(owner)
    size = rng.normal(10, 2, n_creators)
    level = 0.9 * size + rng.normal(0, 0.6, n_creators)
    plays = np.round(np.exp(level[owner] + rng.normal(0, 0.7, n))) + 1
    return Posts(
        creator=owner,
        published_at=1.6e9 + DAY * 2 * (np.arange(n) % n_each),
        plays=plays,
        likes=np.round(plays * 0.1),
        comments=np.round(plays * 0.001),
        shares=np.round(plays * 0.001),
        duration_seconds=rng.integers(5, 60, n).astype(float),
        hashtag_count=rng.integers(0, 6, n).astype(float),
        original_sound=rng.integers(0, 2, n).astype(float),
        followers=np.exp(size)[owner],
        horizon_days=np.full(n, 30.0),
    )


@pytest.fixture(scope="module")
def forecaster() -> AccountForecaster:
    return fit_forecaster(make_posts())


def test_a_forecast_reads_nothing_that_was_known_only_later() -> None:
    posts = make_posts()
    table = summarise_pasts(posts)
    row = 7  # of the first creator: 14 days in, videos 0 to 3 have settled
    assert table[row, PAST_COLUMNS.index("n_settled")] == 1 + (14 - SETTLED_DAYS) // 2
    changed = posts.plays.copy()
    changed[4:12] *= 1000  # its own outcome, unsettled videos and later ones
    assert np.array_equal(
        summarise_pasts(replace(posts, plays=changed))[: row + 1], table[: row + 1], equal_nan=True
    )
    earlier = posts.plays.copy()
    earlier[0] *= 1000
    assert not np.array_equal(summarise_pasts(replace(posts, plays=earlier))[row], table[row], equal_nan=True)


def test_intervals_hold_on_creators_outside_the_fit(forecaster: AccountForecaster) -> None:
    others = make_posts(seed=2)
    quantiles = forecaster.predict(others)
    asked = [LEVELS.index(level) for level in SCORED_LEVELS]
    assert (np.diff(quantiles, axis=1) >= 0).all()
    figures = score(others, quantiles[:, asked], np.ones(len(others), bool))
    assert 0.85 <= figures["coverage_90"] <= 0.95
    assert 0.43 <= figures["coverage_50"] <= 0.57
    assert figures["mae_ln"] < 0.75


def test_an_account_that_was_missed_by_far_gets_wider_intervals(forecaster: AccountForecaster) -> None:
    posts = make_posts(n_creators=1, n_each=30, seed=4)
    wild = replace(posts, plays=np.exp(np.where(np.arange(30) % 2 == 0, 4.0, 14.0)))
    calm = replace(posts, plays=np.full(30, np.exp(9.0)))
    usual = np.ptp(forecaster.predict(posts)[:, 1:-1], axis=1)
    assert np.ptp(forecaster.predict(wild)[-1, 1:-1]) > 1.5 * usual[-1]
    assert np.ptp(forecaster.predict(calm)[-1, 1:-1]) < usual[-1]


def test_the_numbers_survive_their_file(forecaster: AccountForecaster) -> None:
    again = AccountForecaster.from_dict(forecaster.to_dict())
    posts = make_posts(n_creators=10, seed=3)
    gap = np.abs(again.predict(posts) - forecaster.predict(posts))
    assert np.quantile(gap, 0.95) < 0.001  # a video on the edge of two groups may change over
    with pytest.raises(ValueError, match="other columns"):
        AccountForecaster.from_dict({**forecaster.to_dict(), "features": {}})


def test_the_shipped_forecaster_knows_what_it_was_fitted_to() -> None:
    shipped = shipped_forecaster()
    assert shipped.fitted_to["creators"] == 895
    small, large = (
        shipped.predict(replace(make_posts(1, 1), followers=np.array([count])))[0, MIDDLE]
        for count in (1e3, 1e6)
    )
    assert large > small + 2


def test_hidden_followers_hide_nothing_else() -> None:
    posts = make_posts(5)
    assert hide_followers(posts).followers.max() == 0
    assert (hide_followers(posts).plays == posts.plays).all()


def test_a_fitted_ladder_spreads_as_what_it_was_fitted_to() -> None:
    real = np.random.default_rng(1).laplace(0, 0.6, 20_000)
    reached = climb(fit_ladder(real), *_usual(20_000)).log_reach
    levels = (0.05, 0.25, 0.75, 0.95)
    gap = np.quantile(reached - np.median(reached), levels) - np.quantile(real, levels)
    assert np.abs(gap).max() < 0.25


def _usual(n: int) -> tuple[np.ndarray, np.ndarray]:
    from recommender.simulation.draws import branch, draw_normal, make_key

    keys = branch(make_key(4, "usual"), np.arange(n))
    return draw_normal(branch(keys, 1)), branch(keys, 2)


def test_worlds_are_the_same_for_the_same_seed_and_heavy_at_the_top() -> None:
    first, second = (make_world(shipped_worlds(), 300, 5) for _ in range(2))
    assert all((first[name] == second[name]).all() for name in first)
    assert 0.7 < measure_gini(first["plays"]) < 0.9
    assert share_of_top(first["plays"], 0.1) > 0.5


def test_the_tail_of_a_power_law_is_found() -> None:
    views = np.random.default_rng(2).pareto(1.5, 20_000) + 1
    assert fit_tail(views) == pytest.approx(1.5, abs=0.15)


def test_a_bootstrap_over_clusters_is_wider_than_one_over_rows() -> None:
    values = np.repeat(np.random.default_rng(3).normal(size=20), 50)
    low, high = bootstrap_mean(values, np.repeat(np.arange(20), 50))["interval"]
    assert high - low > 5 * 2 * values.std() / np.sqrt(len(values)) / 2


def test_pinball_of_a_perfect_forecast_is_zero() -> None:
    assert score_pinball(np.array([3.0, 4.0]), np.array([[3.0] * 5, [4.0] * 5])) == 0.0


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"tiktok_videos\.parquet does not exist"):
        read_reach_data(tmp_path, None)
    broken = tmp_path / "tiktok_videos.parquet"
    broken.write_text("no parquet")
    with pytest.raises(ValueError, match="cannot be read as videos with the columns creator"):
        read_posts(broken)


@pytest.mark.real_data
@pytest.mark.skipif("TTOK_DATA_DIR" not in os.environ, reason="TTOK_DATA_DIR names no folder with real data")
def test_a_split_by_creator_and_time_shares_neither() -> None:
    data = read_reach_data(Path(os.environ["TTOK_DATA_DIR"]) / "reach", None)
    assert not set(data.known.creator) & set(data.test.creator)
    scored = data.test.take(np.flatnonzero(data.is_scored))
    assert data.known.published_at.max() < scored.published_at.min()
