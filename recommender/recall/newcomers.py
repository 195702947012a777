"""Let every source answer a newcomer: imagine that they watched the best videos of what they said they like.

The imagined watches fade with the first real ones and hide nothing from the feed.
"""

from __future__ import annotations

import numpy as np

from recommender.contracts import IntArray, ViewerState
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.params import RecallParams
from recommender.recall.index import Postings


def imagine_watches(state: ViewerState, topics: Postings | None, params: RecallParams) -> IntArray:
    """(n,) int32 catalogue rows; none for a viewer who liked enough, or who chose no interest."""
    n_positive = int(np.count_nonzero(state.recent_actions & POSITIVE_ACTIONS))
    if topics is None or not len(state.interests) or n_positive >= params.newcomer_positives:
        return np.zeros(0, dtype=np.int32)
    best = [topics.rows_of(int(topic), params.imagined_per_interest) for topic in state.interests]
    return np.unique(np.concatenate(best)).astype(np.int32)
