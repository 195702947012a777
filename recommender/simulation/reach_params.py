"""Every number of the reach simulation that is not fitted by `validate reach`: unit, range, reason, source.

"assumption" marks a number without a public source; a forecast lists it as such.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray

#: Overlap of popular tags between the markets, in the order of markets.MARKET_CODES, as
#: `training.reach_spillover.predict_markets` fits it to 6,105 country pairs (YouTube, Oct 2024 to Jul 2026;
#: rank correlation on pairs outside the fit 0.91). Its order is usable, its size an upper bound for a
#: talking head.
SPILLOVER: tuple[tuple[float, ...], ...] = (
    (1.0, 0.7498, 0.2936, 0.3768, 0.22, 0.1762, 0.3977, 0.2889),
    (0.7498, 1.0, 0.2987, 0.3681, 0.2087, 0.1643, 0.3874, 0.2783),
    (0.2936, 0.2987, 1.0, 0.297, 0.1992, 0.1942, 0.2571, 0.1932),
    (0.3768, 0.3681, 0.297, 1.0, 0.2708, 0.2471, 0.3899, 0.3006),
    (0.22, 0.2087, 0.1992, 0.2708, 1.0, 0.1832, 0.2146, 0.2196),
    (0.1762, 0.1643, 0.1942, 0.2471, 0.1832, 1.0, 0.195, 0.1952),
    (0.3977, 0.3874, 0.2571, 0.3899, 0.2146, 0.195, 1.0, 0.2737),
    (0.2889, 0.2783, 0.1932, 0.3006, 0.2196, 0.1952, 0.2737, 1.0),
)
#: Hours a month in the app (Android), by market; the world's where nobody tells the country's.
#: GB 2024, US 2021, MY 2025, TH 2024, SG 2022, world 2025: DataReportal, data.ai.
HOURS_A_MONTH: dict[str, float] = {"GB": 49.48, "US": 25.6, "MY": 42.73, "TH": 38.2, "SG": 19.8}
WORLD_HOURS_A_MONTH = 34.93
#: One unit of the market's currency in US dollars, early 2026, from memory: an assumption, for prices alone.
DOLLARS: dict[str, float] = {
    "GB": 1.33, "US": 1.0, "ID": 6.0e-5, "MY": 0.24, "TH": 0.031, "VN": 3.8e-5, "SG": 0.77, "PH": 0.017,
}  # fmt: skip
#: A usual basket in US dollars: a price above it sells less. Assumption.
USUAL_PRICE_DOLLARS = 12.0
#: English of people who learnt it, of 1: EF EPI 2023 over 650 (SG 631); GB and US are native.
ENGLISH_PROFICIENCY: dict[str, float] = {
    "GB": 1.0, "US": 1.0, "ID": 0.73, "MY": 0.87, "TH": 0.64, "VN": 0.78, "SG": 0.97, "PH": 0.89,
}  # fmt: skip
#: How much of a language speakers of another follow, of 1: Malay and Indonesian are near, not the same.
#: Assumption (linguists call them mutually intelligible; no share of understood speech was found).
INTELLIGIBLE: dict[tuple[str, str], float] = {("id", "ms"): 0.8, ("ms", "id"): 0.8}
#: Share of a day's use in each local hour, 0-23: the mean of a real US-led account's followers (peak 13 h)
#: and of KuaiRand's log (peak 22 h).
HOUR_SHARES: tuple[float, ...] = (
    0.036, 0.027, 0.020, 0.013, 0.011, 0.014, 0.022, 0.031, 0.038, 0.043, 0.046, 0.050,
    0.055, 0.055, 0.051, 0.048, 0.047, 0.048, 0.050, 0.053, 0.058, 0.062, 0.064, 0.058,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReachParams:
    """The simulation's dials."""

    # Log-normal spread of a market's audience. Published figures of one country differ so between two years
    # (VN 67.7 -> 40.9 million, PH 49.1 -> 62.3).
    audience_spread: float = 0.25
    # Viewers of a market that the engine is asked for, 8-1000: at 40 the mean prediction is known to 4 %.
    panel_viewers: int = 40
    # Videos a panel viewer watched long before that tell their taste, 0-100.
    panel_past: int = 8
    # Videos a panel viewer has met since sign-up, 20-100000: beyond 20 the feed no longer looks for a taste.
    panel_met: int = 500
    # Part of a video's standing in its cohort that predictions before posting see, 0-1. Assumption; a
    # merchant's own backtest replaces the spread that it leaves.
    foresight: float = 0.45
    # How unsure that is, and the power of the audience below: every future draws its own. Assumption.
    foresight_spread: float = 0.1
    audience_power_spread: float = 0.12
    # Views another market sees per view at home and share of taste, equal audiences and full comprehension,
    # 0-1. Assumption, set so that a US account has 60 to 70 % of its views at home (one real account: 46 %).
    travel: float = 0.22
    # Pools after which other markets are opened, 0-5: the account's country comes first. Assumption.
    travel_from_stage: int = 1
    # How far they are open before, 0-1. Assumption.
    travel_early: float = 0.3
    # Log-normal spread of the weight of each other market. Assumption.
    travel_spread: float = 0.5
    # Power of the audience that can be reached and understands, 0-1: how views grow with it. Assumption; 0
    # would make the country and the language of a video matter nothing.
    audience_power: float = 0.5
    # Power of the engine's own odds to be shown in a market in its share of the views, 0-1. Assumption.
    odds_power: float = 0.5
    # Odds beyond which a video gains nothing more in a market, 1-100: the panel's own are known to a factor.
    most_odds: float = 6.0
    # Share of the audience that goes by the cover and not by the caption, 0-1. Assumption: no public log
    # tells covers apart; in a feed that plays by itself the first picture is one of several things.
    cover_share: float = 0.3
    # Imagined panel viewers with usual odds behind those of a market, 0-100.
    odds_strength: float = 8.0
    # Tail exponent of views beyond the largest fitted quantile: real counts, `validate reach`.
    tail_exponent: float = 1.37
    # ln share of a week's views that is there after 1, 6, 24, 48, 72, 168 hours, and its spread between
    # videos. From a day on: YouTube GB 2017 (growth 1.80 from day 1 to 7, spread .61, .39, .31); before:
    # assumption.
    growth_hours: tuple[float, ...] = (1.0, 6.0, 24.0, 48.0, 72.0, 168.0)
    growth_log_share: tuple[float, ...] = (-3.0, -1.5, -0.59, -0.36, -0.24, 0.0)
    growth_spread: tuple[float, ...] = (1.2, 0.9, 0.61, 0.39, 0.31, 0.02)
    # Plays per time shown, 0-1: KuaiRand-Pure, pooled.
    plays_per_impression: float = 0.734
    # Impressions a person and day: KuaiRand-Pure, median video.
    impressions_per_person: float = 1.126
    # Seconds per impression, for a market's capacity. Assumption.
    seconds_per_impression: float = 12.0
    # Visits to the profile per impression: 1.94 % in KuaiRand-Pure's log of 25 to 30 April 2022.
    profile_visit_rate: float = 0.0194
    # Clicks on the link per profile visit. Assumption.
    profile_click_rate: float = 0.05
    # Orders fall with price as (price / usual) ** -elasticity, 0-3. Assumption.
    price_elasticity: float = 0.8
    # Spread between videos, ln, of follows, cart clicks and orders per view; likes, comments, shares are
    # fitted. follow: KuaiRand-Pure; the others assumption.
    rate_spreads: tuple[float, ...] = (0.9, 0.8, 0.8)
    # Followers who meet a video of the account in the first week, 0-1, and its log-normal spread. Assumption.
    follower_share: float = 0.04
    follower_spread: float = 0.6
    # People a share reaches, 0-10; times the share rate this must stay below one. Assumption.
    share_fan_out: float = 2.0
    # Share rate x fan-out is cut here, below 1, so that a cascade ends.
    most_branching: float = 0.6

    def growth_at(self, hours: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n,) ln share of a week's views after so many hours, and (n,) its spread between videos."""
        at = np.log(np.asarray(hours, dtype=np.float64))
        knots = np.log(self.growth_hours)
        return np.interp(at, knots, self.growth_log_share), np.interp(at, knots, self.growth_spread)


def hours_a_month(market: str) -> float:
    """Time in the app, hours per user and month."""
    return HOURS_A_MONTH.get(market, WORLD_HOURS_A_MONTH)


@dataclass(frozen=True, slots=True)
class LossParams:
    """Which stage of the engine limits a video (`simulation.losses`)."""

    # Part of the usual survival below which a stage limits a video, 0.3-0.95: a mean place by value over 40
    # viewers is known to 9 % of the usual one (0.29 / sqrt(40) / 0.5), so a quarter less is no chance.
    limit: float = 0.75
    # Imagined viewers with the usual fate behind each share, 0.5-20: one unlucky page says nothing.
    strength: float = 3.0
    # Videos on a page, 1-50: what the re-rank has room for.
    page_size: int = 10
    # Places by value, in pages, within which a video counts as one that the re-rank could have shown, 1-5.
    reach_pages: float = 2.0
