"""The sequence CNN in NumPy: which video comes next, from the last ones and how each was watched.

Trained elsewhere (training.sequence); here a request costs a few small products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import UNKNOWN, FloatArray, IntArray
from recommender.features.convolutions import (
    Block,
    code_feedback,
    convolve,
    count_reach,
    normalise,
    take_blocks,
)
from recommender.features.votes import Votes
from recommender.params import SequenceParams


@dataclass(frozen=True, slots=True)
class SequenceModel:
    """What serving needs of a fit."""

    slot: IntArray  # (n_videos,) int32 row in `video`, UNKNOWN where not covered
    covered: IntArray  # (c,) int32 catalogue rows
    video: FloatArray  # (c + 1, d) float32 embeddings, last row: a video that is not covered
    feedback: FloatArray  # (N_FEEDBACK, d)
    position: FloatArray  # (length, d), newest last
    bias: FloatArray  # (c,)
    blocks: tuple[Block, ...]

    @classmethod
    def none(cls, n_videos: int) -> SequenceModel:
        """Nothing is covered."""
        nothing = np.zeros((0, 1), dtype=np.float32)
        slot = np.full(n_videos, UNKNOWN, dtype=np.int32)
        return cls(slot, np.zeros(0, dtype=np.int32), nothing, nothing, nothing, nothing[:, 0], ())

    def vote(self, video: IntArray, actions: IntArray) -> Votes:
        """Log-odds of the next like, 0 on average over the covered videos.

        `video` and `actions` are (w,), the viewer's past, newest last; an empty past votes for nothing.
        """
        if not len(self.covered) or not len(video):
            return Votes.none()
        logits = self.video[:-1] @ self._read(video, actions) * scale_logits(self.video.shape[1]) + self.bias
        return Votes(self.covered, logits - logits.mean())

    def _read(self, video: IntArray, actions: IntArray) -> FloatArray:
        """(d,) what the past says of the next video."""
        length = min(len(self.position), count_reach(self.blocks))  # what lies further back is not read
        video, actions = video[-length:], actions[-length:]
        slot = self.slot[video]  # UNKNOWN takes the last row, which stands for any other video
        x = self.video[slot] + self.feedback[code_feedback(actions)] + self.position[-len(video) :]
        every = np.ones((1, len(x), 1), dtype=np.float32)
        last: FloatArray = normalise(convolve(x[None], every, self.blocks)[0, -1])
        return last

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, FloatArray], covered: IntArray, keep: IntArray, n_videos: int
    ) -> SequenceModel:
        """The model of an artifact; `covered` are today's catalogue rows of the stored rows `keep`."""
        slot = np.full(n_videos, UNKNOWN, dtype=np.int32)
        slot[covered] = np.arange(len(covered))
        video = np.asarray(arrays["sequence/video"])
        return cls(
            slot,
            covered,
            np.concatenate([video[keep], video[-1:]]),
            np.asarray(arrays["sequence/feedback"]),
            np.asarray(arrays["sequence/position"]),
            np.asarray(arrays["sequence/bias"])[keep],
            take_blocks(arrays, "sequence/"),
        )


def scale_logits(width: int) -> float:
    """Factor between a product of two normalised vectors and a logit."""
    return float(4.0 / np.sqrt(width))


def list_covered(video: IntArray, n_videos: int, params: SequenceParams) -> IntArray:
    """(c,) int32 catalogue rows the CNN learns: the most-liked."""
    likes = np.bincount(video, minlength=n_videos)
    covered = np.sort(np.argsort(-likes, kind="stable")[: params.videos])
    return covered[likes[covered] > 0].astype(np.int32)
