"""What viewers did, as trust is judged by it; the verdicts; and the counts that nobody should learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection, transaction

from recommender import contracts as c
from recommender.events.rollups import ALLOW_LONG_STATEMENT
from recommender.events.schema import KIND_INDEX
from recommender.features.trust import FINDINGS, Behaviour
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.loop_params import TrustParams
from recommender.models import ViewerTrust
from recommender.queries.columns import read_columns

_PRAISE = [KIND_INDEX[kind] for kind in ("like", "comment", "share", "follow")]
_COUNTED_KINDS = {
    "impression_count": "impression", "watch_count": "watch", "like_count": "like",
    "comment_count": "comment", "share_count": "share", "follow_count": "follow",
    "cart_click_count": "cart_click", "order_count": "order", "not_interested_count": "not_interested",
}  # fmt: skip
_COUNTED_ACTIONS = {"finish_count": "finish", "long_watch_count": "long_watch"}
DISCOUNTED: tuple[str, ...] = (*_COUNTED_KINDS, *_COUNTED_ACTIONS, "watch_ms")

_BEHAVIOUR_SQL = f"""
with told as (
    select e.viewer_id, e.video_id, e.kind, e.actions, e.watch_ms, e.session_id, e.happened_at,
           least(e.watch_ms / 1000.0 / nullif(v.duration_seconds, 0), 1) as share
      from recommender_event e left join recommender_video v on v.id = e.video_id
     where e.happened_at >= %(since)s and e.happened_at < %(until)s
), pairs as (
    select viewer_id, video_id, bool_or(kind = any(%(praise)s)) as praised,
           coalesce(sum(watch_ms), 0) as watch_ms
      from told where video_id is not null group by 1, 2
), repeats as (
    select viewer_id, sum(greatest(times - %(allowed)s, 0)) as repeats from (
        select viewer_id, count(*) as times from told
         where kind = any(%(praise)s) and video_id is not null
         group by viewer_id, video_id, kind, (happened_at at time zone 'UTC')::date) as a_day group by 1
), minutes as (
    select viewer_id, max(events) as per_minute from (
        select viewer_id, count(*) as events from told group by 1, date_trunc('minute', happened_at)) as m
     group by 1
), shared as (
    select viewer_id, max(viewers) as viewers from (
        select distinct viewer_id, session_id from told where session_id is not null) as own
      join (select session_id, count(distinct viewer_id) as viewers from told
             where session_id is not null group by 1) as all_of using (session_id)
     group by 1
)
select t.viewer_id, count(*)::float8, count(t.share) filter (where t.kind = {KIND_INDEX["watch"]})::float8,
       coalesce(stddev_pop(t.share) filter (where t.kind = {KIND_INDEX["watch"]}), 1)::float8,
       max(m.per_minute)::float8, coalesce(max(s.viewers), 1)::float8, coalesce(max(r.repeats), 0)::float8,
       max(p.praised)::float8, max(p.blind)::float8
  from told t join minutes m using (viewer_id) left join shared s using (viewer_id)
  left join repeats r using (viewer_id)
  join (select viewer_id, count(*) filter (where praised) as praised,
               count(*) filter (where praised and watch_ms < 1000) as blind from pairs group by 1) as p
    using (viewer_id)
 group by 1 order by 1
"""


def read_behaviour(since: datetime, until: datetime, params: TrustParams) -> tuple[c.IntArray, Behaviour]:
    """(n,) int64 ids of the viewers who did anything in [since, until), ascending, and what they did."""
    span = {"since": since, "until": until}
    rows = read_columns(_BEHAVIOUR_SQL, {**span, "praise": _PRAISE, "allowed": params.repeats_per_video}, 9)
    ids = np.array(rows[0], dtype=np.int64)
    events, watches, spread, minute, sessions, repeats, praises, blind = (
        np.array(column, dtype=np.float64) for column in rows[1:]
    )
    pairs = read_columns(
        "select distinct viewer_id, video_id from recommender_event where happened_at >= %(since)s"
        " and happened_at < %(until)s and actions & %(liked)s <> 0 and video_id is not null",
        {**span, "liked": POSITIVE_ACTIONS},
        2,
    )
    viewer = np.searchsorted(ids, np.array(pairs[0], dtype=np.int64))
    known = viewer < len(ids)
    _, video = np.unique(np.array(pairs[1], dtype=np.int64), return_inverse=True)
    behaviour = Behaviour(
        minute, watches, spread, praises, blind, sessions, repeats, events, viewer[known], video[known]
    )
    return ids, behaviour


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Whose word changed."""

    n_found: int
    changed: list[int]  # viewers who came below or rose above the least trust


def write_verdicts(
    ids: c.IntArray, trust: c.FloatArray, findings: c.BoolArray, now: datetime, least: float
) -> Verdicts:
    """Keep a row for whom something was found, and drop the rows of judged viewers for whom nothing is."""
    before = dict(ViewerTrust.objects.values_list("viewer_id", "trust"))
    found = np.flatnonzero(trust < 1.0)
    rows = [
        ViewerTrust(
            viewer_id=int(ids[row]),
            trust=float(trust[row]),
            findings=[name for name, is_so in zip(FINDINGS, findings[row], strict=True) if is_so],
            judged_at=now,
        )
        for row in found
    ]
    ViewerTrust.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["viewer_id"],
        update_fields=["trust", "findings", "judged_at"], batch_size=5000,
    )  # fmt: skip
    cleared = [int(viewer) for viewer in ids[trust >= 1.0] if int(viewer) in before]
    ViewerTrust.objects.filter(viewer_id__in=cleared, is_pardoned=False).delete()
    after = {row.viewer_id: row.trust for row in rows}
    judged = set(cleared) | set(after)
    changed = [v for v in judged if (before.get(v, 1.0) < least) != (after.get(v, 1.0) < least)]
    return Verdicts(len(rows), sorted(changed))


_DISCOUNT_SQL = f"""
insert into recommender_discountedcount (hour_at, video_id, market, {", ".join(DISCOUNTED)})
select date_trunc('hour', e.happened_at, 'UTC'), e.video_id, e.market,
       {
    ", ".join(
        [f"count(*) filter (where e.kind = {KIND_INDEX[kind]})" for kind in _COUNTED_KINDS.values()]
        + [
            f"count(*) filter (where e.actions & {1 << c.ACTION_INDEX[name]} <> 0)"
            for name in _COUNTED_ACTIONS.values()
        ]
    )
}, coalesce(sum(e.watch_ms), 0)
  from (
    select happened_at, video_id, market, kind, actions, watch_ms, viewer_id, batch_id,
           row_number() over (partition by viewer_id, video_id, kind order by happened_at, event_id) as again,
           count(*) filter (where actions & %(liked)s <> 0)
               over (partition by viewer_id order by happened_at, event_id) as so_far
      from recommender_event
     where happened_at >= %(start)s and happened_at < %(stop)s and video_id is not null
  ) as e
  join recommender_eventbatch b on b.id = e.batch_id and b.rolled_up_at is not null
  left join recommender_viewertrust t on t.viewer_id = e.viewer_id and not t.is_pardoned
 where t.trust < %(least)s or e.again > %(allowed)s or (e.actions & %(liked)s <> 0 and e.so_far > %(daily)s)
 group by 1, 2, 3
"""


def discount_days(days: Sequence[date], params: TrustParams) -> None:
    """Count anew what is not believed of some days (UTC); each day is replaced in one transaction."""
    for day in days:
        start = f"{day} 00:00:00+00"
        span = {"start": start, "stop": f"{day + timedelta(days=1)} 00:00:00+00"}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ALLOW_LONG_STATEMENT)
            cursor.execute(
                "delete from recommender_discountedcount where hour_at >= %(start)s and hour_at < %(stop)s",
                span,
            )
            cursor.execute(
                _DISCOUNT_SQL,
                {
                    **span,
                    "liked": POSITIVE_ACTIONS,
                    "least": params.least,
                    "allowed": params.repeats_per_video,
                    "daily": params.daily_positives,
                },
            )


def read_trust() -> dict[int, float]:
    """Trust of the viewers of whom something was found and whom nobody pardoned."""
    return dict(ViewerTrust.objects.filter(is_pardoned=False).values_list("viewer_id", "trust"))
