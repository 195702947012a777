"""Dilated causal convolutions over what a viewer watched and how, in NumPy: what both CNNs are made of.

After NextItNet (Yuan et al., WSDM 2019). Trained elsewhere (training); here a request costs small products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import ACTION_INDEX, FloatArray, IntArray

#: How an event was watched: 0 no event, 1 watched, 2 watched long, 3 liked.
N_FEEDBACK = 4
#: Names of the arrays of a block in a fit; blocks add their number.
BLOCK_ARRAYS = ("gain", "taps", "shift", "out")


@dataclass(frozen=True, slots=True)
class Block:
    """One residual convolution: normalise, three dilated taps, gate, project."""

    gain: FloatArray  # (d,)
    taps: FloatArray  # (3, d, 2 d): the oldest tap first
    shift: FloatArray  # (2 d,)
    out: FloatArray  # (d, d)


def take_blocks(arrays: Mapping[str, FloatArray], prefix: str) -> tuple[Block, ...]:
    """The blocks of a fit whose arrays are named prefix + name + number."""
    count = sum(name.startswith(f"{prefix}gain") for name in arrays)
    return tuple(
        Block(*(np.asarray(arrays[f"{prefix}{name}{number}"]) for name in BLOCK_ARRAYS))
        for number in range(count)
    )


def convolve(x: FloatArray, mask: FloatArray, blocks: tuple[Block, ...]) -> FloatArray:
    """(n, w, d) out of (n, w, d), oldest step first; `mask` is (n, w, 1), 0 where there is no event."""
    for number, block in enumerate(blocks):
        x = (x + _apply_block(normalise(x) * block.gain, block, 2**number)) * mask
    return x


def _apply_block(x: FloatArray, block: Block, dilation: int) -> FloatArray:
    """Three taps over the past, gated."""
    n_rows, length, width = x.shape
    side_by_side = np.zeros((n_rows, length, 3 * width), dtype=np.float32)  # the oldest tap first
    for tap in range(3):
        back = min((2 - tap) * dilation, length)
        side_by_side[:, back:, tap * width : (tap + 1) * width] = x[:, : length - back]
    y = side_by_side.reshape(-1, 3 * width) @ block.taps.reshape(3 * width, -1) + block.shift
    value, gate = y[:, :width], y[:, width:]
    result: FloatArray = (np.tanh(value) / (1 + np.exp(-gate))) @ block.out
    return result.reshape(n_rows, length, width)


def count_reach(blocks: tuple[Block, ...]) -> int:
    """Newest steps that the last step of a convolution depends on, itself among them.

    >>> count_reach(())
    1
    """
    return 1 + 2 * ((1 << len(blocks)) - 1)


def normalise(x: FloatArray) -> FloatArray:
    """x over its root mean square along the last axis."""
    scaled: FloatArray = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6)
    return scaled


def code_feedback(actions: IntArray) -> IntArray:
    """Code of how each event was watched, in the shape of `actions`.

    >>> code_feedback(np.array([0, 2, 6])).tolist()
    [1, 2, 3]
    """
    liked = (actions >> ACTION_INDEX["like"]) & 1
    long = (actions >> ACTION_INDEX["long_watch"]) & 1
    code: IntArray = np.where(liked, 3, np.where(long, 2, 1)).astype(np.int32)
    return code
