"""Recall from viewers alike: a linear autoencoder over everything the viewer liked, newest most."""

from __future__ import annotations

from recommender.contracts import FloatArray, IntArray, Scenario
from recommender.features.viewers import ViewerProfile
from recommender.features.votes import Answer
from recommender.recall.index import RecallIndex


def recall(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, k: int
) -> tuple[IntArray, FloatArray]:
    """At most k catalogue rows (int32) with their scores (float32), best first."""
    return vote(index, viewer).take(viewer.allowed, k)


def vote(index: RecallIndex, viewer: ViewerProfile) -> Answer:
    """Score of each video; 0 where nothing the viewer liked points to it."""
    if "collaborative" not in viewer.votes:
        viewer.votes["collaborative"] = index.autoencoder.vote(viewer.liked_video, viewer.liked_weight)
    return viewer.votes["collaborative"]
