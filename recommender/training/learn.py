"""Fit the predictor on learning rows: regression and network of every output, their mix, calibration.

The newest rows choose regularisation and mix, and calibrate; then both parts are fitted again on all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recommender.contracts import ACTIONS, N_ACTIONS, FloatArray
from recommender.markets import MARKET_CODES
from recommender.params import Params
from recommender.prediction.calibration import fit_calibration
from recommender.prediction.hybrid import (
    N_OUTPUTS,
    OUTPUTS,
    HybridPredictor,
    find_constant_actions,
    mix_logits,
)
from recommender.prediction.inputs import Reading
from recommender.prediction.logistic import LinearPart, fit_logistic
from recommender.prediction.network import NetworkPart
from recommender.prediction.watch_time import WatchTimeHead, mark_levels, rank_watch_time
from recommender.training.metrics import expected_calibration_error, log_loss
from recommender.training.network import fit_network
from recommender.training.progress import Report
from recommender.training.rows import LearningRows


def fit_predictor(
    learning: LearningRows, start: LinearPart | None, params: Params, report: Report
) -> tuple[HybridPredictor, dict[str, Any]]:
    """The predictor without its choice part, and what the manifest says of it.

    `start` is yesterday's regression, or None.
    """
    n_older = int(len(learning.rows) * (1 - params.prediction.calibration_share))
    newer = slice(n_older, None)
    actions = learning.labels[:, :N_ACTIONS]
    constant, found = find_constant_actions(actions[:n_older], params.prediction.min_positives)
    learned = list(found)
    rank, head = _rank_watch(learning, params)
    labels = np.concatenate([actions, mark_levels(rank)], axis=1)
    part, l2 = _choose_l2(learning, labels, learned, n_older, start, params)
    report.step(0.48, "network part")
    network = fit_network(learning, labels, learned, n_older, params)
    slots = [block[:, newer] for block in learning.slots]
    reading, matrix, market = learning.read(newer), learning.matrix[newer], learning.market[newer]
    linear = part.logits(matrix, slots)
    share = _choose_share(linear, network, matrix, reading, labels[newer], params)
    mixed = mix_logits(linear, network, share, matrix, reading)[:, :N_ACTIONS]
    calibration = fit_calibration(mixed, actions[newer], market, len(MARKET_CODES), params.prediction)
    checked = HybridPredictor(part, None, calibration, None, constant, network, share)
    probability, _ = checked.predict_rows(matrix, slots, reading, market)
    report.step(0.55, "both parts on all rows")
    whole = _fit_rows(learning, labels, learned, len(labels), l2, part, params)
    if share.any():
        network = fit_network(learning, labels, learned, len(labels), params)
    facts = {
        "logistic_l2": l2,
        "network_share": dict(zip(OUTPUTS, share.round(2).tolist(), strict=True)),
        "base_rate_actions": [name for place, name in enumerate(ACTIONS) if place not in learned],
        "calibration": _check_calibration(actions[newer], probability, learned, params.prediction.ece_bins),
    }
    return HybridPredictor(whole, None, calibration, head, constant, network, share), facts


def _choose_share(
    linear: FloatArray,
    network: NetworkPart | None,
    matrix: FloatArray,
    reading: Reading,
    labels: FloatArray,
    params: Params,
) -> FloatArray:
    """(N_OUTPUTS,) float32: the share of the network in each logit that fits rows neither part had seen.

    A few positives cannot tell shares apart: outputs with fewer than `share_min_positives` take half of each.
    """
    if network is None:
        return np.zeros(N_OUTPUTS, dtype=np.float32)
    losses, answers = [], network.logits(matrix, reading)
    for tried in params.network.shares:
        logits = linear + tried * (answers - linear)
        losses.append((np.logaddexp(0, logits) - labels * logits).mean(axis=0))
    share: FloatArray = np.asarray(params.network.shares, dtype=np.float32)[np.argmin(losses, axis=0)]
    share[labels.sum(axis=0) < params.network.share_min_positives] = 0.5
    return share


def _fit_rows(
    learning: LearningRows,
    labels: FloatArray,
    learned: Sequence[int],
    stop: int,
    l2: float,
    start: LinearPart | None,
    params: Params,
) -> LinearPart:
    """The regression of the learned actions and the watch levels on the rows before `stop`."""
    return fit_logistic(
        learning.matrix[:stop],
        labels[:stop],
        [*learned, *range(N_ACTIONS, N_OUTPUTS)],
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


def _rank_watch(learning: LearningRows, params: Params) -> tuple[FloatArray, WatchTimeHead | None]:
    """(n,) float32 rank of each watch time, the middle where it is not known, and the seconds of a rank."""
    seconds = learning.rows.watch_seconds
    known = np.flatnonzero(np.isfinite(seconds))
    rank = np.full(len(seconds), 0.5, dtype=np.float32)
    if not len(known):
        return rank, None
    duration = np.expm1(learning.matrix[:, learning.names.index("log_duration")])
    rank[known], edges, quantiles = rank_watch_time(seconds[known], duration[known], params.prediction)
    return rank, WatchTimeHead(edges, quantiles)
