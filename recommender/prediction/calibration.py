"""Bend predicted probabilities to observed frequencies: per action, and per market where rows suffice.

Platt scaling: p = sigmoid(a x logit + b) (Platt, 1999); two numbers a curve, so a few thousand rows do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.params import PredictionParams


@dataclass(frozen=True, slots=True)
class Calibration:
    """Slope and offset per market and action; the last market row serves every market without its own."""

    slope: FloatArray  # (n_markets + 1, n_actions) float32
    offset: FloatArray  # (n_markets + 1, n_actions) float32

    def apply(self, logits: FloatArray, market: int) -> FloatArray:
        """(n, n_actions) float32 probabilities in [0, 1]; a logit of -inf stays probability 0."""
        with np.errstate(over="ignore"):
            bent = logits * self.slope[market] + self.offset[market]
            probability: FloatArray = 1 / (1 + np.exp(-bent))
        return np.where(np.isfinite(logits), probability, 0.0).astype(np.float32)

    def apply_rows(self, logits: FloatArray, market: IntArray) -> FloatArray:
        """The same for rows of different markets: `market` is (n,)."""
        probability = np.empty(logits.shape, dtype=np.float32)
        for code in np.unique(market):
            rows = market == code
            probability[rows] = self.apply(logits[rows], int(code))
        return probability

    def to_arrays(self) -> dict[str, FloatArray]:
        """Arrays by name, for an artifact."""
        return {"calibration/slope": self.slope, "calibration/offset": self.offset}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> Calibration:
        """The calibration that `to_arrays` wrote."""
        return cls(np.asarray(arrays["calibration/slope"]), np.asarray(arrays["calibration/offset"]))


def fit_calibration(
    logits: FloatArray, labels: FloatArray, market: IntArray, n_markets: int, params: PredictionParams
) -> Calibration:
    """Fit slope and offset on rows the predictor did not learn from.

    Parameters
    ----------
    logits, labels : (n, n_actions).
    market : (n,) codes, UNKNOWN for none.
    """
    n_actions = logits.shape[1]
    slope = np.ones((n_markets + 1, n_actions), dtype=np.float32)
    offset = np.zeros((n_markets + 1, n_actions), dtype=np.float32)
    for action in range(n_actions):
        slope[:, action], offset[:, action] = _fit_curve(
            logits[:, action], labels[:, action], params.min_positives
        )
        for code in range(n_markets):
            rows = market == code
            if rows.sum() >= params.calibration_min_rows:
                a, b = _fit_curve(logits[rows, action], labels[rows, action], params.min_positives)
                if (a, b) != (1.0, 0.0):
                    slope[code, action], offset[code, action] = a, b
    return Calibration(slope, offset)


def _fit_curve(logits: FloatArray, labels: FloatArray, min_positives: int) -> tuple[float, float]:
    """Newton's method on the two parameters, held near (1, 0); (1, 0) itself where positives are too few."""
    if labels.sum() < min_positives or (1 - labels).sum() < min_positives:
        return 1.0, 0.0
    x = np.stack([logits, np.ones_like(logits)], axis=1).astype(np.float64)
    start = np.array([1.0, 0.0])
    theta, held = start.copy(), np.diag([10.0, 1.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ theta, -30, 30)))
        slope = x.T @ (p - labels) + held @ (theta - start)
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + held, slope)
        theta -= step
        if np.abs(step).max() < 1e-8:
            break
    return (float(theta[0]), float(theta[1])) if theta[0] > 0.05 else (1.0, 0.0)
