"""Frozen containers of reach: what a forecast is asked, what is known of an account, and what comes back.

Arrays and scalars only, with shapes, units and ranges; nothing here knows Django.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from recommender.contracts import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Posts:
    """Published videos with the counts they ended up with, one row each, by creator, then by time.

    NaN stands for "not told" in the columns of float. A row's own counts are never read by a forecast of it.
    """

    creator: IntArray  # (n,) int64, equal = same creator; rows of a creator stand together
    published_at: FloatArray  # (n,) float64 unix seconds, ascending within a creator
    plays: FloatArray  # (n,) float64 views at the moment of counting, NaN for a draft
    likes: FloatArray  # (n,) float64
    comments: FloatArray  # (n,) float64
    shares: FloatArray  # (n,) float64
    duration_seconds: FloatArray  # (n,) float64
    hashtag_count: FloatArray  # (n,) float64
    original_sound: FloatArray  # (n,) float64 0 or 1
    followers: FloatArray  # (n,) float64 of the creator
    horizon_days: FloatArray  # (n,) float64 from posting to counting, > 0: how far ahead is asked

    def __post_init__(self) -> None:
        n = len(self.creator)
        for item in fields(self):
            if len(getattr(self, item.name)) != n:
                raise ValueError(
                    f"Posts.{item.name} has {len(getattr(self, item.name))} rows where {n} are due; "
                    "all columns must describe the same videos"
                )
        same = np.diff(self.creator) == 0
        if np.any(np.diff(self.published_at)[same] < 0):
            raise ValueError("Posts.published_at must ascend within a creator; sort by creator, then by time")

    def __len__(self) -> int:
        return len(self.creator)

    def take(self, rows: IntArray) -> Posts:
        """The given rows, in the given order (which must keep creators together and ascending in time)."""
        return Posts(*(getattr(self, item.name)[rows] for item in fields(self)))
