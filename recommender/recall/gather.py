"""Ask every source, fuse their answers into a few hundred unique candidates, and keep what each one said.

A source that proposes nothing costs nothing; what the viewer has seen or may not see never comes through.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recommender.contracts import Candidates, FloatArray, IntArray, Scenario
from recommender.features.order import pick_top
from recommender.features.viewers import ViewerProfile
from recommender.recall import (
    collaborative,
    factors,
    follows,
    fresh,
    interests,
    searches,
    sequence,
    similar_videos,
    tastes,
    trending,
)
from recommender.recall.index import RecallIndex

Source = Callable[[RecallIndex, ViewerProfile, Scenario, int], tuple[IntArray, FloatArray]]

_RECALLS: dict[str, Source] = {
    "interests": interests.recall,
    "similar_videos": similar_videos.recall,
    "collaborative": collaborative.recall,
    "factors": factors.recall,
    "tastes": tastes.recall,
    "sequence": sequence.recall,
    "follows": follows.recall,
    "trending": trending.recall,
    "fresh": fresh.recall,
    "searches": searches.recall,
}
#: Names of the sources; the position is the code in `Candidates.source`.
SOURCES: tuple[str, ...] = tuple(_RECALLS)
#: Columns of `Candidates.signals`: what each source said, and what the index knows of any video.
SIGNALS: tuple[str, ...] = (*SOURCES, "log_trend", "log_liked", "content")
#: Sources whose score exists for every video; the others speak of what they propose alone.
_VOTES = {
    "similar_videos": similar_videos.vote,
    "collaborative": collaborative.vote,
    "factors": factors.vote,
    "tastes": tastes.vote,
    "sequence": sequence.vote,
}


def gather(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, weights: FloatArray, k: int
) -> Candidates:
    """The k best unique candidates of all sources by fused score.

    Parameters
    ----------
    weights : (n_signals,) float32 of the fusion, in the order of SIGNALS.
    """
    found = [recall(index, viewer, scenario, index.params.per_source) for recall in _RECALLS.values()]
    video, place = np.unique(np.concatenate([rows for rows, _ in found]), return_inverse=True)
    signals = np.zeros((len(video), len(SIGNALS)), dtype=np.float32)
    rank = np.full((len(video), len(SOURCES)), np.inf, dtype=np.float32)
    start = 0
    for code, (rows, scores) in enumerate(found):
        mine = place[start : start + len(rows)]
        signals[mine, code] = scores
        rank[mine, code] = np.arange(len(rows))
        start += len(rows)
    fill_signals(index, viewer, scenario, video, signals)
    fused = signals @ weights
    best = pick_top(fused, k)
    return Candidates(
        video=video[best].astype(np.int32),
        source=rank[best].argmin(axis=1).astype(np.int8),
        signals=signals[best],
        fused=fused[best].astype(np.float32),
    )


def rank_in_sources(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, video: int
) -> dict[str, int]:
    """Source -> place (0 = best) at which it proposes a catalogue row; sources that do not are left out."""
    found = {}
    for name, recall in _RECALLS.items():
        rows, _ = recall(index, viewer, scenario, index.params.per_source)
        place = np.flatnonzero(rows == video)
        if len(place):
            found[name] = int(place[0])
    return found


def fill_signals(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, video: IntArray, signals: FloatArray
) -> None:
    """Fill, in place, the columns that exist for any video: votes, popularity, content."""
    for name, vote in _VOTES.items():
        signals[:, SIGNALS.index(name)] = vote(index, viewer).look_up(video)
    signals[:, -3], signals[:, -2] = index.popularity.compare(video, scenario.market)
    signals[:, -1] = index.content.vectors[video] @ viewer.vector
