"""Scores of the videos a recall source knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.features.order import pick_top


class Answer(Protocol):
    """What a source says of videos: the score of any, and the best."""

    def look_up(self, video: IntArray) -> FloatArray:
        """(n,) float32 score of each of the catalogue rows `video`."""

    def take(self, allowed: BoolArray, k: int) -> tuple[IntArray, FloatArray]:
        """At most k allowed rows (int32) with a score above 0, and the scores (float32), best first."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Scores of the videos a source knows; every other video scores 0.

    Kept to those rows: most of a large catalogue is unknown to most sources, and every pass over all of it
    would be paid by every request.
    """

    video: IntArray  # (c,) int32 catalogue rows, ascending, unique
    score: FloatArray  # (c,) float32

    @classmethod
    def none(cls) -> Votes:
        """Nothing is known."""
        return cls(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))

    def look_up(self, video: IntArray) -> FloatArray:
        """(n,) float32 score of each of the catalogue rows `video`."""
        if not len(self.video):
            return np.zeros(len(video), dtype=np.float32)
        place = np.minimum(np.searchsorted(self.video, video), len(self.video) - 1)
        return np.where(self.video[place] == video, self.score[place], np.float32(0.0))

    def take(self, allowed: BoolArray, k: int) -> tuple[IntArray, FloatArray]:
        """At most k allowed rows (int32) with a score above 0, and the scores (float32), best first.

        `allowed` is (n_videos,).
        """
        voted = np.flatnonzero((self.score > 0) & allowed[self.video])
        best = voted[pick_top(self.score[voted], k)]
        return self.video[best].astype(np.int32), self.score[best].astype(np.float32)

    def spread(self, n_videos: int) -> FloatArray:
        """(n_videos,) float32 score of every video.

        >>> Votes(np.array([1, 3]), np.array([0.5, -2.0])).spread(5).tolist()
        [0.0, 0.5, 0.0, -2.0, 0.0]
        """
        spread = np.zeros(n_videos, dtype=np.float32)
        spread[self.video] = self.score
        return spread
