"""The sequence CNN in NumPy: dilated causal convolutions over the last videos and how each was watched.

After NextItNet (Yuan et al., WSDM 2019). Trained elsewhere (training.sequence); here a request costs a few
small products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import ACTION_INDEX, UNKNOWN, FloatArray, IntArray
from recommender.params import SequenceParams

#: How an event was watched: 0 no event, 1 watched, 2 watched long, 3 liked.
N_FEEDBACK = 4
#: Names of the arrays of a fit; blocks add their number.
BLOCK_ARRAYS = ("gain", "taps", "shift", "out")


@dataclass(frozen=True, slots=True)
class Block:
    """One residual convolution: normalise, three dilated taps, gate, project."""

    gain: FloatArray  # (d,)
    taps: FloatArray  # (3, d, 2 d): the oldest tap first
    shift: FloatArray  # (2 d,)
    out: FloatArray  # (d, d)


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

    def vote(self, video: IntArray, actions: IntArray) -> FloatArray:
        """(n_videos,) float32 log-odds of the next like, 0 on average over the covered videos.

        `video` and `actions` are (w,), the viewer's past, newest last; an empty past votes for nothing.
        """
        votes = np.zeros(len(self.slot), dtype=np.float32)
        if not len(self.covered) or not len(video):
            return votes
        logits = self.video[:-1] @ self._read(video, actions) * scale_logits(self.video.shape[1]) + self.bias
        votes[self.covered] = logits - logits.mean()
        return votes

    def _read(self, video: IntArray, actions: IntArray) -> FloatArray:
        """(d,) what the past says of the next video."""
        length = len(self.position)
        video, actions = video[-length:], actions[-length:]
        slot = self.slot[video]  # UNKNOWN takes the last row, which stands for any other video
        x = self.video[slot] + self.feedback[code_feedback(actions)] + self.position[length - len(video) :]
        for number, block in enumerate(self.blocks):
            x = x + _convolve(normalise(x) * block.gain, block, 2**number)
        last: FloatArray = normalise(x[-1])
        return last

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, FloatArray], covered: IntArray, keep: IntArray, n_videos: int
    ) -> SequenceModel:
        """The model of an artifact; `covered` are today's catalogue rows of the stored rows `keep`."""
        slot = np.full(n_videos, UNKNOWN, dtype=np.int32)
        slot[covered] = np.arange(len(covered))
        video = np.asarray(arrays["sequence/video"])
        count = sum(name.startswith("sequence/gain") for name in arrays)
        blocks = tuple(
            Block(*(np.asarray(arrays[f"sequence/{name}{number}"]) for name in BLOCK_ARRAYS))
            for number in range(count)
        )
        return cls(
            slot,
            covered,
            np.concatenate([video[keep], video[-1:]]),
            np.asarray(arrays["sequence/feedback"]),
            np.asarray(arrays["sequence/position"]),
            np.asarray(arrays["sequence/bias"])[keep],
            blocks,
        )


def code_feedback(actions: IntArray) -> IntArray:
    """(n,) code of how each event was watched.

    >>> code_feedback(np.array([0, 2, 6])).tolist()
    [1, 2, 3]
    """
    liked = (actions >> ACTION_INDEX["like"]) & 1
    long = (actions >> ACTION_INDEX["long_watch"]) & 1
    code: IntArray = np.where(liked, 3, np.where(long, 2, 1)).astype(np.int32)
    return code


def scale_logits(width: int) -> float:
    """Factor between a product of two normalised vectors and a logit."""
    return float(4.0 / np.sqrt(width))


def normalise(x: FloatArray) -> FloatArray:
    """x over its root mean square along the last axis."""
    scaled: FloatArray = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6)
    return scaled


def _convolve(x: FloatArray, block: Block, dilation: int) -> FloatArray:
    """Three taps over the past, gated: (w, d) to (w, d)."""
    padded = np.concatenate([np.zeros((2 * dilation, x.shape[1]), dtype=np.float32), x])
    n_rows = len(x)
    y = block.shift
    for tap in range(3):
        y = y + padded[tap * dilation : tap * dilation + n_rows] @ block.taps[tap]
    value, gate = np.split(y, 2, axis=1)
    result: FloatArray = (np.tanh(value) / (1 + np.exp(-gate))) @ block.out
    return result


def list_covered(video: IntArray, n_videos: int, params: SequenceParams) -> IntArray:
    """(c,) int32 catalogue rows the CNN learns: the most-liked."""
    likes = np.bincount(video, minlength=n_videos)
    covered = np.sort(np.argsort(-likes, kind="stable")[: params.videos])
    return covered[likes[covered] > 0].astype(np.int32)
