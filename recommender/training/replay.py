"""Rows of a full fit that travel with its version, so that later updates do not forget what it learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.contracts import N_ACTIONS, IntArray
from recommender.prediction.watch_time import WatchTimeHead
from recommender.training.histories import take_impressions
from recommender.training.online import TaughtRows, teach_rows
from recommender.training.rows import LearningRows

_NAMES = ("matrix", "slots", "state", "item", "codes", "market", "label", "weight")
#: Arrays of the counts at the last full fit, beside those in force.
BASE = ("videos/shown", "videos/taken", "popularity/trend", "popularity/total")


def keep_replay(
    learning: LearningRows, head: WatchTimeHead | None, n_kept: int, seed: int
) -> dict[str, npt.NDArray[Any]]:
    """Arrays by name of `n_kept` learning rows, drawn evenly over time."""
    n_rows = len(learning.rows)
    chosen = np.arange(n_rows)
    if n_rows > n_kept:
        chosen = np.sort(np.random.default_rng(seed).choice(n_rows, n_kept, replace=False))
    taken = take_learning(learning, chosen)
    ones = np.ones((len(chosen), N_ACTIONS), dtype=np.float32)
    rows = teach_rows(taken, taken.labels[:, :N_ACTIONS], ones, head)
    return {f"replay/{name}": getattr(rows, name) for name in _NAMES}


def read_replay(arrays: Mapping[str, npt.NDArray[Any]]) -> TaughtRows:
    """The rows that `keep_replay` wrote.

    Raises
    ------
    ValueError
        if the version was made before rows travelled with it.
    """
    if "replay/matrix" not in arrays:
        raise ValueError(
            "the live version carries no rows to replay, so it cannot be updated; "
            "run a full retraining (manage.py retrain)"
        )
    return TaughtRows(**{name: np.asarray(arrays[f"replay/{name}"]) for name in _NAMES})


def take_learning(learning: LearningRows, chosen: IntArray) -> LearningRows:
    """The chosen rows, all columns."""
    n_rows = len(learning.rows)

    def pick(blocks: list[Any]) -> list[Any]:
        return [np.broadcast_to(block, (len(block), n_rows))[:, chosen] for block in blocks]

    return LearningRows(
        matrix=learning.matrix[chosen],
        names=learning.names,
        slots=pick(learning.slots),
        n_slots=learning.n_slots,
        labels=learning.labels[chosen],
        rows=take_impressions(learning.rows, chosen),
        market=learning.market[chosen],
        state=learning.state[chosen],
        item=learning.item[chosen],
        codes=pick(learning.codes),
        n_codes=learning.n_codes,
    )
