"""A made-up shop: fourteen months of videos, viewers, carts and orders that agree with one another.

Arrays from a seed. Sizes follow what small cosmetics shops see: a few videos carry most views, weekends and
paydays sell, views of a video fade within two weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

N_DAYS = 425
N_VIDEOS = 72
SEED = 20_261_125
#: Viewers by market; the shop sells from Britain and is noticed in South-East Asia.
MARKETS = ("GB", "US", "SG", "MY", "PH", "ID", "TH", "VN")
MARKET_SHARES = (0.44, 0.17, 0.08, 0.10, 0.08, 0.06, 0.04, 0.03)
CAPTIONS = (
    "Matte or gloss? Day {n} of testing #lipstick", "The shade everybody asks for #liptint #grwm",
    "Swatches in daylight, no filter #swatch", "Packing your orders at midnight #smallbusiness",
    "Three lip combos under £10 #makeup", "Does it survive a bowl of noodles? #transferproof",
    "Rose 02 against Rose 03 #lipgloss", "Restock day! Which one first? #restock",
    "From office to dinner in 20 seconds #grwm", "Answering your questions about shades #lipstick",
)  # fmt: skip
PRODUCTS = (
    ("Velvet Matte Lipstick", 8.90), ("Glass Lip Tint", 7.50), ("Plumping Gloss", 9.40),
    ("Lip Liner Duo", 6.20), ("Overnight Lip Mask", 11.80),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleWorld:
    """Counts per day and video, (n_days, n_videos), and the days and words they belong to."""

    first_day: date
    views: Counts
    impressions: Counts
    finishes: Counts
    likes: Counts
    comments: Counts
    shares: Counts
    follows: Counts
    cart_clicks: Counts
    orders: Counts
    watch_ms: Counts
    posted: Counts  # (n_videos,) index of the day
    captions: tuple[str, ...]
    duration_seconds: npt.NDArray[np.float64]  # (n_videos,)
    product: Counts  # (n_videos,) index into PRODUCTS
    profile_views: Counts  # (n_days,)
    viewers: Counts  # (n_days,)
    new_viewers: Counts  # (n_days,)

    @property
    def days(self) -> list[date]:
        """The calendar days, oldest first."""
        return [self.first_day + timedelta(days=day) for day in range(len(self.profile_views))]


def make_world(last_day: date, seed: int = SEED) -> SampleWorld:
    """The shop whose last day is `last_day`."""
    rng = np.random.default_rng(seed)
    first_day = last_day - timedelta(days=N_DAYS - 1)
    posted = np.sort(rng.choice(np.arange(3, N_DAYS - 1), N_VIDEOS, replace=False))
    views = rng.poisson(_expect_views(first_day, posted, rng))
    finish_rate = rng.beta(6, 9, N_VIDEOS)
    like_rate = rng.beta(5, 90, N_VIDEOS)
    click_rate = rng.beta(4, 110, N_VIDEOS)
    buy_rate = rng.beta(6, 70, N_VIDEOS)
    duration = np.round(rng.uniform(9, 38, N_VIDEOS), 1)
    finishes = rng.binomial(views, finish_rate)
    cart_clicks = rng.binomial(views, click_rate)
    viewers = np.maximum((views.sum(1) * rng.uniform(0.78, 0.9, N_DAYS)).astype(np.int64), 1)
    return SampleWorld(
        first_day=first_day,
        views=views,
        impressions=views + rng.binomial(views, rng.uniform(0.05, 0.35, N_VIDEOS)),
        finishes=finishes,
        likes=rng.binomial(views, like_rate),
        comments=rng.binomial(views, like_rate * 0.09),
        shares=rng.binomial(views, like_rate * 0.16),
        follows=rng.binomial(views, like_rate * 0.12),
        cart_clicks=cart_clicks,
        orders=rng.binomial(cart_clicks, buy_rate),
        watch_ms=(views * duration * (0.25 + 0.75 * finish_rate) * 1000).astype(np.int64),
        posted=posted,
        captions=tuple(CAPTIONS[n % len(CAPTIONS)].format(n=n + 1) for n in range(N_VIDEOS)),
        duration_seconds=duration,
        product=rng.integers(0, len(PRODUCTS), N_VIDEOS),
        profile_views=rng.poisson(views.sum(1) * 0.014 + 3),
        viewers=viewers,
        new_viewers=rng.binomial(viewers, 0.72),
    )


def split(counts: Counts, shares: npt.ArrayLike, rng: np.random.Generator) -> Counts:
    """Deal whole counts out by shares: (...,) -> (..., n_shares), adding up exactly."""
    return rng.multinomial(counts, np.asarray(shares, dtype=np.float64))


def _expect_views(first_day: date, posted: Counts, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(n_days, n_videos) expected views: a heavy-tailed size, a fading curve, weeks and paydays."""
    size = np.exp(rng.normal(8.3, 1.05, len(posted))) * np.linspace(0.6, 1.5, len(posted))
    age = np.arange(N_DAYS)[:, None] - posted[None, :]
    fading = np.where(age >= 0, np.exp(-np.maximum(age, 0) / 4.5) + 0.012 * np.exp(-age / 160), 0)
    weekday = np.array([(first_day + timedelta(days=day)).weekday() for day in range(N_DAYS)])
    payday = np.array([(first_day + timedelta(days=day)).day in (25, 26, 27, 28) for day in range(N_DAYS)])
    season = 1 + 0.18 * np.isin(weekday, (4, 5, 6)) + 0.1 * payday
    return size[None, :] * fading * season[:, None] / 5.2
