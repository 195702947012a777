"""Cut a data set by time: what may build state, what predictors learn from, what is held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import Dataset, FloatArray, Impressions
from recommender.params import TrainingParams
from recommender.training.histories import take_impressions
from recommender.training.states import known_at


@dataclass(frozen=True, slots=True)
class Cuts:
    """Moments, unix seconds, of one fit."""

    learn_from: float  # impressions from here on are learning rows
    choose_at: float  # candidates are gathered here, choices are looked for after it


def plan_cuts(dataset: Dataset, params: TrainingParams) -> Cuts:
    """Where to cut: with a long history every impression teaches, otherwise the oldest only build up state.

    Raises
    ------
    ValueError
        if there are fewer impressions than `gate_min_rows`.
    """
    stamps = dataset.impressions.happened_at
    if len(stamps) < params.gate_min_rows:
        raise ValueError(
            f"{len(stamps)} impressions are too few to fit on; collect {params.gate_min_rows} "
            "or import a data set"
        )
    has_history = len(dataset.history) >= len(stamps)
    learn_from = float(stamps[0] if has_history else np.quantile(stamps, params.warm_up_share))
    newest = max(len(stamps) - params.max_learning_rows, 0)
    learn_from = max(learn_from, float(stamps[newest]))
    window = float(stamps[-1]) - params.choice_window_hours * 3600
    return Cuts(learn_from, max(window, float(np.quantile(stamps, 0.5))))


def split_by_time(dataset: Dataset, at: float) -> tuple[Dataset, Impressions]:
    """What was known before a moment, and the impressions from then on."""
    first = int(np.searchsorted(dataset.impressions.happened_at, at, side="left"))
    return known_at(dataset, at), take_impressions(dataset.impressions, slice(first, None))


def floor_to_refresh(happened_at: FloatArray, refresh_seconds: float) -> FloatArray:
    """The last refresh of the state before each moment, counted in equal steps back from the newest.

    >>> [float(at) for at in floor_to_refresh(np.array([0.0, 5.0, 10.0]), 4.0)]
    [0.0, 2.0, 6.0]
    """
    if refresh_seconds <= 0 or not len(happened_at):
        return happened_at
    newest, oldest = float(happened_at[-1]), float(happened_at[0])
    steps_back = np.maximum(np.ceil((newest - happened_at) / refresh_seconds), 1)
    floored: FloatArray = np.maximum(newest - steps_back * refresh_seconds, oldest)
    return floored
