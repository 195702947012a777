"""What a predictor is given: one signature for every predictor, in serving, evaluation and simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from recommender.contracts import FloatArray, IntArray, Predictions


@dataclass(frozen=True, slots=True)
class Reading:
    """What the response CNN read of n rows, and their categories."""

    state: FloatArray  # (n, d) or (1, d) float32, d = 0 without a CNN
    item: FloatArray  # (n, d) float32
    codes: Sequence[IntArray]  # blocks of (n_columns, n or 1): slots of categories alone


@dataclass(frozen=True, slots=True)
class PredictionInputs:
    """n (viewer, video, scene) rows of one market."""

    matrix: FloatArray  # (n, n_features) float32 of features.assemble
    slots: Sequence[IntArray]  # blocks of (n_crosses, n or 1), of features.crosses.encode_crosses
    duration_seconds: FloatArray  # (n,) float32
    fused: FloatArray  # (n,) float32 fused recall score
    market: int  # index into markets.MARKET_CODES, UNKNOWN outside
    reading: Reading | None = None  # None where the artifact has no response CNN


class Predictor(Protocol):
    """Every predictor's one method."""

    def predict(self, inputs: PredictionInputs) -> Predictions:
        """Calibrated probabilities, expected seconds and affinity of each row."""
        ...
