"""Bringing an account's counts of platform activity up to date: days are replaced whole, never added to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from merchants.models import Account, ActivityDay, Facet
from recommender import engine

#: Events may be late; this many days are counted again at night, the newest two all day long.
NIGHT_DAYS, DAY_DAYS = 30, 2
_COLUMNS = ("account_id", "facet", "day", "market", "key", *ActivityDay.MEASURES)

_FORGET_MONTHS = """
DELETE FROM merchants_activityday WHERE account_id = %s AND facet = %s AND day >= %s AND day < %s
"""
_SUM_MONTHS = f"""
INSERT INTO merchants_activityday ({", ".join(_COLUMNS)})
SELECT account_id, %s, date_trunc('month', day)::date, '', key,
    {", ".join(f"sum({name})" for name in ActivityDay.MEASURES)}
FROM merchants_activityday WHERE account_id = %s AND facet = %s AND day >= %s AND day < %s
GROUP BY 1, 3, 5
"""

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
        kept = ActivityDay.objects.exclude(facet=Facet.VIDEO_MONTH)
        kept.filter(account=account, day__range=(first_day, last_day)).delete()
        copy_rows((account.pk, row.facet, row.day, row.market, row.key, *row.sums) for row in rows)
        sum_months(account, first_day, last_day)
    return len(rows)


def sum_months(account: Account, first_day: date, last_day: date) -> None:
    """Add the videos of the months that some days lie in up again: what long ranges are read from."""
    first = first_day.replace(day=1)
    end = (last_day.replace(day=1) + timedelta(days=32)).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_MONTHS, [account.pk, Facet.VIDEO_MONTH, first, end])
        cursor.execute(_SUM_MONTHS, [Facet.VIDEO_MONTH, account.pk, Facet.VIDEO, first, end])


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
