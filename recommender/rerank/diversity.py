"""Keep a page from being all one thing: creators decay, look-alikes pay.

Creator decay as published by X (param.rs, August 2026: 0.5, floor 0.25); similarity after maximal marginal
relevance (Carbonell and Goldstein, SIGIR 1998).
"""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.params import RerankParams


class PageDiversity:
    """What the page shows so far, and what that does to the value of the rest."""

    def __init__(
        self, creator: IntArray, vectors: FloatArray, value: FloatArray, params: RerankParams
    ) -> None:
        self.creator = creator
        self.vectors = vectors
        self.params = params
        finite = value[np.isfinite(value)]
        self.spread_ = float(finite.std()) if len(finite) else 0.0
        self.factor_ = np.ones(len(creator), dtype=np.float32)
        self.closeness_ = np.zeros(len(creator), dtype=np.float32)

    def adjust(self, value: FloatArray) -> FloatArray:
        """(n,) value after creator decay and the price of likeness; a negative value does not decay."""
        decayed = np.where(value > 0, value * self.factor_, value)
        adjusted: FloatArray = decayed - self.params.diversity * self.spread_ * self.closeness_
        return adjusted

    def add(self, row: int) -> None:
        """The page shows this row now."""
        same = self.creator == self.creator[row]
        self.factor_[same] = np.maximum(
            self.factor_[same] * self.params.creator_decay, self.params.creator_floor
        )
        np.maximum(self.closeness_, self.vectors @ self.vectors[row], out=self.closeness_)
