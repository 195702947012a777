"""The sample shop of a newcomer: an account that is marked as made up, filled through the front door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction
from django.utils import timezone

from merchants.accounts.audit import note
from merchants.alerts.watching import describe_rule, try_out
from merchants.figures.activity import copy_rows, sum_months
from merchants.imports.storing import import_file
from merchants.models import Account, ActivityDay, AlertFiring, AlertKind, AlertRule, Annotation, Facet, Team
from merchants.onboarding.sample_files import HANDLE, list_files, name_video
from merchants.onboarding.sample_world import (
    MARKET_SHARES,
    MARKETS,
    PRODUCTS,
    SEED,
    SampleWorld,
    make_world,
    split,
)
from recommender import engine
from recommender.contracts import TRAFFIC_SOURCES
from recommender.markets import MARKETS as CART_MARKETS

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: Creators of the demo world, one of whose lends the sample shop its place in the live feed.
DEMO_CREATORS = (7_000_000_000_000, 7_099_999_999_999)
#: Days for which the platform's own counts are made up: what the pages show by default, and a quarter before.
ACTIVITY_DAYS = 126
_SOURCES = (0.74, 0.07, 0.10, 0.05, 0.03, 0.01)
_IOS = {"GB": 0.55, "US": 0.6, "SG": 0.5, "MY": 0.3, "PH": 0.22, "ID": 0.15, "TH": 0.32, "VN": 0.3}
_MEASURES = (
    "impressions", "views", "watch_ms", "finishes", "likes", "comments", "shares", "follows", "cart_clicks",
    "orders",
)  # fmt: skip


def make_sample_shop(team: Team, user: User | None) -> Account:
    """The team's sample shop, made once: figures until yesterday, files in its history, two notes."""
    existing = Account.objects.filter(team=team, is_sample=True).first()
    if existing:
        return existing
    yesterday = timezone.now().date() - timedelta(days=1)
    world = make_world(yesterday)
    with transaction.atomic():
        account = Account.objects.create(
            team=team,
            handle=HANDLE,
            nickname="Lip Lab London",
            market="GB",
            language="en",
            niche="lipstick",
            is_sample=True,
            creator_id=engine.find_sample_creator(*DEMO_CREATORS),
        )
        for name, data in list_files(world):
            result = import_file(account, None, name, data)
            if result.is_refused:
                raise RuntimeError(f"the sample shop's own {name} is refused: {result.reading.problems[0]}")
        copy_rows(_list_activity(account.pk, world))
        sum_months(account, world.first_day, yesterday)
        Annotation.objects.bulk_create(_list_notes(account, yesterday))
        _add_alert(account)
        note(team, user, "sample_made", f"@{HANDLE}")
    return account


def _add_alert(account: Account) -> None:
    """A rule, and what it would have said in the last weeks."""
    told = {"metric": "views", "kind": AlertKind.DROP, "threshold": Decimal(40), "quiet_days": 5}
    rule = AlertRule.objects.create(account=account, name="Views: 40 %", **told)
    _days, _values, fired = try_out(account, rule.metric, describe_rule(rule))
    AlertFiring.objects.bulk_create(
        AlertFiring(rule=rule, day=one.day, value=one.value, usual=one.usual) for one in fired[-3:]
    )


def _list_notes(account: Account, yesterday: date) -> list[Annotation]:
    return [
        Annotation(account=account, day=yesterday - timedelta(days=19), text="Free shipping from £15"),
        Annotation(account=account, day=yesterday - timedelta(days=8), text="New shade: Rose 03"),
    ]


def _list_activity(account_id: int, world: SampleWorld) -> Iterator[tuple[object, ...]]:
    """Rows of `ActivityDay`; every facet deals out the same counts."""
    rng = np.random.default_rng(SEED + 3)
    span = slice(-ACTIVITY_DAYS, None)
    # (n_days, n_videos, n_markets) per measure
    dealt = {name: split(getattr(world, name)[span], MARKET_SHARES, rng) for name in _MEASURES}
    price = np.array([round(price * 100) for _, price in PRODUCTS])[world.product]
    rate = np.array([_VALUE_OF_A_PENNY[market] for market in MARKETS])
    value = (dealt["orders"] * price[None, :, None] * rate).astype(np.int64)
    dealt["order_value_minor"] = value
    dealt["for_you_views"] = rng.binomial(dealt["views"], _SOURCES[0])
    days = world.days[span]
    facets = {
        Facet.VIDEO: [name_video(world, n) for n in range(len(world.captions))],
        Facet.HOUR: [str(hour) for hour in range(24)],
        Facet.SOURCE: list(TRAFFIC_SOURCES),
    }
    yield from _tell(account_id, days, Facet.VIDEO, facets[Facet.VIDEO], dealt)
    whole = {name: counts.sum(1) for name, counts in dealt.items()}  # (n_days, n_markets)
    for facet, shares in ((Facet.HOUR, _hours()), (Facet.SOURCE, _SOURCES)):
        parts = {name: np.moveaxis(split(counts, shares, rng), 2, 1) for name, counts in whole.items()}
        yield from _tell(account_id, days, facet, facets[facet], parts)
    for at, market in enumerate(MARKETS):
        one = {name: counts[:, at : at + 1] for name, counts in whole.items()}
        for facet, names, shares in _describe_viewers(market):
            parts = {name: np.moveaxis(split(counts, shares, rng), 2, 1) for name, counts in one.items()}
            yield from _tell(account_id, days, facet, names, parts, (market,))


#: Rough exchange rates of the made-up orders: minor units of each market's currency per penny.
_VALUE_OF_A_PENNY = {
    "GB": 1.0, "US": 1.3, "SG": 1.7, "MY": 5.6, "PH": 75.0, "ID": 205.0, "TH": 45.0, "VN": 330.0
}  # fmt: skip


def _hours() -> list[float]:
    """Shares of the 24 hours on the viewers' wall clock: little at night, most after dinner."""
    curve = np.array(
        [2, 1, 1, 1, 1, 2, 3, 5, 6, 5, 5, 6, 8, 7, 6, 6, 7, 8, 10, 12, 14, 13, 9, 5], dtype=float
    )
    return list(curve / curve.sum())


def _describe_viewers(market: str) -> list[tuple[Facet, list[str], list[float]]]:
    """Languages and phones of a market's viewers: (facet, names, shares)."""
    told = CART_MARKETS[market].language_shares
    total = sum(share for _, share in told)
    ios = _IOS[market]
    return [
        (Facet.LANGUAGE, [tag for tag, _ in told], [share / total for _, share in told]),
        (Facet.DEVICE, ["ios", "android"], [ios, 1 - ios]),
    ]


def _tell(
    account_id: int, days: list[date], facet: Facet, names: list[str], parts: dict[str, np.ndarray],
    markets: tuple[str, ...] = MARKETS,
) -> Iterator[tuple[object, ...]]:  # fmt: skip
    """Rows of the cells with anything in them; `parts` are (n_days, n_names, n_markets) per measure."""
    if facet == Facet.SOURCE:  # here the split is known: all of For You's, none of the others'
        is_for_you = np.array([name == TRAFFIC_SOURCES[0] for name in names])
        parts = {**parts, "for_you_views": parts["views"] * is_for_you[None, :, None]}
    stacked = np.stack(
        [parts[name] for name in ActivityDay.MEASURES], axis=-1
    )  # (n_days, n_names, n_markets, n_measures)
    for day, name, market in np.argwhere(stacked[..., :2].sum(-1) > 0):
        sums = map(int, stacked[day, name, market])
        yield (account_id, facet.value, days[day], markets[market], names[name], *sums)
