"""The predictor without a fit: every action at its base rate. The fallback, and a first version's bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import N_ACTIONS, BoolArray, FloatArray, Predictions
from recommender.prediction.inputs import PredictionInputs
from recommender.prediction.logistic import check_width

#: Rates assumed where nothing was ever observed, in the order of ACTIONS; KuaiRand-Pure, rounded, and 0.001
#: for what it does not record.
ASSUMED_RATES = (0.2, 0.3, 0.02, 0.003, 0.001, 0.0015, 0.001, 0.0005, 0.001)


@dataclass(frozen=True, slots=True)
class BaseRatePredictor:
    """Says the same of every video, but for the seconds, which follow the duration."""

    rate: FloatArray  # (N_ACTIONS,) float32
    watched_share: float  # mean part of a video that is watched, 0-1
    n_features: int | None  # width of the matrices it takes; None = any

    def predict(self, inputs: PredictionInputs) -> Predictions:
        """Base rates for every row; rows with a non-finite feature get 0."""
        if self.n_features is not None:
            check_width(inputs.matrix, self.n_features)
        usable: BoolArray = np.asarray(np.isfinite(inputs.matrix).all(axis=1))
        probability = np.where(usable[:, None], self.rate[None, :N_ACTIONS], 0.0).astype(np.float32)
        seconds = np.where(usable, self.watched_share * inputs.duration_seconds, 0.0).astype(np.float32)
        return Predictions(probability, seconds, spread_affinity(np.where(usable, inputs.fused, -np.inf)))


def spread_affinity(score: FloatArray) -> FloatArray:
    """(n,) float32 exp(score - largest score): 1 for the likeliest choice, 0 where not finite."""
    finite = np.isfinite(score)
    if not finite.any():
        return np.zeros(len(score), dtype=np.float32)
    best = float(score[finite].max())
    return np.where(finite, np.exp(np.where(finite, score, 0) - best), 0.0).astype(np.float32)
