"""Recall from what the market likes lately: the viewer's language first, their group's favourites in it."""

from __future__ import annotations

import numpy as np

from recommender.contracts import UNKNOWN, FloatArray, IntArray, Scenario
from recommender.features.viewers import ViewerProfile
from recommender.recall.index import RecallIndex
from recommender.recall.voting import take_listed


def recall(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, k: int
) -> tuple[IntArray, FloatArray]:
    """At most k catalogue rows (int32) with their scores (float32): 1 / rank ** 0.5 in the lists.

    Two thirds come from the list of the viewer's language where there is one; `groups.recall_share` of all
    are
    what the viewer's group by interest likes lately, in front.
    """
    everything = index.trending.get((scenario.market, UNKNOWN))
    if everything is None:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    spoken = index.trending.get((scenario.market, viewer.state.language), everything[:0])
    own, _ = take_listed(spoken, _score_ranks(len(spoken)), viewer, 2 * k // 3)
    rest, _ = take_listed(everything, _score_ranks(len(everything)), viewer, k)
    liked = index.group_lists.get(viewer.state.extra.get("interest_group", UNKNOWN), everything[:0])
    peers, _ = take_listed(liked, _score_ranks(len(liked)), viewer, int(k * index.group_share))
    video, first = np.unique(np.concatenate([peers, own, rest]), return_index=True)
    video = video[np.argsort(first)][:k]
    return video.astype(np.int32), _score_ranks(len(video))


def _score_ranks(length: int) -> FloatArray:
    return (1.0 / np.sqrt(np.arange(1, length + 1))).astype(np.float32)
