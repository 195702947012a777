"""Categories and their crosses as integer slots: who is watching, where, and what kind of video.

A category nobody has seen in training, or that is unknown, adds nothing to a prediction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recommender.contracts import UNKNOWN, Catalogue, IntArray, Scenario, ViewerState
from recommender.features.content import Content

#: Slots of each cross; codes beyond it are hashed into it.
SLOTS = 4096
_MIX = 1_000_003

#: One column, or two that are used together.
Cross = tuple[str, ...]


def plan_crosses(scene_names: Sequence[str], viewer_names: Sequence[str]) -> tuple[Cross, ...]:
    """Which columns are used alone and which together.

    A scene decides how long a video may be and what it may be about; a viewer's group leans to lengths.
    """
    scenes = [f"scene:{name}" for name in scene_names]
    viewers = [f"viewer:{name}" for name in viewer_names]
    alone: list[Cross] = [(name,) for name in (*scenes, *viewers, "video:duration", "video:topic")]
    crossed = [(name, "video:duration") for name in (*scenes, *viewers)]
    crossed += [(name, "video:topic") for name in scenes]
    return (*alone, *crossed)


def list_alone(plan: Sequence[Cross]) -> tuple[Cross, ...]:
    """The columns of a plan that are used alone."""
    return tuple(cross for cross in plan if len(cross) == 1)


def name_columns(extra: Mapping[str, IntArray], fixed: Mapping[str, IntArray]) -> tuple[str, ...]:
    """Columns that vary, in a fixed order: the others say nothing."""
    columns = {**fixed, **extra}
    return tuple(
        name for name in sorted(columns) if len(columns[name]) and columns[name].max() > columns[name].min()
    )


def video_columns(catalogue: Catalogue, content: Content, video: IntArray) -> dict[str, IntArray]:
    """(n,) codes of each row's video."""
    return {"video:duration": content.duration_bucket[video], "video:topic": catalogue.topics[video, 0]}


def scene_columns(scenario: Scenario) -> dict[str, IntArray]:
    """(1,) codes of the scene a feed is asked for in."""
    known = {
        **scenario.extra,
        "source": scenario.source,
        "hour": scenario.hour_local,
        "weekday": scenario.weekday_local,
    }
    return {f"scene:{name}": np.array([code]) for name, code in known.items()}


def viewer_columns(state: ViewerState) -> dict[str, IntArray]:
    """(1,) codes of the viewer."""
    known = {**state.extra, "market": state.market, "language": state.language}
    return {f"viewer:{name}": np.array([code]) for name, code in known.items()}


def encode_crosses(plan: Sequence[Cross], columns: Mapping[str, IntArray]) -> list[IntArray]:
    """Slots of each row in each cross, in blocks of equal width, (n_crosses_of_block, n or 1) int64 each.

    The slot is `len(plan) * SLOTS` where a part is unknown. A single column keeps its code, a pair is hashed.

    >>> alone, crossed = encode_crosses([("a",), ("a", "b")], {"a": np.array([2]), "b": np.array([0, -1])})
    >>> alone.tolist(), crossed.tolist()
    ([[2]], [[5254, 8192]])
    """
    wide = frozenset(name for name, codes in columns.items() if len(codes) > 1)
    encoded = []
    for block in _lay_out(tuple(plan), wide):
        first = _stack(block.first, columns, block.is_wide)
        if block.second:
            second = _stack(block.second, columns, block.is_wide)
            slots = block.start + (first * _MIX + second * 31) % SLOTS
            slots[(first < 0) | (second < 0)] = len(plan) * SLOTS
        else:
            slots = block.start + np.minimum(first, SLOTS - 1)
            slots[first < 0] = len(plan) * SLOTS
        encoded.append(slots)
    return encoded


@dataclass(frozen=True, slots=True)
class _Block:
    """Crosses of the same number of parts and the same width."""

    first: tuple[str, ...]
    second: tuple[str, ...]  # empty for columns alone
    start: IntArray  # (n_crosses, 1) first slot of each
    is_wide: bool  # one code a row; otherwise one code for all rows


@lru_cache(maxsize=64)
def _lay_out(plan: tuple[Cross, ...], wide: frozenset[str]) -> tuple[_Block, ...]:
    """Group a plan once: a request must not sort names."""
    groups: dict[tuple[int, bool], list[tuple[int, Cross]]] = {}
    for position, cross in enumerate(plan):
        groups.setdefault((len(cross), not wide.isdisjoint(cross)), []).append((position, cross))
    return tuple(
        _Block(
            first=tuple(cross[0] for _, cross in crosses),
            second=tuple(cross[1] for _, cross in crosses if n_parts > 1),
            start=np.array([[position * SLOTS] for position, _ in crosses]),
            is_wide=is_wide,
        )
        for (n_parts, is_wide), crosses in groups.items()
    )


def _stack(names: Sequence[str], columns: Mapping[str, IntArray], is_wide: bool) -> IntArray:
    """(n_names, n or 1) int64 codes, UNKNOWN for a column that is not there."""
    width = max(len(codes) for codes in columns.values()) if is_wide else 1
    stacked = np.full((len(names), width), UNKNOWN, dtype=np.int64)
    for row, name in enumerate(names):
        if name in columns:
            stacked[row] = columns[name]
    return stacked
