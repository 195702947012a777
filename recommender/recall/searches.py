"""Recall of what the viewer searched for: videos whose caption holds the words of their last searches."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray, Scenario
from recommender.features.order import pick_top
from recommender.features.viewers import ViewerProfile
from recommender.recall.index import RecallIndex

#: Words of the last searches that are looked up, and videos read per word.
_WORDS, _VIDEOS_PER_WORD = 12, 500


def recall(
    index: RecallIndex, viewer: ViewerProfile, scenario: Scenario, k: int
) -> tuple[IntArray, FloatArray]:
    """At most k catalogue rows (int32) with their scores (float32): rare matched words count most."""
    video, score = match_words(index, viewer.state.search_tokens)
    allowed = viewer.allowed[video]
    video, score = video[allowed], score[allowed]
    best = pick_top(score, k)
    return video[best].astype(np.int32), score[best].astype(np.float32)


def match_words(index: RecallIndex, words: IntArray) -> tuple[IntArray, FloatArray]:
    """Rows (ascending) that hold any of the words, and the sum of 1 / log(2 + videos with the word)."""
    if not len(words):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    rows: list[IntArray] = [np.zeros(0, dtype=np.int32)]
    scores: list[FloatArray] = [np.zeros(0)]
    for word in words[-_WORDS:].tolist():
        found = index.words.rows_of(word, _VIDEOS_PER_WORD)
        rows.append(found)
        scores.append(np.full(len(found), 1.0 / np.log(2.0 + len(found))))
    video, place = np.unique(np.concatenate(rows), return_inverse=True)
    score = np.bincount(place, weights=np.concatenate(scores), minlength=len(video)).astype(np.float32)
    return video, score
