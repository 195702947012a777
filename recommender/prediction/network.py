"""The network part of the predictor: small networks over the regression's features and the response CNN.

Several networks from different seeds are averaged. Their first layers are folded, so that what is the same
for all rows of a request is added up once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.contracts import UNKNOWN, BoolArray, FloatArray, IntArray
from recommender.prediction.inputs import Reading
from recommender.prediction.logistic import check_width

#: Standardised features are cut here: a network must not extrapolate.
CUT = 5.0


@dataclass(frozen=True, slots=True)
class NetworkPart:
    """m networks of width h over n_features features, categories by slot, and vectors of width d."""

    centre: FloatArray  # (n_features,) float32
    spread: FloatArray  # (n_features,) float32
    features: FloatArray  # (n_features, m h) float32
    vectors: FloatArray  # (3 d, m h): of the state, the item and their product
    slot: IntArray  # (n_slots + 1,) int32 row in `category`, its last row where a category was never met
    category: FloatArray  # (n_met + 1, m h), last row 0
    bias: FloatArray  # (m h,)
    deeper: FloatArray  # (m, h, h)
    deeper_bias: FloatArray  # (m, h)
    answer: FloatArray  # (m, h, n_outputs)
    answer_bias: FloatArray  # (n_outputs,)

    def logits(self, matrix: FloatArray, reading: Reading) -> FloatArray:
        """(n, n_outputs) float32 from (n, n_features) features and what was read of viewer and videos."""
        first = self._enter(matrix, reading)
        members, width = self.deeper_bias.shape
        total = np.zeros((len(matrix), len(self.answer_bias)), dtype=np.float32)
        for member in range(members):
            total += (
                self._deepen(first[:, member * width : (member + 1) * width], member) @ self.answer[member]
            )
        result: FloatArray = total / members + self.answer_bias
        return result.astype(np.float32)

    def read_hidden(self, matrix: FloatArray, reading: Reading) -> FloatArray:
        """(n, m, h) float32: each network's last hidden layer, which `answer` reads."""
        first = self._enter(matrix, reading)
        members, width = self.deeper_bias.shape
        parts = [first[:, member * width : (member + 1) * width] for member in range(members)]
        return np.stack([self._deepen(part, member) for member, part in enumerate(parts)], axis=1)

    def _deepen(self, hidden: FloatArray, member: int) -> FloatArray:
        """(n, h) last hidden layer of one network from its first."""
        deeper = hidden @ self.deeper[member] + self.deeper_bias[member]
        last: FloatArray = hidden + np.maximum(deeper, 0.0)
        return last

    def _enter(self, matrix: FloatArray, reading: Reading) -> FloatArray:
        """(n, m h) first hidden layer of all networks."""
        check_width(matrix, len(self.centre))
        first = self._read(matrix, reading.state, reading.item)
        for block in reading.codes:
            if block.shape[1] == 1:
                first += self.category[self.slot[block[:, 0]]].sum(axis=0)
            else:
                for row in block:
                    first += self.category[self.slot[row]]
        return np.maximum(first, 0.0, out=first)

    def _read(self, matrix: FloatArray, state: FloatArray, item: FloatArray) -> FloatArray:
        """(n, m h) first layer of features and vectors; `state` is (n, d) or (1, d)."""
        own, shown, both = np.split(self.vectors, 3)
        scaled = np.clip((matrix - self.centre) / self.spread, -CUT, CUT)
        first: FloatArray
        if len(state) == 1:  # one viewer: the state goes into the weights, and one product does
            weights = np.concatenate([self.features, shown + state[0][:, None] * both])
            first = np.concatenate([scaled, item], axis=1) @ weights
        else:
            first = scaled @ self.features + item @ shown + (state * item) @ both
        return first + (state @ own + self.bias)

    def to_arrays(self) -> dict[str, FloatArray]:
        """Arrays by name, for an artifact."""
        return {f"network/{name}": getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> NetworkPart:
        """The part that `to_arrays` wrote."""
        return cls(**{name: np.asarray(arrays[f"network/{name}"]) for name in _ARRAYS})

    @classmethod
    def fold(
        cls,
        members: Sequence[Mapping[str, Any]],
        scale: tuple[FloatArray, FloatArray],
        varies: BoolArray,
    ) -> NetworkPart:
        """One part out of trained members.

        Parameters
        ----------
        members : arrays of training.network_fit: `embedding` (n_met + 1, e), `first` (inputs, h) over
            features, categories and vectors in this order, `slot`, `column` and the deeper layers.
        scale : centre and spread of the features.
        varies : (n_features,) features that varied while training; the others would speak with the random
            weights they started from.
        """
        centre, spread = scale
        n_features, slot = len(centre), np.asarray(members[0]["slot"])
        width = members[0]["embedding"].shape[1]
        n_columns = int(members[0]["n_columns"])
        stop = n_features + n_columns * width
        tables = [_fold_category(member, n_features, n_columns) for member in members]
        return cls(
            centre,
            spread,
            np.concatenate([member["first"][:n_features] for member in members], axis=1) * varies[:, None],
            np.concatenate([member["first"][stop:] for member in members], axis=1),
            slot,
            np.concatenate(tables, axis=1),
            np.concatenate([member["bias"] for member in members]),
            np.stack([member["deeper"] for member in members]),
            np.stack([member["deeper_bias"] for member in members]),
            np.stack([member["answer"] for member in members]),
            np.mean([member["answer_bias"] for member in members], axis=0).astype(np.float32),
        )


_ARRAYS = (
    "centre", "spread", "features", "vectors", "slot", "category", "bias", "deeper", "deeper_bias", "answer",
    "answer_bias",
)  # fmt: skip


def _fold_category(member: Mapping[str, Any], n_features: int, n_columns: int) -> FloatArray:
    """(n_met + 1, h): each category's embedding through its column's part of the first layer; last row 0."""
    embedding, column = member["embedding"], np.asarray(member["column"])
    width = embedding.shape[1]
    start = n_features + np.maximum(column, 0) * width
    weights = member["first"][start[:, None] + np.arange(width)]  # (n_met + 1, e, h)
    folded: FloatArray = np.einsum("ne,neh->nh", embedding, weights).astype(np.float32)
    folded[column == UNKNOWN] = 0.0
    return folded
