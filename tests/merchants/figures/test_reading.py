"""Where figures come from: imports first, the platform's own counts else; markets only from the latter."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from merchants.figures.activity import refresh_activity
from merchants.figures.changes import explain
from merchants.figures.facets import list_parts, sum_all, sum_hours
from merchants.figures.reading import find_latest_day, read_series
from merchants.figures.spans import Span
from merchants.imports.storing import import_file
from merchants.models import Account, ActivityDay, Facet, ImportFile, Order
from recommender import engine
from tests.factories import make_account, make_event, make_user, make_videos
from tests.merchants.imports.exports import list_days, make_overview, name_overview, write_csv, write_zip

pytestmark = pytest.mark.django_db
FIRST = date(2026, 11, 2)
SPAN = Span(FIRST, FIRST + timedelta(days=4))


@pytest.fixture
def account() -> Account:
    return make_account(make_user("alice"), "lip.studio", creator_id=11, market="MY")


def count(account: Account, day: date, market: str, **sums: int) -> None:
    """One day's activity in one market, all from For You, on video 7 at noon."""
    told = {**dict.fromkeys(ActivityDay.MEASURES, 0), **sums}
    for facet, key in ((Facet.SOURCE, "for_you"), (Facet.VIDEO, "7"), (Facet.HOUR, "12")):
        ActivityDay.objects.create(account=account, facet=facet, day=day, market=market, key=key, **told)


def import_days(account: Account) -> None:
    days = list_days(FIRST, 3)
    archive = write_zip({"Overview.csv": write_csv(make_overview(days))})
    assert not import_file(account, None, name_overview(FIRST), archive).is_refused


def test_an_import_comes_before_a_count_and_open_days_stay_open(account: Account) -> None:
    count(account, FIRST, "MY", views=5)
    assert read_series(account, ["views"], SPAN)["views"].source == "activity"
    import_days(account)
    series = read_series(account, ["views"], SPAN)["views"]
    assert (series.source, series.total) == ("imported", 3003)
    assert series.values == [1000, 1001, 1002, None, None]


def test_a_market_is_told_by_the_platform_alone(account: Account) -> None:
    import_days(account)
    count(account, FIRST, "MY", views=5)
    count(account, FIRST, "TH", views=3)
    assert read_series(account, ["views"], SPAN, ["TH"])["views"].total == 3


def test_a_ratio_is_one_of_sums_and_never_a_mean_of_ratios(account: Account) -> None:
    count(account, FIRST, "MY", views=10, finishes=9)
    count(account, FIRST + timedelta(days=1), "MY", views=990, finishes=0)
    series = read_series(account, ["finish_rate"], SPAN)["finish_rate"]
    assert series.total == Decimal("0.009")
    assert series.values[:3] == [Decimal("0.9"), 0, None]


def test_an_order_counts_once_and_a_cancelled_one_does_not(account: Account) -> None:
    file = ImportFile.objects.create(account=account, sha256="x", name="o", format="shop_orders", row_count=4)
    base = {"account": account, "import_file": file, "created_on": FIRST, "currency": "MYR",
            "created_at": datetime(2026, 11, 2, 5, tzinfo=UTC)}  # fmt: skip
    for ref, sku, status, values in (
        ("1", "a", "completed", {"subtotal": "10.50", "order_amount": "30"}),
        ("1", "b", "completed", {"subtotal": "19.50", "order_amount": "30"}),
        ("2", "a", "to_ship", {"order_amount": "7"}),
        ("3", "a", "cancelled", {"order_amount": "99"}),
    ):
        Order.objects.create(order_ref=ref, sku_ref=sku, line=0, status=status, values=values, **base)
    series = read_series(account, ["orders", "gmv"], SPAN)
    assert (series["orders"].total, series["gmv"].total) == (2, 37)
    ImportFile.objects.update(undone_at=datetime(2026, 11, 3, tzinfo=UTC))
    assert read_series(account, ["gmv"], SPAN)["gmv"].total is None


def test_what_changed_is_told_by_its_parts(account: Account) -> None:
    before = SPAN.shift(-7)
    count(account, before.first, "MY", views=100)
    count(account, FIRST, "MY", views=40)
    count(account, FIRST, "TH", views=20)
    found = explain(account, SPAN, before)
    assert (found.now, found.before, found.difference) == (60, 100, -40)
    assert {(one.dimension, one.key, one.difference) for one in found.movers} == {
        ("market", "MY", -60), ("market", "TH", 20), ("video", "7", -40), ("source", "for_you", -40)
    }  # fmt: skip


def test_a_part_that_is_gone_is_listed_with_nothing(account: Account) -> None:
    count(account, SPAN.shift(-7).first, "TH", views=9)
    (part,) = list_parts(account, "market", Facet.SOURCE, SPAN, SPAN.shift(-7))
    assert (part.key, part.sums["views"], part.before["views"], part.change.direction) == ("TH", 0, 9, "down")


def send(*events: dict[str, Any]) -> None:
    engine.record_event_dicts(list(events), "test")


def at(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_activity_is_counted_on_the_accounts_days_and_the_viewers_clocks(account: Account) -> None:
    """20:30 UTC is already tomorrow in Kuala Lumpur (04:30), and half past three in Bangkok."""
    make_videos(1)
    moment = datetime.now(UTC).replace(hour=20, minute=30, second=0, microsecond=0) - timedelta(days=3)
    send(
        make_event("impression", 1, 1, happened_at=at(moment), market="TH"),
        make_event("watch", 1, 1, happened_at=at(moment), market="TH", watch_seconds=10.0),
        make_event("watch", 2, 1, happened_at=at(moment), market="TH", watch_seconds=2.0, source="search"),
        make_event("cart_click", 1, 1, happened_at=at(moment), market="TH"),
    )
    day = moment.date() + timedelta(days=1)
    refresh_activity(account, day, day)
    refresh_activity(account, day, day)
    sums = sum_all(account, Span(day, day))
    assert (sums["impressions"], sums["views"], sums["watch_ms"], sums["cart_clicks"]) == (1, 2, 12_000, 1)
    assert sums["for_you_views"] == 1
    assert sum_hours(account, Span(day, day))[day.weekday()][3] == 2
    assert find_latest_day(account) == day


def test_an_account_that_is_not_linked_has_no_activity() -> None:
    account = make_account(make_user("alice"), "lip.studio")
    assert refresh_activity(account, FIRST, FIRST) == 0
