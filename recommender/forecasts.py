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


#: What is counted of a video, in the order of every (..., n_outcomes) array.
OUTCOMES: tuple[str, ...] = (
    "impressions", "people", "views", "completions", "likes", "comments", "shares", "follows", "cart_clicks",
    "orders", "gmv", "profile_visits", "profile_clicks",
)  # fmt: skip
OUTCOME_INDEX = {name: place for place, name in enumerate(OUTCOMES)}
#: Hours after posting for which a forecast may be asked.
HORIZONS_HOURS: tuple[int, ...] = (1, 24, 168)
#: Where views come from, in the order of every (..., 3) array of streams.
STREAMS: tuple[str, ...] = ("for_you", "followers", "shares")
#: Views whose chance to be passed is told.
MILESTONES: tuple[int, ...] = (10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Cover:
    """What a picture shows, as `niche.avatar` reads it."""

    #: (niche, chance 0-1 that the picture shows it); what is missing from a sum of 1 shows nothing of any.
    shown: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        total = sum(chance for _, chance in self.shown)
        if any(chance < 0 for _, chance in self.shown) or total > 1 + 1e-6:
            raise ValueError(f"the chances of a cover sum to {total:.3f}; each must be 0 to 1, all at most 1")


@dataclass(frozen=True, slots=True)
class Draft:
    """A video nobody has seen yet."""

    caption: str  # with its hashtags
    language: str  # a tag of markets.LANGUAGES
    duration_seconds: float
    topics: tuple[str, ...]  # names the engine knows
    has_cart: bool = False
    price: float | None = None  # of the basket in the currency of the account's market, > 0
    cover: Cover | None = None  # None = none was given: the caption alone speaks

    @property
    def hashtag_count(self) -> int:
        """Words of the caption that begin with #."""
        return sum(word.startswith("#") and len(word) > 1 for word in self.caption.split())


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account that will post."""

    market: str  # where it is registered, a code of markets.MARKETS
    followers: int
    past: Posts | None = (
        None  # its earlier videos with their counts, ascending in time; None = nothing imported
    )
    creator_id: int | None = None  # as the engine knows it, None = it does not


@dataclass(frozen=True, slots=True)
class ReachQuestion:
    """One variant of a video: who posts it, when, for whom."""

    name: str  # "draft", or what is changed: shown to the merchant
    draft: Draft
    account: AccountFacts
    published_at: float  # unix seconds
    markets: tuple[str, ...]  # codes of markets.MARKETS
    horizon_hours: int = 168


@dataclass(frozen=True, slots=True)
class ReachDraws:
    """Equally likely futures of one variant; the replicate is the same future in every variant."""

    outcomes: FloatArray  # (n_replicates, n_markets, n_outcomes) float64 by the horizon
    hourly_views: FloatArray  # (n_replicates, n_hours) float64 views of all markets by the end of each hour
    hours: FloatArray  # (n_hours,) hours after posting
    stage: IntArray  # (n_replicates,) pools passed
    streams: FloatArray  # (n_replicates, 3) views by for_you, followers, shares
