"""The response CNN in NumPy: how this viewer, after what they watched last, responds to this video.

It reads the last videos and how each was watched, and gives two log-odds (long watch, like) and the vectors
that the network part of the predictor goes on from. Trained elsewhere (training.responses).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.contracts import UNKNOWN, Catalogue, FloatArray, IntArray
from recommender.features.convolutions import Block, code_feedback, convolve, normalise, take_blocks

#: What the CNN itself answers.
RESPONSES: tuple[str, ...] = ("long_watch", "like")
#: Rows read at a time: bounds the (rows, length, width) intermediates to about 20 MB each.
_CHUNK_ROWS = 1024


_ARRAYS = ("feedback", "position", "hidden", "hidden_bias", "answer", "base")


@dataclass(frozen=True, slots=True)
class Responses:
    """What serving needs of a fit, in catalogue rows; width 0 where an artifact has none."""

    video: FloatArray  # (n_videos, d) float32 embeddings
    bias: FloatArray  # (n_videos, 2) float32
    feedback: FloatArray  # (N_FEEDBACK, d)
    position: FloatArray  # (length, d), newest last
    blocks: tuple[Block, ...]
    hidden: FloatArray  # (3 d, h): of state, item and their product
    hidden_bias: FloatArray  # (h,)
    answer: FloatArray  # (h, 2)
    base: FloatArray  # (2,) log-odds of a response anywhere

    @classmethod
    def none(cls, n_videos: int) -> Responses:
        """No fit: every answer is 0, every vector has width 0."""
        nothing = np.zeros((0, 0), dtype=np.float32)
        video = np.zeros((n_videos, 0), dtype=np.float32)
        bias = np.zeros((n_videos, len(RESPONSES)), dtype=np.float32)
        flat = np.zeros(0, dtype=np.float32)
        return cls(video, bias, nothing, nothing, (), nothing, flat, nothing, flat)

    @property
    def width(self) -> int:
        """Length of a state and of an item."""
        return int(self.video.shape[1])

    def read(self, video: IntArray, actions: IntArray) -> FloatArray:
        """(n, width) float32 states of n viewers.

        `video` are catalogue rows and `actions` bit masks, (n, w) each, newest last, UNKNOWN for no event.
        """
        if not self.width:
            return np.zeros((len(video), 0), dtype=np.float32)
        parts = [
            self._read_rows(video[start : start + _CHUNK_ROWS], actions[start : start + _CHUNK_ROWS])
            for start in range(0, len(video), _CHUNK_ROWS)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.width), dtype=np.float32)

    def _read_rows(self, video: IntArray, actions: IntArray) -> FloatArray:
        length = min(len(self.position), video.shape[1])
        if not length:
            return np.zeros((len(video), self.width), dtype=np.float32)
        video, actions = video[:, -length:], actions[:, -length:]
        mask = (video != UNKNOWN)[:, :, None].astype(np.float32)
        x: FloatArray = self.video[video] + self.feedback[code_feedback(actions)] + self.position[-length:]
        x = convolve(x * mask, mask, self.blocks)
        mean = x.sum(axis=1) / np.maximum(mask.sum(axis=1), 1.0)
        state: FloatArray = (normalise(x[:, -1]) + normalise(mean)).astype(np.float32)
        return state

    def take_items(self, video: IntArray) -> FloatArray:
        """(n, width) float32 vectors of catalogue rows."""
        return normalise(self.video[video]) if self.width else self.video[video]

    def respond(self, state: FloatArray, item: FloatArray, video: IntArray) -> FloatArray:
        """(n, 2) float32 log-odds of RESPONSES; `state` is (n, width) or (1, width)."""
        if not self.width:
            return np.zeros((len(video), len(RESPONSES)), dtype=np.float32)
        own, shown, both = np.split(self.hidden, 3)
        if len(state) == 1:  # one viewer: the state goes into the weights, and one product does
            hidden = item @ (shown + state[0][:, None] * both)
        else:
            hidden = item @ shown + (state * item) @ both
        hidden += state @ own + self.hidden_bias
        odds: FloatArray = np.maximum(hidden, 0.0) @ self.answer + self.base + self.bias[video]
        return odds

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, Any], row: IntArray, catalogue: Catalogue, duration_bucket: IntArray
    ) -> Responses:
        """The fit of an artifact over today's catalogue.

        Parameters
        ----------
        row : (n_artifact_videos,) catalogue row of each stored video, UNKNOWN if it is gone.
        duration_bucket : (n_videos,) of features.content. A video the fit never met is its topic and length.
        """
        topic, duration = np.asarray(arrays["response/topic"]), np.asarray(arrays["response/duration"])
        first_topic = catalogue.topics[:, 0] + 1
        first_topic = np.where(first_topic < len(topic), first_topic, 0)  # a topic that came later is none
        video = topic[first_topic] + duration[duration_bucket + 1]
        bias = np.zeros((len(catalogue), len(RESPONSES)), dtype=np.float32)
        covered = row[np.asarray(arrays["response/covered"])]
        here = np.flatnonzero(covered >= 0)
        video[covered[here]] = np.asarray(arrays["response/video"])[here]
        bias[covered[here]] = np.asarray(arrays["response/bias"])[here]
        return cls(
            video=video.astype(np.float32),
            bias=bias,
            blocks=take_blocks(arrays, "response/"),
            **{name: np.asarray(arrays[f"response/{name}"]) for name in _ARRAYS},
        )
