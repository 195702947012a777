"""The sequence CNN in NumPy: which video comes next, from the last ones and how each was watched.

Trained elsewhere (training.sequence); here a request costs a few small products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.features.convolutions import (
    Block,
    code_feedback,
    convolve,
    count_reach,
    normalise,
    take_blocks,
)
from recommender.features.votes import Answer, Votes
from recommender.params import SequenceParams
from recommender.recall.vectors import Graph, VectorIndex


@dataclass(frozen=True, slots=True)
class SequenceModel:
    """What serving needs of a fit."""

    index: VectorIndex  # of `place_for_search`, (c, d + 1), in the rows of `video`
    video: FloatArray  # (c + 1, d) float32 embeddings, last row: a video that is not covered
    feedback: FloatArray  # (N_FEEDBACK, d)
    position: FloatArray  # (length, d), newest last
    blocks: tuple[Block, ...]

    @classmethod
    def none(cls, n_videos: int) -> SequenceModel:
        """Nothing is covered."""
        nothing = np.zeros((0, 1), dtype=np.float32)
        return cls(VectorIndex.none(n_videos), nothing, nothing, nothing, ())

    def vote(self, video: IntArray, actions: IntArray) -> Answer:
        """Log-odds of the next like, 0 on average over the covered videos.

        `video` and `actions` are (w,), the viewer's past, newest last; an empty past votes for nothing.
        """
        if not len(self.index.covered) or not len(video):
            return Votes.none()
        return self.index.ask(self.ask_after(video, actions))

    def ask_after(self, video: IntArray, actions: IntArray) -> FloatArray:
        """(d + 1,) the query behind a past that is not empty; its last place takes the bias."""
        return np.append(self._read(video, actions), np.float32(1.0))

    def _read(self, video: IntArray, actions: IntArray) -> FloatArray:
        """(d,) what the past says of the next video."""
        length = min(len(self.position), count_reach(self.blocks))  # what lies further back is not read
        video, actions = video[-length:], actions[-length:]
        slot = self.index.slot[video]  # UNKNOWN takes the last row, which stands for any other video
        x = self.video[slot] + self.feedback[code_feedback(actions)] + self.position[-len(video) :]
        every = np.ones((1, len(x), 1), dtype=np.float32)
        last: FloatArray = normalise(convolve(x[None], every, self.blocks)[0, -1])
        return last

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, FloatArray],
        covered: IntArray,
        keep: IntArray | slice,
        n_videos: int,
        graph: Graph | None = None,
    ) -> SequenceModel:
        """The model of an artifact; `covered` are today's catalogue rows of the stored rows `keep`."""
        video = np.asarray(arrays["sequence/video"])
        vectors = place_for_search(video[:-1], np.asarray(arrays["sequence/bias"]))
        return cls(
            VectorIndex.build(n_videos, covered, vectors[keep], graph),
            np.concatenate([video[keep], video[-1:]]),
            np.asarray(arrays["sequence/feedback"]),
            np.asarray(arrays["sequence/position"]),
            take_blocks(arrays, "sequence/"),
        )


def place_for_search(video: FloatArray, bias: FloatArray) -> FloatArray:
    """(c, d + 1) float32 vectors whose product with (what the past says, 1) is a logit, 0 on average."""
    placed: FloatArray = np.empty((len(video), video.shape[1] + 1), dtype=np.float32)
    placed[:, :-1] = (video - video.mean(axis=0)) * scale_logits(video.shape[1])
    placed[:, -1] = bias - bias.mean()
    return placed


def scale_logits(width: int) -> float:
    """Factor between a product of two normalised vectors and a logit."""
    return float(4.0 / np.sqrt(width))


def list_covered(video: IntArray, n_videos: int, params: SequenceParams) -> IntArray:
    """(c,) int32 catalogue rows the CNN learns: the most-liked."""
    likes = np.bincount(video, minlength=n_videos)
    covered = np.sort(np.argsort(-likes, kind="stable")[: params.videos])
    return covered[likes[covered] > 0].astype(np.int32)
