"""Recall from the order of things: what the sequence CNN expects after the last videos."""

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
    """Score of each video; 0 where the artifact has no CNN or the video is not covered."""
    if "sequence" not in viewer.votes:
        viewer.votes["sequence"] = index.sequence.vote(viewer.recent.video[0], viewer.recent.actions[0])
    return viewer.votes["sequence"]
