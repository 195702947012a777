"""The predictor that serves: named parts whose logits are added, one calibration, one watch-time head.

A part that an artifact lacks is absent; nothing stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.contracts import ACTIONS, N_ACTIONS, FloatArray, IntArray, Predictions
from recommender.prediction.base_rate import spread_affinity
from recommender.prediction.calibration import Calibration
from recommender.prediction.inputs import PredictionInputs, Reading
from recommender.prediction.logistic import LinearPart, add_logits
from recommender.prediction.network import NetworkPart
from recommender.prediction.watch_time import WATCH_LEVELS, WatchTimeHead

#: Outputs of every part: the actions, and whether the watch time lies above each level of its rank among
#: videos of like duration.
OUTPUTS: tuple[str, ...] = (*ACTIONS, *(f"watch_above_{level:.1f}" for level in WATCH_LEVELS))
N_OUTPUTS = len(OUTPUTS)


@dataclass(frozen=True, slots=True)
class HybridPredictor:
    """Logistic regression and network of every action, and the choice among candidates, over one matrix."""

    actions: LinearPart  # N_OUTPUTS outputs
    choice: LinearPart | None  # one output: log of how likely a candidate is the next one chosen
    calibration: Calibration
    watch_time: WatchTimeHead | None
    constant: (
        FloatArray  # (N_ACTIONS,) float32: probability of an action without a model of its own, NaN else
    )
    network: NetworkPart | None = None  # N_OUTPUTS outputs
    share: FloatArray = field(  # (N_OUTPUTS,) float32 in [0, 1]: part of the network in each logit
        default_factory=lambda: np.zeros(N_OUTPUTS, dtype=np.float32)
    )
    _weights: FloatArray = field(
        init=False, repr=False
    )  # (n_features, N_OUTPUTS [+ 1]): one product a request
    _bias: FloatArray = field(init=False, repr=False)
    _cross: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        weights, bias = self.actions.fold()
        cross = self.actions.cross
        if self.choice is not None:
            choice_weights, choice_bias = self.choice.fold()
            weights = np.concatenate([weights, choice_weights], axis=1)
            bias = np.concatenate([bias, choice_bias])
            cross = np.concatenate([cross, np.zeros((len(cross), 1), dtype=np.float32)], axis=1)
        object.__setattr__(self, "_weights", weights.astype(np.float32))
        object.__setattr__(self, "_bias", bias.astype(np.float32))
        object.__setattr__(self, "_cross", cross)

    def predict(self, inputs: PredictionInputs) -> Predictions:
        """Predictions of one market's rows."""
        linear = add_logits(inputs.matrix, self._weights, self._bias, self._cross, inputs.slots)
        score = inputs.fused if self.choice is None else linear[:, N_OUTPUTS]
        network, reading = self.network, inputs.reading
        logits = mix_logits(linear[:, :N_OUTPUTS], network, self.share, inputs.matrix, reading)
        probability = self._settle(self.calibration.apply(logits[:, :N_ACTIONS], inputs.market))
        seconds = np.zeros(len(logits), dtype=np.float32)
        if self.watch_time is not None:
            expected = self.watch_time.expected_seconds(_squeeze(logits), inputs.duration_seconds)
            seconds = np.where(np.isfinite(logits[:, N_ACTIONS]), expected, 0.0).astype(np.float32)
        return Predictions(probability, seconds, spread_affinity(score))

    def predict_rows(
        self, matrix: FloatArray, slots: Sequence[IntArray], reading: Reading | None, market: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Predictions of rows from several markets: `market` is (n,).

        Returns
        -------
        probability : (n, N_ACTIONS).
        above : (n, n_levels) probability that the watch time ranks above each of WATCH_LEVELS.
        """
        linear = self.actions.logits(matrix, slots)
        logits = mix_logits(linear, self.network, self.share, matrix, reading)
        probability = self.calibration.apply_rows(logits[:, :N_ACTIONS], market)
        return self._settle(probability), _squeeze(logits)

    def without_network(self) -> HybridPredictor:
        """The same with its network part switched off, for an ablation."""
        return replace(self, network=None)

    def _settle(self, probability: FloatArray) -> FloatArray:
        fixed = np.isfinite(self.constant)
        probability[:, fixed] = self.constant[fixed]
        return probability

    def to_arrays(self) -> dict[str, FloatArray]:
        """Arrays by name, for an artifact."""
        arrays = {**self.actions.to_arrays("actions"), **self.calibration.to_arrays()}
        arrays |= {"constant": self.constant, "network/share": self.share}
        if self.network is not None:
            arrays |= self.network.to_arrays()
        if self.choice is not None:
            arrays |= self.choice.to_arrays("choice")
        if self.watch_time is not None:
            arrays |= self.watch_time.to_arrays()
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> HybridPredictor:
        """The predictor that `to_arrays` wrote; parts without arrays are absent."""
        return cls(
            actions=LinearPart.from_arrays(arrays, "actions"),
            choice=LinearPart.from_arrays(arrays, "choice") if "choice/weights" in arrays else None,
            calibration=Calibration.from_arrays(arrays),
            watch_time=WatchTimeHead.from_arrays(arrays) if "watch/edges" in arrays else None,
            constant=np.asarray(arrays["constant"]),
            network=NetworkPart.from_arrays(arrays) if "network/answer" in arrays else None,
            share=np.asarray(arrays["network/share"]),
        )


def mix_logits(
    linear: FloatArray,
    network: NetworkPart | None,
    share: FloatArray,
    matrix: FloatArray,
    reading: Reading | None,
) -> FloatArray:
    """(n, N_OUTPUTS) logits of both parts; -inf stays where the regression refused a row.

    `linear` are the regression's, `share` is (N_OUTPUTS,) the network's part in [0, 1].
    """
    if network is None or reading is None or not share.any():
        return linear
    with np.errstate(invalid="ignore"):
        mixed = linear + share * (network.logits(matrix, reading) - linear)
    return np.where(np.isfinite(mixed), mixed, -np.inf).astype(np.float32)


def _squeeze(logits: FloatArray) -> FloatArray:
    """(n, n_levels) probability of each watch level."""
    with np.errstate(over="ignore"):
        above: FloatArray = 1 / (1 + np.exp(-logits[:, N_ACTIONS:N_OUTPUTS]))
    return above


def find_constant_actions(labels: FloatArray, min_positives: int) -> tuple[FloatArray, Sequence[int]]:
    """Smoothed base rate of each action with too few positives to learn, NaN for the others.

    Returns
    -------
    constant : (N_ACTIONS,) float32; (positives + 0.5) / (rows + 1) (Jeffreys).
    learned : positions of the actions that get a model.
    """
    positives = labels.sum(axis=0)
    constant = np.full(N_ACTIONS, np.nan, dtype=np.float32)
    rare = (positives < min_positives) | (len(labels) - positives < min_positives)
    constant[rare] = (positives[rare] + 0.5) / (len(labels) + 1)
    return constant, [int(action) for action in np.flatnonzero(~rare)]
