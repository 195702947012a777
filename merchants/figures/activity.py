"""Bringing an account's counts of platform activity up to date: days are replaced whole, never added to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from merchants.models import Account, ActivityDay
from recommender import engine

#: Events may be late; this many days are counted again at night, the newest two all day long.
NIGHT_DAYS, DAY_DAYS = 30, 2
_COLUMNS = ("account_id", "facet", "day", "market", "key", *ActivityDay.MEASURES)

if ActivityDay.MEASURES != engine.DIGEST_MEASURES:
    raise ImportError("ActivityDay.MEASURES and the engine's DIGEST_MEASURES must be the same")


def refresh_activity(account: Account, first_day: date, last_day: date) -> int:
    """Count an account's days again, both ends counted; how many rows they have.

    An account that no operator has linked to a creator has none. A sample shop's figures are made up and
    stay.
    """
    if account.creator_id is None or account.is_sample:
        return 0
    rows = engine.digest_activity(account.creator_id, first_day, last_day, account.zone_name)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)  # two refreshes of one account take turns
        ActivityDay.objects.filter(account=account, day__range=(first_day, last_day)).delete()
        copy_rows((account.pk, row.facet, row.day, row.market, row.key, *row.sums) for row in rows)
    return len(rows)


def refresh_linked(days: int = DAY_DAYS) -> int:
    """Count the newest days of every linked account again; how many accounts."""
    linked = Account.objects.exclude(creator_id=None).exclude(is_sample=True).order_by("pk")
    for account in linked:
        today = timezone.now().astimezone(ZoneInfo(account.zone_name)).date()
        refresh_activity(account, today - timedelta(days=days - 1), today)
    return len(linked)


def copy_rows(rows: Iterable[Sequence[object]]) -> None:
    """Add rows in bulk, values in the order of the columns."""
    columns = ", ".join(_COLUMNS)
    statement = f"COPY merchants_activityday ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
