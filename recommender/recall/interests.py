"""Recall from what the viewer cares about: the best videos of their topics, chosen at sign-up or watched."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray, Scenario
from recommender.features.order import pick_top
from recommender.features.viewers import ViewerProfile
from recommender.recall.index import RecallIndex


def recall(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, k: int
) -> tuple[IntArray, FloatArray]:
    """At most k catalogue rows (int32) with their scores (float32), best first.

    A topic's share of the answer grows with the viewer's affinity; a video scores affinity / rank ** 0.5.
    """
    postings = index.topics.get(scenario.market)
    topics = viewer.topic[: index.params.topics_asked]
    if postings is None or not len(topics):
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    rows, scores = [], []
    total = float(viewer.topic_affinity.sum())
    for topic, affinity in zip(topics.tolist(), viewer.topic_affinity.tolist(), strict=False):
        found = postings.rows_of(topic, index.params.topic_length)
        found = found[viewer.allowed[found]]
        rows.append(found)
        scores.append((affinity / total) / np.sqrt(np.arange(1, len(found) + 1)))
    video, place = np.unique(np.concatenate(rows), return_inverse=True)
    score = np.bincount(place, weights=np.concatenate(scores), minlength=len(video)).astype(np.float32)
    best = pick_top(score, k)
    return video[best].astype(np.int32), score[best].astype(np.float32)
