"""Fit the network part on learning rows."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from recommender.contracts import N_ACTIONS, UNKNOWN, FloatArray, IntArray
from recommender.features.crosses import SLOTS
from recommender.params import Params
from recommender.prediction.logistic import standardise
from recommender.prediction.network import CUT, NetworkPart
from recommender.training.jax_process import Arrays, run_training
from recommender.training.rows import LearningRows

#: Weight of each output's loss: what happens often leads, rare acts follow, the watch levels share one unit.
_RARE_WEIGHT, _LEVELS_WEIGHT = 0.5, 1.35
#: Share of positives from which an action counts as frequent.
_FREQUENT_SHARE = 0.01


def fit_network(
    learning: LearningRows, labels: FloatArray, learned: list[int], stop: int, params: Params
) -> NetworkPart | None:
    """The networks of the learned actions and the watch levels on the rows before `stop`.

    Parameters
    ----------
    labels : (n, n_outputs) float32 in [0, 1].
    learned : the outputs that have enough positives; the others get no weight.

    Returns
    -------
    The part; None where its epochs are 0 or no response CNN was fitted.
    """
    if params.network.epochs <= 0 or not learning.item.shape[1]:
        return None
    centre, spread = standardise(learning.matrix[:stop])
    codes = _stack(learning, stop)
    slot, column, code = _number_codes(codes, learning.n_codes)
    item, state = learning.item[:stop], learning.state[:stop]
    scaled = np.clip((learning.matrix[:stop] - centre) / spread, -CUT, CUT)
    inputs: Arrays = {
        "matrix": scaled.astype(np.float32),
        "code": code,
        "vectors": np.concatenate([state, item, state * item], axis=1),
        "labels": labels[:stop].astype(np.float32),
    }
    settings = asdict(params.network) | {
        "seed": params.training.seed,
        "n_met": len(column) - 1,
        "weights": _weigh_outputs(labels[:stop], learned).tolist(),
    }
    fitted = run_training("network_fit", inputs, settings, "the network part")
    shared = {"slot": slot, "column": column, "n_columns": np.array(code.shape[1])}
    members = [shared | _take_member(fitted, member) for member in range(params.network.members)]
    return NetworkPart.fold(members, (centre, spread), learning.matrix[:stop].std(axis=0) > 1e-6)


def _take_member(fitted: Arrays, member: int) -> Arrays:
    return {name: array[member] for name, array in fitted.items()}


def _weigh_outputs(labels: FloatArray, learned: list[int]) -> FloatArray:
    weights = np.zeros(labels.shape[1])
    weights[N_ACTIONS:] = _LEVELS_WEIGHT / max(labels.shape[1] - N_ACTIONS, 1)
    weights[learned] = np.where(labels[:, learned].mean(axis=0) >= _FREQUENT_SHARE, 1.0, _RARE_WEIGHT)
    return weights


def _stack(learning: LearningRows, stop: int) -> IntArray:
    """(stop, n_columns) slots of every category of every row."""
    blocks = [np.broadcast_to(block, (len(block), len(learning.rows)))[:, :stop] for block in learning.codes]
    return np.concatenate(blocks).T if blocks else np.zeros((stop, 0), dtype=np.int64)


def _number_codes(codes: IntArray, n_codes: int) -> tuple[IntArray, IntArray, IntArray]:
    """Number the slots that occur: (n_codes + 1,) row of each, (n_met + 1,) column of each row, the codes.

    A slot nobody met, and `n_codes` itself, which stands for unknown, get the last row.
    """
    met = np.unique(codes)
    met = met[met < n_codes]
    slot = np.full(n_codes + 1, len(met), dtype=np.int32)
    slot[met] = np.arange(len(met))
    column_of = np.full(n_codes // SLOTS + 1, UNKNOWN)
    for place in range(codes.shape[1]):
        known = codes[:, place][codes[:, place] < n_codes]
        if len(known):
            column_of[known[0] // SLOTS] = place
    column = np.append(column_of[met // SLOTS], UNKNOWN).astype(np.int32)
    return slot, column, slot[codes]
