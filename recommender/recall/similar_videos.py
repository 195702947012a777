"""Recall from the last few videos the viewer liked: what others liked right after them."""

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
    """Score of each video; 0 where none of the last likes leads to it."""
    if "similar_videos" not in viewer.votes:
        seeds = index.params.similar_seeds
        viewer.votes["similar_videos"] = index.transition.vote(
            viewer.liked_video[-seeds:], viewer.liked_weight[-seeds:]
        )
    return viewer.votes["similar_videos"]
