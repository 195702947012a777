"""Turn a source's scores into its answer."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.features.order import pick_top
from recommender.features.viewers import ViewerProfile
from recommender.features.votes import Votes


def take_voted(votes: Votes, viewer: ViewerProfile, k: int) -> tuple[IntArray, FloatArray]:
    """The k best allowed videos with a vote above 0: rows (int32) and scores (float32), best first."""
    voted = np.flatnonzero((votes.score > 0) & viewer.allowed[votes.video])
    best = voted[pick_top(votes.score[voted], k)]
    return votes.video[best].astype(np.int32), votes.score[best].astype(np.float32)


def take_listed(
    video: IntArray, scores: FloatArray, viewer: ViewerProfile, k: int
) -> tuple[IntArray, FloatArray]:
    """The first k allowed videos of a list that is in order: rows (int32) and scores (float32)."""
    stays = np.flatnonzero(viewer.allowed[video])[:k]
    return video[stays].astype(np.int32), scores[stays].astype(np.float32)
