"""What serving knows of newcomers in catalogue rows: who is owed viewers, and which floors are short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recommender.contracts import UNKNOWN, BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class PoolTable:
    """Rows of the staged-exposure table, any order, and what each market gives."""

    video_id: IntArray  # (r,) int64
    market: IntArray  # (r,) market codes
    need: FloatArray  # (r,) float32 in [0, 1], 0 = owed nothing
    share: Mapping[int, float] = field(default_factory=dict)  # market -> share of positions for new videos
    floors: Mapping[int, Mapping[str, float]] = field(
        default_factory=dict
    )  # market -> floor -> share to draw


@dataclass(frozen=True, slots=True)
class Newcomers:
    """The same against one catalogue."""

    need: Mapping[int, FloatArray]  # market -> (n_videos,) float32, UNKNOWN included
    share: Mapping[int, float]
    floors: Mapping[int, Mapping[str, float]]
    is_small: BoolArray  # (n_videos,)

    def need_in(self, market: int) -> FloatArray:
        """(n_videos,) need of every video among a market's viewers."""
        return self.need.get(market, self.need[UNKNOWN])


def place_newcomers(
    video_rows: IntArray, table: PoolTable | None, is_fresh: BoolArray, is_small: BoolArray, n_markets: int
) -> Newcomers:
    """Lay the table over a catalogue; a video it knows in no market is owed viewers while it is fresh.

    Parameters
    ----------
    video_rows : (r,) catalogue row of each table row, UNKNOWN for videos that are gone.
    is_fresh, is_small : (n_videos,) bool.
    """
    fresh = is_fresh.astype(np.float32)
    need = dict.fromkeys((UNKNOWN, *range(n_markets)), fresh)
    if table is None:
        return Newcomers(need, {}, {}, is_small)
    here = video_rows >= 0
    unknown = fresh.copy()
    unknown[video_rows[here]] = 0.0  # where the table has no row of a known video, its market is still closed
    for market in range(n_markets):
        rows = here & (table.market == market)
        known = unknown.copy()
        known[video_rows[rows]] = table.need[rows]
        need[market] = known
    return Newcomers(need, table.share, table.floors, is_small)
