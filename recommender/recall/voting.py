"""Turn a list into a source's answer."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.features.viewers import ViewerProfile


def take_listed(
    video: IntArray, scores: FloatArray, viewer: ViewerProfile, k: int
) -> tuple[IntArray, FloatArray]:
    """The first k allowed videos of a list that is in order: rows (int32) and scores (float32)."""
    stays = np.flatnonzero(viewer.allowed[video])[:k]
    return video[stays].astype(np.int32), scores[stays].astype(np.float32)
