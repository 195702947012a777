"""Recall from the creators the viewer follows: their newest videos."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray, Scenario
from recommender.features.order import pick_top
from recommender.features.viewers import ViewerProfile
from recommender.recall.index import RecallIndex


def recall(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, k: int
) -> tuple[IntArray, FloatArray]:
    """At most k catalogue rows (int32) with their scores (float32), newest first; 1 / (1 + age in days)."""
    content = index.content
    creators = viewer.followed_creator[-index.params.follow_creators :]
    start = content.creator_indptr[creators]
    length = np.minimum(content.creator_indptr[creators + 1] - start, index.params.follow_videos)
    offset = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    video = content.creator_videos[np.repeat(start, length) + offset]
    video = video[viewer.allowed[video]]
    age_days = np.maximum(scenario.happened_at - index.catalogue.published_at[video], 0.0) / 86_400
    score = 1.0 / (1.0 + age_days)
    best = pick_top(score, k)
    return video[best].astype(np.int32), score[best].astype(np.float32)
