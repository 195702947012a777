"""The round that judges viewers and discounts what is not to be believed, and an operator's pardon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from recommender.features.trust import judge_viewers
from recommender.models import ViewerTrust
from recommender.params import Params
from recommender.queries import trust as queries

#: Days of doings a verdict looks at: who drips his fakes over more days gains little a day.
JUDGED_DAYS = 14
#: Days of counts that are counted anew when a verdict changes: as far back as live counts reach.
RECOUNTED_DAYS = 8
_ROUND_LOCK = 7_420_002


@dataclass(frozen=True, slots=True)
class TrustRound:
    """What a round found."""

    n_judged: int
    n_found: int
    n_changed: int


def judge_trust(now: datetime | None = None) -> TrustRound | None:
    """Judge everybody who did anything lately; None if another worker is at it."""
    now, params = now or timezone.now(), Params().trust
    with transaction.atomic():
        if not _take_lock():
            return None
        ids, behaviour = queries.read_behaviour(now - timedelta(days=JUDGED_DAYS), now, params)
        verdict = judge_viewers(behaviour, params)
        written = queries.write_verdicts(ids, verdict.trust, verdict.findings, now, params.least)
        queries.discount_days(_list_days(now, RECOUNTED_DAYS if written.changed else 2), params)
    return TrustRound(len(ids), written.n_found, len(written.changed))


def _take_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [_ROUND_LOCK])
        return bool(cursor.fetchone()[0])


def _list_days(now: datetime, count: int) -> list[date]:
    today = now.date()
    return [today - timedelta(days=back) for back in range(count)]


def pardon_viewers(viewer_ids: list[int], is_pardoned: bool) -> int:
    """Believe viewers whatever is found of them, or no longer; their counts follow at once."""
    changed = ViewerTrust.objects.filter(viewer_id__in=viewer_ids).update(is_pardoned=is_pardoned)
    queries.discount_days(_list_days(timezone.now(), RECOUNTED_DAYS), Params().trust)
    return changed
