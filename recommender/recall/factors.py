"""Recall from a viewer's taste as a whole: a low-rank picture of who likes what.

Truncated singular vectors of the likes, popularity and activity discounted before and restored after (a graph
low-pass filter, Shen et al., CIKM 2021). A viewer is folded in by one sum, so a like counts at once.
"""

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
    """Score of each video; 0 where it has no factors."""
    if "factors" not in viewer.votes:
        viewer.votes["factors"] = index.factors.vote(viewer.liked_video, viewer.liked_weight)
    return viewer.votes["factors"]
