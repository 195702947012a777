"""Score forecasts of reach on videos of creators outside the fit: error, pinball loss, coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.forecasts import Posts
from recommender.prediction.account_past import PAST_COLUMNS, SETTLED_DAYS, summarise_pasts
from recommender.prediction.account_reach import LEVELS, AccountForecaster
from recommender.training.reach_data import ReachData
from recommender.training.reach_fit import fit_forecaster, hide_followers
from recommender.training.reach_peers import PEERS, SCORED_LEVELS, score_pinball

_COLUMNS = [LEVELS.index(level) for level in SCORED_LEVELS]
#: Bootstrap draws over creators behind the interval of our lead.
_DRAWS = 400
KNOWLEDGE = (
    f"of earlier videos: that they were posted, and the counts of those posted {SETTLED_DAYS:g} days "
    "or more before; of the video: length, number of hashtags, sound, and how many days later its views are "
    "counted; of the account: its follower count to a factor of two. Nothing else, for every model alike. "
    "The follower count was taken with the views, months after some postings; "
    "`forecast_without_followers` leaves it out altogether."
)


def validate_forecasts(
    data: ReachData, say: Callable[[str], None]
) -> tuple[dict[str, Any], AccountForecaster]:
    """Figures of our forecaster and of each peer, and the forecaster that was fitted."""
    say("fitting the account forecaster and its peers ...")
    ours = fit_forecaster(data.known)
    predictions = {"ours": ours.predict(data.test)[:, _COLUMNS]}
    predictions |= {name: peer(data.known, data.test) for name, peer in PEERS.items()}
    say("once more without follower counts ...")
    known, test = hide_followers(data.known), hide_followers(data.test)
    blind = {"ours": fit_forecaster(known, followers_known=False).predict(test)[:, _COLUMNS]}
    blind["gradient_boosting"] = PEERS["gradient_boosting"](known, test)
    scored = data.is_scored.astype(bool)
    has_past = summarise_pasts(data.test)[:, PAST_COLUMNS.index("n_settled")] > 0
    figures = {
        "knowledge": KNOWLEDGE,
        "split": data.split,
        "scored_videos": int(scored.sum()),
        "scored_creators": len(np.unique(data.test.creator[scored])),
        "fitted_videos": len(data.known),
        "forecast": _score_all(predictions, data.test, scored, with_deciles=True),
        "forecast_with_a_past": _score_all(predictions, data.test, scored & has_past),
        "forecast_without_a_past": _score_all(predictions, data.test, scored & ~has_past),
        "forecast_without_followers": _score_all(blind, data.test, scored),
        "lead_over_gradient_boosting": _measure_lead(predictions, data.test, scored),
    }
    return figures, ours


def _score_all(
    predictions: dict[str, FloatArray], posts: Posts, rows: BoolArray, with_deciles: bool = False
) -> dict[str, Any]:
    if not rows.any():
        return {}
    return {name: score(posts, quantiles, rows, with_deciles) for name, quantiles in predictions.items()}


def score(posts: Posts, quantiles: FloatArray, rows: BoolArray, with_deciles: bool = False) -> dict[str, Any]:
    """Figures of (n, 5) quantiles of ln views on the rows that count."""
    views, quantiles = np.log(np.maximum(posts.plays[rows], 1.0)), quantiles[rows]
    error = views - quantiles[:, 2]
    figures: dict[str, Any] = {
        "mae_ln": float(np.abs(error).mean()),
        "r2": float(1 - (error**2).sum() / ((views - views.mean()) ** 2).sum()),
        "pinball": score_pinball(views, quantiles),
        "coverage_50": _cover(views, quantiles[:, 1], quantiles[:, 3]),
        "coverage_90": _cover(views, quantiles[:, 0], quantiles[:, 4]),
        "width_90_ln": float(np.median(quantiles[:, 4] - quantiles[:, 0])),
    }
    if with_deciles:
        figures["by_follower_decile"] = _score_deciles(posts.followers[rows], views, quantiles)
    return figures


def _score_deciles(followers: FloatArray, views: FloatArray, quantiles: FloatArray) -> list[dict[str, Any]]:
    edges = np.quantile(followers, np.arange(1, 10) / 10)
    decile = np.searchsorted(edges, followers, side="left")
    lines = []
    for part in range(10):
        rows = decile == part
        if rows.any():
            lines.append(
                {
                    "decile": part + 1,
                    "videos": int(rows.sum()),
                    "coverage_50": _cover(views[rows], quantiles[rows, 1], quantiles[rows, 3]),
                    "coverage_90": _cover(views[rows], quantiles[rows, 0], quantiles[rows, 4]),
                }
            )
    return lines


def _cover(views: FloatArray, low: FloatArray, high: FloatArray) -> float:
    return float(((views >= low) & (views <= high)).mean())


def _measure_lead(predictions: dict[str, FloatArray], posts: Posts, rows: BoolArray) -> dict[str, Any]:
    """How much smaller our errors are, by a bootstrap over creators: 25 videos of one are no 25 witnesses."""
    views = np.log(np.maximum(posts.plays[rows], 1.0))
    _, creator = np.unique(posts.creator[rows], return_inverse=True)
    ours, trees = predictions["ours"][rows], predictions["gradient_boosting"][rows]
    level = np.array(SCORED_LEVELS)

    def lose(quantiles: FloatArray) -> FloatArray:
        error = views[:, None] - quantiles
        lost: FloatArray = np.maximum(level * error, (level - 1) * error).mean(axis=1)
        return lost

    gains = {
        "mae_ln": np.abs(views - trees[:, 2]) - np.abs(views - ours[:, 2]),
        "pinball": lose(trees) - lose(ours),
    }
    return {name: bootstrap_mean(gain, creator) for name, gain in gains.items()}


def bootstrap_mean(values: FloatArray, cluster: Sequence[int] | IntArray, seed: int = 7) -> dict[str, Any]:
    """Mean and its 95 % interval when whole clusters are drawn again."""
    cluster = np.asarray(cluster, dtype=np.int64)
    total, size = np.bincount(cluster, values), np.bincount(cluster)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(size), (_DRAWS, len(size)))
    means = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    return {
        "mean": float(values.mean()),
        "interval": [float(end) for end in np.quantile(means, (0.025, 0.975))],
    }
