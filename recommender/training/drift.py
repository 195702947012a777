"""How far a live window has moved from the rows a version was fitted on: features, scores, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recommender.contracts import ACTIONS, UNKNOWN, FloatArray, IntArray
from recommender.markets import MARKET_CODES
from recommender.training.online_params import DriftParams

#: Share given to an empty bin: an index stays finite where a value is new.
_EMPTY_SHARE = 1e-4


def stability_index(fitted: FloatArray, live: FloatArray, bins: int = 10) -> float:
    """Population stability index of one column: 0 for the same distribution.

    Formula: sum over bins of (q - p) log(q / p), p and q the shares of the fitted and the live values, the
    bins equally filled by the fitted ones (Siddiqi, Credit Risk Scorecards, 2006). Values that are not finite
    have a bin of their own.

    >>> stability_index(np.arange(100.0), np.arange(100.0))
    0.0
    >>> stability_index(np.zeros(100), np.ones(100)) > 5
    True
    """
    usable = fitted[np.isfinite(fitted)]
    edges = np.unique(np.quantile(usable, np.linspace(0, 1, bins + 1)[1:-1])) if len(usable) else np.zeros(0)
    shares = []
    for values in (fitted, live):
        is_known = np.isfinite(values)
        place = np.where(is_known, 2 * np.searchsorted(edges, values, "left"), 2 * len(edges) + 1)
        on_edge = is_known & np.isin(values, edges)  # a spike, as of zeros, is a bin of its own
        place = np.where(on_edge, place + 1, place)
        counts = np.bincount(place.astype(np.int64), minlength=2 * len(edges) + 2)
        shares.append(np.maximum(counts / max(len(values), 1), _EMPTY_SHARE))
    p, q = shares
    return float(((q - p) * np.log(q / p)).sum())


def largest_gap(fitted: FloatArray, live: FloatArray) -> float:
    """Kolmogorov-Smirnov distance: the largest gap between the two distribution functions, 0 to 1.

    >>> largest_gap(np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    1.0
    """
    at = np.concatenate([fitted, live])
    first = np.searchsorted(np.sort(fitted), at, "right") / max(len(fitted), 1)
    second = np.searchsorted(np.sort(live), at, "right") / max(len(live), 1)
    return float(np.abs(first - second).max(initial=0.0))


def measure_drift(
    names: Sequence[str],
    matrices: tuple[FloatArray, FloatArray],
    probabilities: tuple[FloatArray, FloatArray],
    labels: FloatArray,
    market: IntArray,
    params: DriftParams,
) -> dict[str, Any]:
    """Figures for the registry, and in `alarms` what stands out, as sentences.

    Parameters
    ----------
    matrices : (n_fitted, n_features) and (n_live, n_features).
    probabilities : (n_fitted, N_ACTIONS) and (n_live, N_ACTIONS), of the version in force.
    labels, market : of the live rows.
    """
    n_live = len(matrices[1])
    if n_live < params.min_rows or len(matrices[0]) < params.min_rows:
        return {"rows": n_live, "alarms": [], "note": f"{n_live} rows where {params.min_rows} are due"}
    index = {
        name: stability_index(matrices[0][:, place], matrices[1][:, place], params.bins)
        for place, name in enumerate(names)
    }
    worst = sorted(index, key=lambda name: -index[name])[: params.features_told]
    scores = {
        name: {
            "psi": stability_index(probabilities[0][:, place], probabilities[1][:, place], params.bins),
            "ks": largest_gap(probabilities[0][:, place], probabilities[1][:, place]),
        }
        for place, name in enumerate(ACTIONS)
    }
    calibration = _measure_calibration(probabilities[1], labels, market, params)
    alarms = [
        f"feature {name} has moved: index {index[name]:.2f}"
        for name in worst
        if index[name] > params.psi_alarm
    ]
    alarms += [
        f"predictions of {name} have moved: distance {line['ks']:.2f}"
        for name, line in scores.items()
        if line["ks"] > params.ks_alarm
    ]
    alarms += [line["alarm"] for by in calibration.values() for line in by.values() if "alarm" in line]
    told = {name: round(index[name], 4) for name in worst}
    return {"rows": n_live, "features": told, "scores": scores, "calibration": calibration, "alarms": alarms}


def _measure_calibration(
    probability: FloatArray, labels: FloatArray, market: IntArray, params: DriftParams
) -> dict[str, dict[str, dict[str, Any]]]:
    """Mean prediction beside the observed rate, everywhere and per market; an alarm beyond three errors."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for code in (None, *np.unique(market)):
        rows = np.ones(len(market), dtype=np.bool_) if code is None else market == code
        if rows.sum() < params.min_rows:
            continue
        where = "all" if code is None else "elsewhere" if code == UNKNOWN else MARKET_CODES[code]
        result[where] = {}
        for place, name in enumerate(ACTIONS):
            p, y = probability[rows, place].astype(np.float64), labels[rows, place]
            said, seen = float(p.mean()), float(y.mean())
            error = float(np.sqrt((p * (1 - p)).sum())) / len(p)
            line: dict[str, Any] = {"predicted": round(said, 5), "observed": round(seen, 5)}
            if abs(said - seen) > params.calibration_alarm * max(seen, said) + 3 * error:
                line["alarm"] = f"{name} in {where}: {said:.4f} predicted, {seen:.4f} observed"
            result[where][name] = line
    return result
