"""Logistic regression for all actions at once, on standardised features; plain arrays, no pickle.

Refuses a matrix whose width is not the fitted one, so that a transposed input cannot pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.sparse as sp

from recommender.contracts import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class LinearPart:
    """Weights over standardised features and over slots of categories.

    logits = (x - centre) / spread @ weights + bias + sum over crosses of cross[slot].
    """

    centre: FloatArray  # (n_features,) float32
    spread: FloatArray  # (n_features,) float32, 1 where a feature does not vary
    weights: FloatArray  # (n_features, n_outputs) float32
    bias: FloatArray  # (n_outputs,) float32
    cross: FloatArray  # (n_slots + 1, n_outputs) float32, last row 0; (1, n_outputs) without categories

    def fold(self) -> tuple[FloatArray, FloatArray]:
        """Weights and bias over features that are not standardised: x @ weights + bias."""
        folded: FloatArray = self.weights / self.spread[:, None]
        return folded, self.bias - self.centre @ folded

    def logits(self, matrix: FloatArray, slots: Sequence[IntArray] = ()) -> FloatArray:
        """(n, n_outputs) float32 from (n, n_features); rows with a non-finite feature become -inf."""
        weights, bias = self.fold()
        return add_logits(matrix, weights, bias, self.cross, slots)

    def to_arrays(self, prefix: str) -> dict[str, FloatArray]:
        """Arrays by name, for an artifact."""
        return {f"{prefix}/{name}": getattr(self, name) for name in _PART_ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray], prefix: str) -> LinearPart:
        """The part that `to_arrays` wrote."""
        return cls(*(np.asarray(arrays[f"{prefix}/{name}"]) for name in _PART_ARRAYS))


_PART_ARRAYS = ("centre", "spread", "weights", "bias", "cross")


def add_logits(
    matrix: FloatArray,
    weights: FloatArray,
    bias: FloatArray,
    cross: FloatArray,
    slots: Sequence[IntArray],
) -> FloatArray:
    """(n, n_outputs) float32: matrix @ weights + bias + the slots' rows; -inf where that is not finite.

    Parameters
    ----------
    slots : blocks of (n_crosses, n or 1), of features.crosses.encode_crosses.
    """
    check_width(matrix, len(weights))
    for block in slots:
        if block.shape[1] == 1:
            bias = bias + cross[block[:, 0]].sum(axis=0)
    result: FloatArray = matrix @ weights + bias
    for block in slots:
        if block.shape[1] > 1:
            for row in block:
                result += cross[row]
    return np.where(np.isfinite(result), result, -np.inf).astype(np.float32)


def check_width(matrix: FloatArray, n_features: int) -> None:
    """Refuse a feature matrix of another shape than (n, n_features)."""
    if matrix.ndim != 2 or matrix.shape[1] != n_features:
        raise ValueError(
            f"the feature matrix has shape {matrix.shape}; (rows, {n_features}) is due - is it transposed?"
        )


def standardise(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each column, (n_features,) float32 each; spread 1 where it is 0."""
    centre = matrix.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = matrix.std(axis=0, dtype=np.float64).astype(np.float32)
    return centre, np.where(spread > 1e-6, spread, 1.0).astype(np.float32)


def fit_logistic(
    matrix: FloatArray,
    labels: FloatArray,
    outputs: Sequence[int],
    l2: tuple[float, float],
    iterations: int,
    slots: Sequence[IntArray] = (),
    n_slots: int = 0,
    start: LinearPart | None = None,
) -> LinearPart:
    """Minimise the mean log loss of every label plus l2 / n |weights|^2, all labels in one L-BFGS run.

    `matrix` is (n, n_features) and `labels` (n, n_outputs) float32 in [0, 1]; only the columns `outputs` are
    learned, the others keep weights of 0 and their mean as bias. `l2` holds those of features and categories;
    `slots` are blocks of (n_crosses, n or 1), `n_slots` where unknown; `start` is yesterday's part.
    """
    centre, spread = standardise(matrix)
    n_all = labels.shape[1]
    base = np.clip(labels.mean(axis=0), 1e-6, 1 - 1e-6)
    log_odds = np.log(base / (1 - base))
    used, indicator = _indicate(slots, len(matrix), n_slots)
    n_features, n_rows = matrix.shape[1], len(matrix)
    held = np.full((n_features + len(used) + 1, 1), l2[1] / n_rows)
    held[:n_features] = l2[0] / n_rows
    held[-1] = 0.0
    initial = np.zeros((len(held), len(outputs)), dtype=np.float64)
    initial[-1] = log_odds[outputs]
    if start is not None and start.weights.shape == (n_features, n_all):
        initial[:n_features] = start.weights[:, outputs] / start.spread[:, None] * spread[:, None]
        if len(start.cross) == n_slots + 1:
            initial[n_features:-1] = start.cross[used][:, outputs]
    table = _minimise((matrix - centre) / spread, indicator, labels[:, outputs], held, initial, iterations)
    weights = np.zeros((n_features, n_all), dtype=np.float32)
    weights[:, outputs] = table[:n_features]
    bias = log_odds.astype(np.float32)
    bias[outputs] = table[-1]
    cross = np.zeros((n_slots + 1, n_all), dtype=np.float32)
    cross[used[:, None], np.asarray(outputs)] = table[n_features:-1]
    return LinearPart(centre, spread, weights, bias, cross)


def _minimise(
    scaled: FloatArray,
    indicator: sp.csr_matrix,
    labels: FloatArray,
    held: FloatArray,
    initial: FloatArray,
    iterations: int,
) -> FloatArray:
    """L-BFGS over the mean log loss plus sum of held x table ** 2; the table's last row is the bias."""
    n_rows, n_features = scaled.shape

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        table = flat.reshape(initial.shape).astype(np.float32)
        logits = scaled @ table[:n_features] + indicator @ table[n_features:-1] + table[-1]
        # log(1 + exp(z)) - y z, stable for large |z|
        odds = np.exp(-np.abs(logits))
        losses = np.maximum(logits, 0) + np.log1p(odds) - labels * logits
        residual = (np.where(logits >= 0, 1.0, odds) / (1.0 + odds) - labels) / np.float32(n_rows)
        slope = np.empty(initial.shape)
        slope[:n_features] = scaled.T @ residual
        slope[n_features:-1] = indicator.T @ residual
        slope[-1] = residual.sum(axis=0)
        slope += 2 * held * table
        value = float(losses.sum(dtype=np.float64)) / n_rows
        return value + float((held * table**2).sum(dtype=np.float64)), slope.ravel()

    solved = scipy.optimize.minimize(
        loss, initial.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": 12}
    )
    result: FloatArray = solved.x.reshape(initial.shape).astype(np.float32)
    return result


def _indicate(slots: Sequence[IntArray], n_rows: int, n_slots: int) -> tuple[IntArray, sp.csr_matrix]:
    """Slots that occur, and the (n_rows, n_used) matrix with a 1 for each slot of each row."""
    if not slots:
        return np.zeros(0, dtype=np.int64), sp.csr_matrix((n_rows, 0), dtype=np.float32)
    stacked = np.concatenate([np.broadcast_to(block, (len(block), n_rows)) for block in slots]).T
    used, place = np.unique(stacked, return_inverse=True)
    known = (stacked != n_slots).ravel()
    row = np.repeat(np.arange(n_rows), stacked.shape[1])[known]
    column = place.ravel()[known]
    ones = np.ones(len(row), dtype=np.float32)
    n_used = len(used) - int(used[-1] == n_slots)
    return used[:n_used], sp.csr_matrix((ones, (row, column)), (n_rows, n_used))
