"""Score a held-out window with an engine, row by row, as the gate and the benchmarks need it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import N_ACTIONS, Dataset, FloatArray, Impressions, IntArray
from recommender.flow import Engine
from recommender.prediction.base_rate import BaseRatePredictor
from recommender.prediction.hybrid import HybridPredictor
from recommender.training.metrics import row_log_loss
from recommender.training.rows import LearningRows, describe_impressions
from recommender.training.states import build_timeline


@dataclass(frozen=True, slots=True)
class WindowScores:
    """Predictions for each held-out impression."""

    probability: FloatArray  # (n, N_ACTIONS) float32
    median_seconds: FloatArray  # (n,) float32, what errors in seconds are measured against
    expected_seconds: FloatArray  # (n,) float32
    rows: LearningRows


@dataclass(frozen=True, slots=True)
class WindowLosses:
    """How one version did on each row of a held-out window."""

    log_loss: FloatArray  # (n, N_ACTIONS) float64, NaN where the version could not predict
    watch_error: FloatArray  # (n,) absolute error in seconds, NaN where nothing was known
    probability: FloatArray  # (n, N_ACTIONS)
    labels: FloatArray  # (n, N_ACTIONS)
    viewer: IntArray  # (n,) draws of the bootstrap are viewers
    market: IntArray  # (n,)


def score_window(engine: Engine, known: Dataset, held_out: Impressions) -> WindowScores:
    """Predict each held-out impression from what was known at the cut, and nothing of the window."""
    rows = describe_impressions(
        build_timeline(known),
        engine,
        held_out,
        np.full(len(held_out), min(known.cut_at, float(held_out.happened_at.min()))),
        engine.statistics.crosses,
        engine.params,
        lambda part: None,
    )
    duration = engine.catalogue.duration_seconds[held_out.video]
    predictor = engine.predictor
    if isinstance(predictor, HybridPredictor):
        reading = rows.read(slice(None))
        probability, above = predictor.predict_rows(rows.matrix, rows.slots, reading, rows.market)
        head = predictor.watch_time
        if head is None:
            nothing = np.full(len(duration), np.nan, dtype=np.float32)
            return WindowScores(probability, nothing, nothing, rows)
        median, expected = head.median_seconds(above, duration), head.expected_seconds(above, duration)
        return WindowScores(probability, median, expected, rows)
    assert isinstance(predictor, BaseRatePredictor)
    probability = np.tile(predictor.rate[:N_ACTIONS], (len(duration), 1))
    seconds = predictor.watched_share * duration
    return WindowScores(probability, seconds, seconds, rows)


def window_losses(engine: Engine, known: Dataset, held_out: Impressions) -> WindowLosses:
    """What the gate compares: per-row losses of one engine on a held-out window."""
    scores = score_window(engine, known, held_out)
    labels = scores.rows.labels[:, :N_ACTIONS]
    return WindowLosses(
        log_loss=row_log_loss(labels, scores.probability),
        watch_error=np.abs(scores.median_seconds - held_out.watch_seconds),
        probability=scores.probability,
        labels=labels,
        viewer=held_out.viewer,
        market=scores.rows.market,
    )
