"""Promote a fitted version or refuse it: the same held-out window, the same rows, a paired bootstrap.

A version that predicts NaN, covers fewer rows, is badly calibrated or hurts one market is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommender.contracts import ACTIONS, UNKNOWN, FloatArray, IntArray
from recommender.markets import MARKET_CODES
from recommender.params import TrainingParams
from recommender.training.evaluate import WindowLosses
from recommender.training.metrics import calibration_noise, expected_calibration_error


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The verdict, in a sentence, with the figures it rests on."""

    promote: bool
    reason: str
    figures: dict[str, Any] = field(default_factory=dict)


def compare(
    candidate: WindowLosses, live: WindowLosses, params: TrainingParams | None = None
) -> GateDecision:
    """Decide by the summed log loss of all actions a row.

    Parameters
    ----------
    live : of the version in force, or of the base-rate predictor where there is none; the same rows.

    Raises
    ------
    ValueError
        if the two do not describe the same rows.
    """
    params = params or TrainingParams()
    if candidate.log_loss.shape != live.log_loss.shape or not np.array_equal(candidate.viewer, live.viewer):
        raise ValueError("candidate and live were scored on different rows; score both on the same window")
    figures: dict[str, Any] = {"rows": len(candidate.viewer)}
    if len(candidate.viewer) < params.gate_min_rows:
        text = f"the held-out window has {len(candidate.viewer)} rows where {params.gate_min_rows} are due"
        return GateDecision(False, f"{text}; collect more events", figures)
    covered = float(np.isfinite(candidate.log_loss).all(axis=1).mean())
    figures["coverage"] = covered
    if covered < 1.0:
        return GateDecision(False, f"it predicts a number for {covered:.2%} of the rows only", figures)
    difference = _sum_losses(live) - _sum_losses(candidate)
    low, high = _bootstrap_viewers(difference, candidate.viewer, params)
    live_mean = float(np.nanmean(_sum_losses(live)))
    figures |= {
        "logloss_live": live_mean,
        "logloss_candidate": float(_sum_losses(candidate).mean()),
        "improvement": float(np.nanmean(difference)),
        "improvement_interval": [low, high],
        "watch_error_live": float(np.nanmean(live.watch_error)),
        "watch_error_candidate": float(np.nanmean(candidate.watch_error)),
    }
    if low < -params.gate_tolerance * live_mean:
        text = f"log loss may be worse than the live version's: improvement {low:+.5f} to {high:+.5f}"
        return GateDecision(False, text, figures)
    return _check_calibration(candidate, live, params, figures)


def _check_calibration(
    candidate: WindowLosses, live: WindowLosses, params: TrainingParams, figures: dict[str, Any]
) -> GateDecision:
    errors = {
        name: expected_calibration_error(candidate.labels[:, place], candidate.probability[:, place])
        for place, name in enumerate(ACTIONS)
    }
    # A short window shows an error even where there is none; only what chance does not explain counts.
    noise = {name: calibration_noise(candidate.probability[:, place]) for place, name in enumerate(ACTIONS)}
    figures |= {"ece": errors, "ece_by_chance": noise}
    worst = max(errors, key=lambda name: errors[name] - noise[name])
    if errors[worst] > params.gate_max_ece + noise[worst]:
        text = (
            f"{worst} is badly calibrated: error {errors[worst]:.3f} where {params.gate_max_ece} is the limit"
        )
        return GateDecision(False, text, figures)
    for code in np.unique(candidate.market):
        rows = candidate.market == code
        if code == UNKNOWN or rows.sum() < params.gate_min_rows:
            continue
        change = _sum_losses(live)[rows] - _sum_losses(candidate)[rows]
        low, high = _bootstrap_viewers(change, candidate.viewer[rows], params)
        figures[f"improvement_{MARKET_CODES[code]}"] = [low, high]
        if high < -params.gate_tolerance * float(np.nanmean(_sum_losses(live)[rows])):
            text = f"it is worse in {MARKET_CODES[code]}: improvement {low:+.5f} to {high:+.5f}"
            return GateDecision(False, text, figures)
    low, high = figures["improvement_interval"]
    text = f"log loss improves by {figures['improvement']:+.5f} a row ({low:+.5f} to {high:+.5f})"
    return GateDecision(True, text, figures)


def _sum_losses(losses: WindowLosses) -> FloatArray:
    """(n,) log loss of all actions together."""
    summed: FloatArray = losses.log_loss.sum(axis=1)
    return summed


def _bootstrap_viewers(
    difference: FloatArray, viewer: IntArray, params: TrainingParams
) -> tuple[float, float]:
    """95 % interval of the mean difference a row, resampling whole viewers (Poisson bootstrap)."""
    _, place = np.unique(viewer, return_inverse=True)
    usable = np.isfinite(difference)
    summed = np.bincount(place, weights=np.where(usable, difference, 0.0))
    count = np.bincount(place, weights=usable)
    rng = np.random.default_rng(params.seed)
    draws = rng.poisson(1.0, (params.bootstrap_draws, len(summed)))
    means = draws @ summed / np.maximum(draws @ count, 1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
