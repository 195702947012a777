"""Move a fitted predictor with new rows: AdaGrad from where it stands, replayed rows in between.

Every weight has a step of its own (Duchi et al., JMLR 2011): what the fit has seen much of moves little. The
regression and the last layer of the network part move; their inner layers stay until the next full fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from recommender.contracts import N_ACTIONS, FloatArray, IntArray
from recommender.prediction.calibration import Calibration
from recommender.prediction.hybrid import HybridPredictor, mix_logits
from recommender.prediction.inputs import Reading
from recommender.prediction.watch_time import WatchTimeHead, mark_levels
from recommender.training.online_params import OnlineParams
from recommender.training.rows import LearningRows

#: Enough for a shift of several log-odds at half a log-odds a step.
_NEWTON_STEPS = 12


@dataclass(frozen=True, slots=True)
class TaughtRows:
    """Described rows and what they teach; `label` and `weight` are (n, N_OUTPUTS) float32."""

    matrix: FloatArray  # (n, n_features) float32
    slots: IntArray  # (n_crosses, n) int32
    state: FloatArray  # (n, d) float32
    item: FloatArray  # (n, d) float32
    codes: IntArray  # (n_columns, n) int32
    market: IntArray  # (n,) int8
    label: FloatArray
    weight: FloatArray

    def __len__(self) -> int:
        return len(self.matrix)

    def take(self, rows: IntArray | slice) -> TaughtRows:
        """The chosen rows."""
        return TaughtRows(
            self.matrix[rows],
            self.slots[:, rows],
            self.state[rows],
            self.item[rows],
            self.codes[:, rows],
            self.market[rows],
            self.label[rows],
            self.weight[rows],
        )

    def reading(self) -> Reading:
        """What the network part is given."""
        return Reading(self.state, self.item, [self.codes] if len(self.codes) else [])


def teach_rows(
    learning: LearningRows, label: FloatArray, weight: FloatArray, head: WatchTimeHead | None
) -> TaughtRows:
    """Described rows with their targets of the actions; the watch levels follow from the head's quantiles.

    `label` and `weight` are (n, N_ACTIONS); a watch teaches its levels when it teaches `long_watch`.
    """
    n_rows = len(learning.rows)
    duration = np.expm1(learning.matrix[:, learning.names.index("log_duration")])
    seconds = learning.rows.watch_seconds
    rank = np.full(n_rows, 0.5) if head is None else rank_by_head(head, np.nan_to_num(seconds), duration)
    levels = mark_levels(rank)
    told = weight[:, 1:2] * (np.isfinite(seconds) & (head is not None))[:, None]
    return TaughtRows(
        matrix=learning.matrix,
        slots=_stack(learning.slots, n_rows),
        state=learning.state,
        item=learning.item,
        codes=_stack(learning.codes, n_rows),
        market=learning.market,
        label=np.concatenate([label, levels], axis=1).astype(np.float32),
        weight=np.concatenate([weight, np.repeat(told, levels.shape[1], axis=1)], axis=1).astype(np.float32),
    )


def rank_by_head(head: WatchTimeHead, seconds: FloatArray, duration: FloatArray) -> FloatArray:
    """(n,) rank in [0, 1] of watch seconds among videos of like length, by the head's own quantiles."""
    group = np.searchsorted(head.edges, duration, side="right")
    rank = np.empty(len(seconds))
    for code in np.unique(group):
        rows, marks = group == code, head.quantiles[code]
        both = np.searchsorted(marks, seconds[rows], "left") + np.searchsorted(marks, seconds[rows], "right")
        rank[rows] = both / (2 * len(marks))
    return rank


def learn_online(
    predictor: HybridPredictor,
    rows: TaughtRows,
    older: TaughtRows,
    n_learnt: int,
    params: OnlineParams,
    seed: int,
) -> HybridPredictor:
    """The predictor after one pass over new rows, with replayed ones between them. Same inputs, same result.

    Parameters
    ----------
    older : rows of the last full fit, described as they were then; they also set each weight's step.
    n_learnt : rows that fit had: the more, the less a new row moves.
    """
    if not len(rows):
        return predictor
    table = _Table(predictor, older, n_learnt, params)
    for batch in _draw_batches(rows, older, params, np.random.default_rng(seed)):
        table.step(batch)
    moved = table.close()
    return replace(moved, calibration=_bend(moved, rows, older, params))


class _Table:
    """The weights that move, and the squared slopes that each has seen."""

    def __init__(
        self, predictor: HybridPredictor, older: TaughtRows, n_learnt: int, params: OnlineParams
    ) -> None:
        part, network = predictor.actions, predictor.network
        self.predictor, self.params = predictor, params
        self.share = predictor.share if network is not None else np.zeros_like(predictor.share)
        self.weights, self.bias = part.weights.astype(np.float64), part.bias.astype(np.float64)
        self.cross = np.array(part.cross, dtype=np.float64)
        self.answer = None if network is None else np.asarray(network.answer, dtype=np.float64)
        self.learns = np.ones(len(part.bias))
        self.learns[:N_ACTIONS][np.isfinite(predictor.constant)] = 0.0
        self.seen = self._measure(older, n_learnt)

    def _measure(self, older: TaughtRows, n_learnt: int) -> tuple[FloatArray, ...]:
        """Squared slopes as if every learnt row had been a step."""
        scaled, indicator, hidden = self._inputs(older)
        slope = self._slope(older, scaled, indicator, hidden)
        scale = max(n_learnt, 1) / max(len(older), 1)
        least = self.params.least_memory * np.maximum((slope**2).mean(axis=0), 1e-6)
        seen = [
            scaled.T**2 @ slope**2 * scale,
            (slope**2).sum(axis=0) * scale,
            np.asarray(indicator.T @ (slope**2)) * scale,
        ]
        if hidden is not None:
            seen.append(np.einsum("nmh,no->mho", hidden**2, slope**2) * scale)
        return tuple(np.maximum(table, least) for table in seen)

    def _inputs(self, rows: TaughtRows) -> tuple[FloatArray, sp.csr_matrix, FloatArray | None]:
        part, network = self.predictor.actions, self.predictor.network
        scaled = (rows.matrix - part.centre) / part.spread
        hidden = None if network is None else network.read_hidden(rows.matrix, rows.reading())
        return scaled, indicate(rows.slots, len(self.cross)), hidden

    def _slope(
        self, rows: TaughtRows, scaled: FloatArray, indicator: sp.csr_matrix, hidden: FloatArray | None
    ) -> FloatArray:
        """(n, N_OUTPUTS) weighted difference of prediction and label, before calibration."""
        logits = scaled @ self.weights + indicator @ self.cross + self.bias
        if hidden is not None and self.answer is not None and self.predictor.network is not None:
            answers = np.einsum("nmh,mho->no", hidden, self.answer) / len(self.answer)
            logits += self.share * (answers + self.predictor.network.answer_bias - logits)
        probability = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        slope: FloatArray = rows.weight * (probability - rows.label) * self.learns
        return slope

    def step(self, rows: TaughtRows) -> None:
        """One step down the batch's summed loss."""
        scaled, indicator, hidden = self._inputs(rows)
        slope = self._slope(rows, scaled, indicator, hidden)
        rate, seen, own = self.params.rate, self.seen, 1.0 - self.share
        seen[0][:] += scaled.T**2 @ slope**2
        seen[1][:] += (slope**2).sum(axis=0)
        self.weights -= rate * own * (scaled.T @ slope) / np.sqrt(seen[0])
        self.bias -= rate * slope.sum(axis=0) / np.sqrt(seen[1])
        used = np.unique(indicator.indices)
        mine = indicator[:, used]
        seen[2][used] += mine.T @ slope**2
        self.cross[used] -= rate * own * (mine.T @ slope) / np.sqrt(seen[2][used])
        if hidden is not None and self.answer is not None:
            pull = np.einsum("nmh,no->mho", hidden, slope) / len(self.answer)
            seen[3][:] += pull**2
            self.answer -= self.params.answer_rate * self.share * pull / np.sqrt(seen[3])

    def close(self) -> HybridPredictor:
        """The predictor with the weights as they are now."""
        part, network = self.predictor.actions, self.predictor.network
        self.cross[-1] = 0.0  # an unknown category adds nothing
        moved = replace(
            part,
            weights=self.weights.astype(np.float32),
            bias=self.bias.astype(np.float32),
            cross=self.cross.astype(np.float32),
        )
        if network is not None and self.answer is not None:
            network = replace(network, answer=self.answer.astype(np.float32))
        return replace(self.predictor, actions=moved, network=network)


def _draw_batches(
    rows: TaughtRows, older: TaughtRows, params: OnlineParams, rng: np.random.Generator
) -> Iterator[TaughtRows]:
    """New rows in random order, each batch with as many older ones as the ratio says."""
    order = rng.permutation(len(rows))
    for start in range(0, len(order), params.batch):
        batch = rows.take(order[start : start + params.batch])
        n_older = round(len(batch) * params.replay_ratio)
        if n_older and len(older):
            batch = _join(batch, older.take(rng.integers(0, len(older), n_older)))
        yield batch


def _join(first: TaughtRows, second: TaughtRows) -> TaughtRows:
    return TaughtRows(
        np.concatenate([first.matrix, second.matrix]),
        np.concatenate([first.slots, second.slots], axis=1),
        np.concatenate([first.state, second.state]),
        np.concatenate([first.item, second.item]),
        np.concatenate([first.codes, second.codes], axis=1),
        np.concatenate([first.market, second.market]),
        np.concatenate([first.label, second.label]),
        np.concatenate([first.weight, second.weight]),
    )


def mix_rows(predictor: HybridPredictor, rows: TaughtRows) -> FloatArray:
    """(n, N_OUTPUTS) logits before calibration."""
    linear = predictor.actions.logits(rows.matrix, [rows.slots] if len(rows.slots) else [])
    return mix_logits(linear, predictor.network, predictor.share, rows.matrix, rows.reading())


def _bend(
    predictor: HybridPredictor, rows: TaughtRows, older: TaughtRows, params: OnlineParams
) -> Calibration:
    """Shift every market's curve by its own new rows; slopes wait for the next full fit.

    Formula: the shift that minimises the weighted log loss plus half its square times the information of
    `calibration_memory` rows like the replayed ones; Newton's method, no step longer than half a log-odds.
    """
    live = predictor.calibration
    offset = np.array(live.offset)
    usual, fresh = mix_rows(predictor, older)[:, :N_ACTIONS], mix_rows(predictor, rows)[:, :N_ACTIONS]
    for code in (*np.unique(rows.market[rows.market >= 0]), -1):
        own = np.ones(len(rows), dtype=np.bool_) if code < 0 else rows.market == code
        label, weight = rows.label[own, :N_ACTIONS], rows.weight[own, :N_ACTIONS]
        known = _squash(live.slope[code] * usual + live.offset[code])
        held = params.calibration_memory * (known * (1 - known)).mean(axis=0)
        bent, shift = live.slope[code] * fresh[own] + live.offset[code], np.zeros(N_ACTIONS)
        for _ in range(_NEWTON_STEPS):
            p = _squash(bent + shift)
            pull = (weight * (p - label)).sum(axis=0) + held * shift
            step = pull / ((weight * p * (1 - p)).sum(axis=0) + held + 1e-9)
            shift -= np.clip(step, -0.5, 0.5)
        offset[code] = np.where(np.isfinite(predictor.constant), live.offset[code], live.offset[code] + shift)
    return Calibration(live.slope, offset.astype(np.float32))


def _squash(logits: FloatArray) -> FloatArray:
    probability: FloatArray = 1 / (1 + np.exp(-np.clip(logits, -30, 30).astype(np.float64)))
    return probability


def indicate(slots: IntArray, n_slots: int) -> sp.csr_matrix:
    """(n, n_slots) with a 1 for each slot of each row; the last slot stands for unknown and stays 0."""
    n_crosses, n_rows = slots.shape
    if not n_crosses:
        return sp.csr_matrix((n_rows, n_slots))
    column = slots.T.ravel()
    known = column != n_slots - 1
    row = np.repeat(np.arange(n_rows), n_crosses)[known]
    return sp.csr_matrix((np.ones(len(row)), (row, column[known])), (n_rows, n_slots))


def _stack(blocks: list[IntArray], n_rows: int) -> IntArray:
    """(n_columns, n_rows) int32 of blocks that may be one row wide."""
    if not blocks:
        return np.zeros((0, n_rows), dtype=np.int32)
    return np.concatenate([np.broadcast_to(block, (len(block), n_rows)) for block in blocks]).astype(np.int32)
