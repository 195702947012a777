"""Fit the predictor on learning rows: regression of every action and of the watch rank, calibration, seconds.

The newest rows choose the regularisation and calibrate; then the regression is fitted again on all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recommender.contracts import ACTIONS, N_ACTIONS, FloatArray
from recommender.markets import MARKET_CODES
from recommender.params import Params
from recommender.prediction.calibration import fit_calibration
from recommender.prediction.hybrid import HybridPredictor, find_constant_actions
from recommender.prediction.logistic import LinearPart, fit_logistic
from recommender.prediction.watch_time import WatchTimeHead, fit_watch_time, rank_watch_time
from recommender.training.metrics import expected_calibration_error, log_loss
from recommender.training.progress import Report
from recommender.training.rows import LearningRows


def fit_predictor(
    learning: LearningRows, start: LinearPart | None, params: Params, report: Report
) -> tuple[HybridPredictor, dict[str, Any]]:
    """The predictor without its choice part, and what the manifest says of it.

    `start` is yesterday's regression, or None.
    """
    n_older = int(len(learning.rows) * (1 - params.prediction.calibration_share))
    older_rows, newer_rows = slice(0, n_older), slice(n_older, None)
    actions = learning.labels[:, :N_ACTIONS]
    constant, learned = find_constant_actions(actions[older_rows], params.prediction.min_positives)
    labels = np.concatenate([actions, _rank_watch(learning, params)[:, None]], axis=1)
    part, l2 = _choose_l2(learning, labels, learned, n_older, start, params)
    newer_slots = [block[:, newer_rows] for block in learning.slots]
    logits = part.logits(learning.matrix[newer_rows], newer_slots)[:, :N_ACTIONS]
    market, outcome = learning.market[newer_rows], actions[newer_rows]
    calibration = fit_calibration(logits, outcome, market, len(MARKET_CODES), params.prediction)
    checked = HybridPredictor(part, None, calibration, None, constant)
    probability, rank = checked.predict_rows(learning.matrix[newer_rows], newer_slots, market)
    report.step(0.55, "logistic regression on all rows")
    whole = _fit_rows(learning, labels, learned, len(labels), l2, part, params)
    head = _fit_watch(learning, newer_rows, rank, params)
    facts = {
        "logistic_l2": l2,
        "base_rate_actions": [name for place, name in enumerate(ACTIONS) if place not in learned],
        "calibration": _check_calibration(outcome, probability, learned, params.prediction.ece_bins),
    }
    return HybridPredictor(whole, None, calibration, head, constant), facts


def _fit_rows(
    learning: LearningRows,
    labels: FloatArray,
    learned: Sequence[int],
    stop: int,
    l2: float,
    start: LinearPart | None,
    params: Params,
) -> LinearPart:
    """The regression of the learned actions and the watch rank on the rows before `stop`."""
    return fit_logistic(
        learning.matrix[:stop],
        labels[:stop],
        [*learned, N_ACTIONS],
        (l2, l2 * params.prediction.category_l2_share),
        params.prediction.logistic_iterations,
        [block[:, :stop] for block in learning.slots],
        learning.n_slots,
        start,
    )


def _choose_l2(
    learning: LearningRows,
    labels: FloatArray,
    learned: Sequence[int],
    n_older: int,
    start: LinearPart | None,
    params: Params,
) -> tuple[LinearPart, float]:
    """The regression on the older rows whose regularisation fits the newer rows best."""
    newer_slots = [block[:, n_older:] for block in learning.slots]
    tried: list[tuple[float, float, LinearPart]] = []
    for l2 in params.prediction.logistic_l2:
        start = _fit_rows(learning, labels, learned, n_older, l2, start, params)
        logits = start.logits(learning.matrix[n_older:], newer_slots)[:, learned]
        loss = (np.logaddexp(0, logits) - labels[n_older:][:, learned] * logits).sum(axis=1).mean()
        tried.append((float(loss), l2, start))
    _, l2, part = min(tried, key=lambda line: line[0])
    return part, l2


def _check_calibration(
    outcome: FloatArray, probability: FloatArray, learned: Sequence[int], bins: int
) -> dict[str, dict[str, float]]:
    return {
        ACTIONS[place]: {
            "ece": expected_calibration_error(outcome[:, place], probability[:, place], bins),
            "logloss": log_loss(outcome[:, place], probability[:, place]),
        }
        for place in learned
    }


def _durations_of(learning: LearningRows) -> FloatArray:
    duration: FloatArray = np.expm1(learning.matrix[:, learning.names.index("log_duration")])
    return duration


def _rank_watch(learning: LearningRows, params: Params) -> FloatArray:
    """(n,) float32 rank of each watch time; the middle where it is not known."""
    seconds = learning.rows.watch_seconds
    known = np.flatnonzero(np.isfinite(seconds))
    rank = np.full(len(seconds), 0.5, dtype=np.float32)
    if len(known):
        rank[known], _, _ = rank_watch_time(seconds[known], _durations_of(learning)[known], params.prediction)
    return rank


def _fit_watch(
    learning: LearningRows, newer: slice, rank: FloatArray, params: Params
) -> WatchTimeHead | None:
    """The seconds behind a rank, from rows that the regression behind the rank had not seen."""
    seconds = learning.rows.watch_seconds[newer]
    known = np.flatnonzero(np.isfinite(seconds))
    if not len(known):
        return None
    return fit_watch_time(
        rank[known], seconds[known], _durations_of(learning)[newer][known], params.prediction
    )
