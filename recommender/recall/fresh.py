"""Recall of new videos that few have been shown: every video gets a first audience."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray, Scenario
from recommender.features.order import pick_top
from recommender.features.viewers import ViewerProfile
from recommender.recall.index import RecallIndex

#: Fresh videos looked at per request: bounds the work where a market uploads a lot.
_LOOKED_AT = 600


def recall(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, k: int
) -> tuple[IntArray, FloatArray]:
    """At most k catalogue rows (int32) with their scores (float32): closeness in content, then newness.

    Where more are fresh than can be looked at, each viewer starts at another place of the list, so that
    every new video meets somebody.
    """
    listed = index.fresh.get(scenario.market, np.zeros(0, dtype=np.int32))
    if len(listed) > _LOOKED_AT:
        start = (viewer.state.viewer_id * 2_654_435_761) % len(listed)
        listed = np.take(listed, np.arange(start, start + _LOOKED_AT), mode="wrap")
    video = listed[viewer.allowed[listed]]
    newness = 1.0 / (1.0 + np.arange(len(video)))
    score = 1.0 + index.content.vectors[video] @ viewer.vector + 0.1 * newness
    best = pick_top(score, k)
    return video[best].astype(np.int32), score[best].astype(np.float32)
