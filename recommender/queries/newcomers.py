"""New videos as the database knows them: what they are, who met them, where they stand, and who is seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone

from recommender import contracts as c
from recommender import markets
from recommender.models import ExposureHour, VideoStage
from recommender.queries.columns import read_columns

_N_MARKETS = len(markets.MARKET_CODES)
#: Acts that make an impression a good one; a video's good impressions are at least the most frequent of them.
_GOOD = ("long_watch", "like", "comment", "share", "follow", "cart_click", "order")


@dataclass(frozen=True, slots=True)
class RecentVideos:
    """Videos of the cohort's days, ascending by id, and what came of them in each market."""

    video_id: c.IntArray  # (n,) int64
    creator_id: c.IntArray  # (n,) int64
    home: c.IntArray  # (n,) market code of the creator, UNKNOWN outside the eight
    language: c.IntArray  # (n,) index into markets.LANGUAGES
    duration_seconds: c.FloatArray  # (n,)
    published_at: c.FloatArray  # (n,) unix seconds
    is_blocked: c.BoolArray  # (n,)
    shown: c.FloatArray  # (n, m) trusted impressions
    good: c.FloatArray  # (n, m)


def read_recent_videos(now: datetime, days: float) -> RecentVideos:
    """Videos published in the `days` before `now`, with their trusted counts since publication."""
    since = now - timedelta(days=days)
    columns = read_columns(
        """
        select v.id, v.creator_id, c.market, coalesce(nullif(v.language, ''), c.language),
               coalesce(v.duration_seconds, 0), extract(epoch from v.published_at)::float8,
               v.is_blocked or c.is_blocked
          from recommender_video v join recommender_creator c on c.id = v.creator_id
         where v.published_at > %(since)s and v.published_at <= %(now)s order by v.id
        """,
        {"since": since, "now": now},
        7,
    )
    ids = np.array(columns[0], dtype=np.int64)
    shown, good = _count_trusted(ids, since)
    return RecentVideos(
        video_id=ids,
        creator_id=np.array(columns[1], dtype=np.int64),
        home=np.array([markets.encode_market(code) for code in columns[2]], dtype=np.int8),
        language=np.array([markets.encode_language(tag) for tag in columns[3]], dtype=np.int16),
        duration_seconds=np.array(columns[4], dtype=np.float64),
        published_at=np.array(columns[5], dtype=np.float64),
        is_blocked=np.array(columns[6], dtype=np.bool_),
        shown=shown,
        good=good,
    )


def _count_trusted(ids: c.IntArray, since: datetime) -> tuple[c.FloatArray, c.FloatArray]:
    """(n, m) each: impressions, and good ones, less what is discounted."""
    good = ", ".join(f"sum(r.{name}_count - coalesce(d.{name}_count, 0))" for name in _GOOD)
    columns = read_columns(
        f"""
        select r.video_id, r.market,
               greatest(sum(r.impression_count - coalesce(d.impression_count, 0)),
                        sum(r.watch_count - coalesce(d.watch_count, 0)))::float8,
               greatest({good})::float8
          from (select hour_at, video_id, market, sum(impression_count) as impression_count,
                       sum(watch_count) as watch_count,
                       {", ".join(f"sum({name}_count) as {name}_count" for name in _GOOD)}
                  from recommender_hourlyrollup where hour_at >= %(since)s group by 1, 2, 3) as r
          left join recommender_discountedcount as d using (hour_at, video_id, market)
          join recommender_video as v on v.id = r.video_id and v.published_at > %(since)s
         where r.market >= 0
         group by 1, 2
        """,
        {"since": since},
        4,
    )
    shown, good_count = np.zeros((len(ids), _N_MARKETS)), np.zeros((len(ids), _N_MARKETS))
    rows = np.searchsorted(ids, np.array(columns[0], dtype=np.int64))
    inside = rows < len(ids)
    inside[inside] = ids[rows[inside]] == np.array(columns[0], dtype=np.int64)[inside]
    market = np.array(columns[1], dtype=np.int64)
    shown[rows[inside], market[inside]] = np.maximum(np.array(columns[2])[inside], 0.0)
    good_count[rows[inside], market[inside]] = np.maximum(np.array(columns[3])[inside], 0.0)
    return shown, good_count


@dataclass(frozen=True, slots=True)
class StoredStages:
    """Rows of the stage table."""

    video_id: c.IntArray  # (r,) int64
    market: c.IntArray  # (r,) int8
    state: list[str]
    pool: c.IntArray  # (r,) int8
    need: c.FloatArray  # (r,) float32
    figures: c.FloatArray  # (r, 3) mean, bar, chance; NaN where empty
    cohort: list[str]


def read_stages(since: datetime) -> StoredStages:
    """Stages of the videos published since."""
    rows = read_columns(
        """
        select s.video_id, s.market, s.state, s.pool, s.need, s.mean, s.bar, s.chance, s.cohort
          from recommender_videostage s join recommender_video v on v.id = s.video_id
         where v.published_at > %(since)s
        """,
        {"since": since},
        9,
    )
    return StoredStages(
        video_id=np.array(rows[0], dtype=np.int64),
        market=np.array([markets.encode_market(code) for code in rows[1]], dtype=np.int8),
        state=list(rows[2]),
        pool=np.array(rows[3], dtype=np.int8),
        need=np.array(rows[4], dtype=np.float32),
        figures=np.array(rows[5:8], dtype=np.float64).reshape(3, -1).T,
        cohort=list(rows[8]),
    )


@dataclass(frozen=True, slots=True)
class SeenLately:
    """Videos shown in the last day."""

    video_id: c.IntArray  # (n,) int64
    creator: c.IntArray  # (n,) code into `creator_impressions`
    home: c.IntArray  # (n,) market code of the creator
    published_at: c.FloatArray  # (n,) unix seconds
    shown: c.FloatArray  # (n, m)
    creator_impressions: c.FloatArray  # (k,) of the last 28 days, of creators shown in them


def read_seen_lately(now: datetime) -> SeenLately:
    """What was shown in the 24 hours before `now`, and each creator's 28 days."""
    columns = read_columns(
        """
        select r.video_id, v.creator_id, c.market, extract(epoch from v.published_at)::float8, r.market,
               greatest(sum(r.impression_count), sum(r.watch_count))::float8
          from recommender_hourlyrollup r join recommender_video v on v.id = r.video_id
          join recommender_creator c on c.id = v.creator_id
         where r.hour_at > %(day)s and r.market >= 0 group by 1, 2, 3, 4, 5 order by 1
        """,
        {"day": now - timedelta(hours=25)},
        6,
    )
    totals = read_columns(
        """
        select v.creator_id, greatest(sum(r.impression_count), sum(r.watch_count))::float8
          from recommender_hourlyrollup r join recommender_video v on v.id = r.video_id
         where r.hour_at > %(month)s group by 1 order by 1
        """,
        {"month": now - timedelta(days=28)},
        2,
    )
    ids, first, place = np.unique(
        np.array(columns[0], dtype=np.int64), return_index=True, return_inverse=True
    )
    shown = np.zeros((len(ids), _N_MARKETS))
    np.add.at(shown, (place, np.array(columns[4], dtype=np.int64)), np.array(columns[5], dtype=np.float64))
    creators = np.array(totals[0], dtype=np.int64)
    owner = np.array(columns[1], dtype=np.int64)[first]
    return SeenLately(
        video_id=ids,
        creator=np.searchsorted(creators, owner),
        home=np.array([markets.encode_market(columns[2][row]) for row in first], dtype=np.int8),
        published_at=np.array(columns[3], dtype=np.float64)[first],
        shown=shown,
        creator_impressions=np.array(totals[1], dtype=np.float64),
    )


def read_newest_exposure() -> list[ExposureHour]:
    """The newest row of each market, none older than two days."""
    since = timezone.now() - timedelta(days=2)
    rows = ExposureHour.objects.filter(hour_at__gt=since).order_by("market", "-hour_at").distinct("market")
    return list(rows)


def read_kept_promises(now: datetime, days: float, first_pool: float) -> dict[str, float]:
    """Market -> share of the first pools that ended full, among those of the last `days` that ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select market, avg((shown_count >= %s)::int)::float8 from recommender_videostage"
            " where decided_at > %s and state in ('passed', 'let_go', 'expired') group by 1",
            [first_pool, now - timedelta(days=days)],
        )
        return dict(cursor.fetchall())


def find_stages(video_ids: list[int], creator_id: int | None = None) -> list[VideoStage]:
    """Stages of some videos, of one creator alone where it is given, by video and market."""
    rows = VideoStage.objects.filter(video_id__in=video_ids).order_by("video_id", "market")
    return list(rows if creator_id is None else rows.filter(video__creator_id=creator_id))


def find_states(creator_id: int, market: str) -> dict[int, str]:
    """Video -> state, of one creator in one market."""
    rows = VideoStage.objects.filter(video__creator_id=creator_id, market=market)
    return dict(rows.values_list("video_id", "state"))


def write_stages(rows: list[tuple[Any, ...]], now: datetime) -> None:
    """Insert or change stages.

    Each row: video_id, market, state, pool, shown, good, target, mean, bar, chance, cohort, need, is_decided.
    """
    sql = """
        insert into recommender_videostage as s (video_id, market, state, pool, shown_count, good_count,
            target_count, mean, bar, chance, cohort, need, entered_at, decided_at, judged_at)
        select v, m, st, p, sh, g, t, me, b, ch, co, ne, %(now)s, case when d then %(now)s end, %(now)s
          from unnest(%(c0)s::bigint[], %(c1)s::text[], %(c2)s::text[], %(c3)s::int[], %(c4)s::float8[],
               %(c5)s::float8[], %(c6)s::float8[], %(c7)s::float8[], %(c8)s::float8[], %(c9)s::float8[],
               %(c10)s::text[], %(c11)s::float8[], %(c12)s::bool[])
               as n (v, m, st, p, sh, g, t, me, b, ch, co, ne, d)
            on conflict (video_id, market) do update set state = excluded.state, pool = excluded.pool,
               shown_count = excluded.shown_count, good_count = excluded.good_count,
               target_count = excluded.target_count, mean = excluded.mean, bar = excluded.bar,
               chance = excluded.chance, cohort = excluded.cohort, need = excluded.need,
               decided_at = coalesce(excluded.decided_at, s.decided_at), judged_at = excluded.judged_at
    """
    if rows:
        columns = {f"c{place}": list(column) for place, column in enumerate(zip(*rows, strict=True))}
        with connection.cursor() as cursor:
            cursor.execute(sql, {"now": now, **columns})
