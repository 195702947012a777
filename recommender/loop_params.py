"""The tunable numbers of newcomers, exposure floors, viewer groups and trust: unit, range, reason.

Part of `params.Params`, so that experiments replace them like any other value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewVideoParams:
    """Staged exposure of new videos: the minimum each is owed, and when it is promoted or let go."""

    # Impressions of the first pool, 10-10,000, per market: at a long-watch rate of 0.3 the posterior of 60 is
    # known to 0.06, enough to tell the best sixth of a cohort from its middle.
    first_pool: float = 60.0
    # Guaranteed pools, 1-8: after three a video has met 60 x (1 + 1.8 + 3.2) viewers and its own record
    # speaks in every prediction. How many pass and how much larger the next pool is: simulation.ladder.
    pools: int = 3
    # Days after publication in which the first pool is owed, 0.5-30: short video turns over within days.
    owed_days: float = 3.0
    # Pools a video passed at home before other markets open theirs, 0-3 (as simulation travels: 1).
    home_pools: int = 1
    # Imagined impressions at the cohort's mean behind each posterior, 2-200.
    prior_strength: float = 12.0
    # Chance of beating the cohort's bar from which a full pool promotes, 0.3-0.7.
    promote_at: float = 0.5
    # The same before the pool is full: from this part of the pool on, above / below these chances, 0-1.
    early_share: float = 0.5
    early_promote: float = 0.97
    early_let_go: float = 0.03
    # Videos that make a cohort, 5-1000; a smaller one borrows the market, then all markets.
    cohort_min: int = 20
    # Days of publication a cohort covers, 3-90.
    cohort_days: float = 28.0
    # What a pool's most urgent video gains in the draw, in spreads of value, 0-5: one that nobody has met
    # beats an equally likely one that is nearly done.
    urgency: float = 1.5
    # Positions given to new videos where the pools are behind, at most, 0-0.5. The share in calm times is
    # rerank.exploration_share.
    most_share: float = 0.25


@dataclass(frozen=True, slots=True)
class FloorParams:
    """Shares of all impressions in a market that are kept for those a popularity loop would starve."""

    # Videos of small creators, 0-0.5; small = impressions below this quantile of the creators, 0-1.
    small_creators: float = 0.05
    small_quantile: float = 0.5
    # Videos of the market's own creators, 0-0.8.
    home_market: float = 0.10
    # New videos, 0-0.5.
    newcomers: float = 0.03
    # How much more than the missing share is drawn, 1-3: what is drawn is not always what is watched.
    gain: float = 1.5
    # Positions all floors together may take, 0-0.5.
    most_share: float = 0.2


@dataclass(frozen=True, slots=True)
class NewViewerParams:
    """The first items of a viewer nobody knows."""

    # Items over which tastes are explored, 5-100.
    items: int = 20
    # Share of those positions that Thompson sampling fills at first, 0-1; it falls to 0 over the items.
    share: float = 0.8
    # Imagined reactions behind the prior of each topic, 0.5-20: a few swipes must outweigh it.
    prior_strength: float = 2.0
    # What a chosen interest adds to the liked ones of them, 0-10.
    chosen_bonus: float = 3.0
    # Posterior draws behind each propensity, 50-5000: its error is below 0.03 at 400.
    draws: int = 400


@dataclass(frozen=True, slots=True)
class TrustParams:
    """What one viewer may do to what all others see."""

    # Positive acts of one viewer that count per day, 5-1000: the busiest honest hundredth likes fewer.
    daily_positives: float = 60.0
    # Events of one kind on one video that count per viewer and day, 1-10: people do watch twice.
    repeats_per_video: int = 2
    # Events a minute beyond which a hand is not human, 20-600.
    most_per_minute: float = 60.0
    # Watches behind a judgement of dwell, 5-100, and the spread of the watched share below which a script
    # watches, 0-0.1: people differ from video to video by 0.3.
    dwell_watches: int = 12
    dwell_spread: float = 0.03
    # Share of likes, shares and comments on what was watched for less than a second, 0-1.
    blind_share: float = 0.5
    # Viewers that share one session before it counts against them, 2-10.
    session_viewers: int = 3
    # Two viewers act alike when this many positives, and this share of the larger list, are the same (3-50,
    # 0-1); neighbours that make a ring, 2-50.
    alike_shared: int = 8
    alike_cosine: float = 0.5
    ring_neighbours: int = 3
    # How many times what popularity explains honest people share, as their tastes meet too, 1-10.
    alike_excess: float = 2.0
    # Share of a viewer's events that are praise again on the same day, 0.05-1.
    repeat_share: float = 0.15
    # Share of the viewers who like a video, 0.01-0.5, and their number, 100-100,000, beyond which it says
    # nothing of a ring: comparing all fans of a hit costs their square, but a large ring makes its own hits.
    common_share: float = 0.10
    common_most: int = 5000
    # Trust below which a viewer teaches and counts for nothing, 0-1.
    least: float = 0.5
    # What each finding leaves of the trust, 0-1; findings multiply.
    after_velocity: float = 0.3
    after_dwell: float = 0.4
    after_blind: float = 0.4
    after_session: float = 0.3
    after_repeats: float = 0.4
    after_ring: float = 0.1


@dataclass(frozen=True, slots=True)
class GroupParams:
    """Labels of viewers."""

    # Groups by engagement and by interest, 2-30.
    engagement: int = 6
    interest: int = 8
    # Videos shown to a viewer before they are labelled, 3-100.
    min_shown: int = 8
    # Imagined impressions behind a viewer's rates, 1-100.
    strength: float = 10.0
    # Starts of the clustering, 1-20.
    starts: int = 4
    seed: int = 7
    # Words in a name, 1-3, and how many spreads above all viewers a trait must lie to enter it, 0-2.
    name_traits: int = 2
    name_spread: float = 0.35
    # Videos kept per group and market for recall, 20-2000, and the share of trending they take, 0-1.
    list_length: int = 200
    recall_share: float = 0.34
