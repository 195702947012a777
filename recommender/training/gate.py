"""Promote a fitted version or refuse it: the same held-out window, the same rows, a paired bootstrap.

A version that predicts NaN, covers fewer rows, is badly calibrated or hurts one market is refused; so is one
that has seen the window, knows less than the live one, or gains where it learnt and nowhere else (a leak).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommender.contracts import ACTIONS, UNKNOWN, BoolArray, FloatArray, IntArray
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


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a candidate was made from, as its manifest says; None where that is not known."""

    window_from: float | None = None  # unix seconds of the window's first row
    learnt_until: float | None = None  # of all rows it learnt from, but for those of viewers who judge
    is_kept_apart: bool = False  # the window is of viewers who taught nothing, so it may lie in learnt time
    live_learnt_until: float | None = None
    learning_gain: float | None = None  # share of the log loss it took off where it learnt


def compare(
    candidate: WindowLosses,
    live: WindowLosses,
    params: TrainingParams | None = None,
    made: Provenance | None = None,
) -> GateDecision:
    """Decide by the summed log loss of all actions a row.

    Parameters
    ----------
    live : of the version in force, or of the base-rate predictor where there is none; the same rows.
    made : what the candidate learnt from; without it only what the window shows is judged.

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
    if (refused := _check_provenance(made or Provenance(), figures)) is not None:
        return refused
    difference = _sum_losses(live) - _sum_losses(candidate)
    low, high = _bootstrap_viewers(difference, candidate.viewer, params)
    live_mean = float(np.nanmean(_sum_losses(live)))
    figures |= {
        "logloss_live": live_mean,
        "logloss_candidate": float(_sum_losses(candidate).mean()),
        "improvement": float(np.nanmean(difference)),
        "improvement_interval": [low, high],
        "watch_error_live": _mean_known(live.watch_error),
        "watch_error_candidate": _mean_known(candidate.watch_error),
    }
    if low < -params.gate_tolerance * live_mean:
        text = f"log loss may be worse than the live version's: improvement {low:+.5f} to {high:+.5f}"
        return GateDecision(False, text, figures)
    made = made or Provenance()
    if (refused := _check_optimism(made, params, figures)) is not None:
        return refused
    worst = _find_worst_calibrated(candidate, live, params, made, figures)
    if worst is not None:
        return GateDecision(False, worst, figures)
    return _check_markets(candidate, live, params, figures)


def _check_optimism(made: Provenance, params: TrainingParams, figures: dict[str, Any]) -> GateDecision | None:
    """Refuse what gains where it learnt and nowhere else."""
    if made.learning_gain is None:
        return None
    figures["learning_gain"] = made.learning_gain
    gain = figures["improvement"] / max(figures["logloss_live"], 1e-9)
    if made.learning_gain - gain <= params.gate_max_optimism:
        return None
    text = (
        f"it gains {made.learning_gain:.1%} where it learnt and {gain:.1%} on the window: it learnt from "
        "what it does not know when it serves, so look for a leak in its rows"
    )
    return GateDecision(False, text, figures)


def _check_provenance(made: Provenance, figures: dict[str, Any]) -> GateDecision | None:
    """Refuse what cannot be judged on this window, or knows less than the live version."""
    if made.learnt_until is None:
        return None
    figures["learnt_until"] = made.learnt_until
    seen = made.window_from is not None and made.learnt_until > made.window_from
    if seen and not made.is_kept_apart:
        text = "it has learnt from the held-out window; hold the window out from the fit and compare again"
        return GateDecision(False, text, figures)
    if made.live_learnt_until is not None and made.learnt_until < made.live_learnt_until:
        late = (made.live_learnt_until - made.learnt_until) / 60
        text = f"it is stale: the live version has learnt {late:.0f} minutes more; read the newest events"
        return GateDecision(False, text, figures)
    return None


def _find_worst_calibrated(
    candidate: WindowLosses,
    live: WindowLosses,
    params: TrainingParams,
    made: Provenance,
    figures: dict[str, Any],
) -> str | None:
    """A sentence about an action that is badly calibrated.

    An update cannot mend in minutes what a full fit mends: it may be as far off as the live version.
    """
    errors, limits, noise = {}, {}, {}
    for place, name in enumerate(ACTIONS):
        labels, said = candidate.labels[:, place], candidate.probability[:, place]
        errors[name] = expected_calibration_error(labels, said)
        # A short window shows an error even where there is none; only what chance does not explain counts.
        noise[name] = calibration_noise(said)
        limits[name] = params.gate_max_ece + noise[name]
        if made.is_kept_apart:
            limits[name] = max(limits[name], expected_calibration_error(labels, live.probability[:, place]))
    figures |= {"ece": errors, "ece_by_chance": noise}
    worst = max(errors, key=lambda name: errors[name] - limits[name])
    if errors[worst] <= limits[worst]:
        return None
    limit = limits[worst] - noise[worst]
    return f"{worst} is badly calibrated: error {errors[worst]:.3f} where {limit:.3g} is the limit"


def _check_markets(
    candidate: WindowLosses, live: WindowLosses, params: TrainingParams, figures: dict[str, Any]
) -> GateDecision:
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
        broken = _find_miscalibrated(candidate, live, rows, params)
        if broken is not None:
            text = f"{broken} is badly calibrated in {MARKET_CODES[code]}, where the live version is not"
            return GateDecision(False, text, figures)
    low, high = figures["improvement_interval"]
    text = f"log loss improves by {figures['improvement']:+.5f} a row ({low:+.5f} to {high:+.5f})"
    return GateDecision(True, text, figures)


def _find_miscalibrated(
    candidate: WindowLosses, live: WindowLosses, rows: BoolArray, params: TrainingParams
) -> str | None:
    """An action whose error in these rows exceeds the limit, and the live version's, by more than chance."""
    for place, name in enumerate(ACTIONS):
        labels = candidate.labels[rows, place]
        ours, theirs = candidate.probability[rows, place], live.probability[rows, place]
        error, before = (expected_calibration_error(labels, p) for p in (ours, theirs))
        noise = 2 * calibration_noise(ours)
        if error > params.gate_max_ece + noise and error > before + params.gate_max_ece / 2:
            return name
    return None


def _mean_known(values: FloatArray) -> float | None:
    """Mean of what is known; None where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


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
