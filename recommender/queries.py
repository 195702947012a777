"""The only reader of the database for the engine: rows in, arrays and contracts out.

Everything the core sees of the platform comes through here or through a file reader of the same shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.db import connection, transaction

from recommender import contracts as c
from recommender import markets
from recommender.events.schema import KINDS
from recommender.features.content import encode_captions, encode_words
from recommender.models import MarketRule, ValueWeights

_CHUNK_ROWS = 50_000
#: Topics kept per video and interests kept per viewer; real videos carry one to four.
_TOPIC_SLOTS = 6
_INTEREST_SLOTS = 12


def read_catalogue(known_topics: Sequence[str] = ()) -> c.Catalogue:
    """Every video. Codes of `known_topics` stay what they were when a model was fitted; new ones follow."""
    rows = _read_columns(
        """
        select v.id, v.creator_id, coalesce(v.sound_id, -1), c.market,
               coalesce(nullif(v.language, ''), c.language), coalesce(v.duration_seconds, 0),
               extract(epoch from v.published_at)::float8, v.has_cart,
               v.is_blocked or c.is_blocked, v.topics, v.caption, v.attributes
          from recommender_video v join recommender_creator c on c.id = v.creator_id
         order by v.id
        """,
        {},
        12,
    )
    ids, creators, sounds, market, language, duration, published, cart, blocked, topics, captions, more = rows
    found = {name for names in topics for name in names}
    names = (*known_topics, *sorted(found.difference(known_topics)))
    codes = {name: code for code, name in enumerate(names)}
    return c.Catalogue(
        video_id=np.array(ids, dtype=np.int64),
        creator_id=np.array(creators, dtype=np.int64),
        sound_id=np.array(sounds, dtype=np.int64),
        market=np.array([markets.encode_market(code) for code in market], dtype=np.int8),
        language=np.array([markets.encode_language(tag) for tag in language], dtype=np.int16),
        duration_seconds=np.array(duration, dtype=np.float32),
        published_at=np.array(published, dtype=np.float64),
        has_cart=np.array(cart, dtype=np.bool_),
        is_blocked=np.array(blocked, dtype=np.bool_),
        topics=encode_topics(topics, codes, n_slots=_TOPIC_SLOTS),
        tokens=encode_captions(captions),
        topic_names=names,
        extra=_spread_codes(more),
    )


def read_catalogue_stamp() -> tuple[int, datetime | None, datetime | None]:
    """What changes whenever a video or creator does: (videos, newest video change, newest creator change)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from recommender_video),"
            " (select max(updated_at) from recommender_video),"
            " (select max(updated_at) from recommender_creator)"
        )
        count, video_at, creator_at = cursor.fetchone()
    return count, video_at, creator_at


def encode_topics(lists: Sequence[Sequence[str]], codes: Mapping[str, int], n_slots: int) -> c.IntArray:
    """(n, n_slots) int32 topic codes, padded with UNKNOWN; names without a code are left out."""
    out = np.full((len(lists), n_slots), c.UNKNOWN, dtype=np.int32)
    for row, names in enumerate(lists):
        known = [codes[name] for name in names if name in codes][:n_slots]
        out[row, : len(known)] = known
    return out


def read_viewers(topic_names: Sequence[str]) -> c.Viewers:
    """Every viewer, ascending by id."""
    ids, market, language, interests, more = _read_columns(
        "select id, market, language, interests, attributes from recommender_viewer order by id", {}, 5
    )
    codes = {name: code for code, name in enumerate(topic_names)}
    return c.Viewers(
        viewer_id=np.array(ids, dtype=np.int64),
        market=np.array([markets.encode_market(code) for code in market], dtype=np.int8),
        language=np.array([markets.encode_language(tag) for tag in language], dtype=np.int16),
        interests=encode_topics(interests, codes, n_slots=_INTEREST_SLOTS),
        extra=_spread_codes(more),
    )


def read_impressions(
    catalogue: c.Catalogue, viewers: c.Viewers, since: datetime, until: datetime
) -> c.Impressions:
    """What was shown in [since, until) and what came of it in the same span, ascending by time.

    One row per viewer and video: repeats within the span are merged, and what happens after `until` is not
    seen, so that a span can be held out.
    """
    names = (
        "viewer", "video", "happened_at", "actions", "watch_seconds", "source", "position", "market",
        "os", "network", "apps",
    )  # fmt: skip
    parts = {**_KINDS, "since": since, "until": until}
    columns = dict(zip(names, _read_columns(_IMPRESSIONS_SQL, parts, len(names)), strict=True))
    video, viewer, kept = _locate(catalogue, viewers, columns["video"], columns["viewer"])
    happened_at = np.array(columns["happened_at"], dtype=np.float64)[kept]
    return c.Impressions(
        viewer=viewer,
        video=video,
        happened_at=happened_at,
        actions=np.array(columns["actions"], dtype=np.int32)[kept],
        watch_seconds=np.array(columns["watch_seconds"], dtype=np.float32)[kept],
        source=np.array(columns["source"], dtype=np.int8)[kept],
        position=np.array(columns["position"], dtype=np.int16)[kept],
        propensity=np.full(len(video), np.nan, dtype=np.float32),
        extra=_encode_scenes(columns, kept, happened_at),
    )


_KINDS = {kind: code for code, kind in enumerate(KINDS)}
_LIKE_BIT = c.encode_actions(["like"])
#: A like counts if no later unlike took it back.
_ACTIONS_SQL = f"""
    (bit_or(e.actions) & ~{_LIKE_BIT}) | case when max(e.happened_at) filter (where e.kind = %(like)s)
        > coalesce(max(e.happened_at) filter (where e.kind = %(unlike)s), '-infinity')
        then {_LIKE_BIT} else 0 end
"""
_SHOWN_SQL = "e.kind in (%(impression)s, %(watch)s, %(swipe)s)"
_IMPRESSIONS_SQL = f"""
    select e.viewer_id, e.video_id,
           extract(epoch from min(e.happened_at) filter (where {_SHOWN_SQL}))::float8,
           {_ACTIONS_SQL}, (coalesce(sum(e.watch_ms), 0) / 1000.0)::float8, max(e.source),
           coalesce(min(e.position), -1), max(e.market), max(e.details -> 'device' ->> 'os'),
           max(e.details -> 'device' ->> 'network'), max(e.details -> 'device' ->> 'app_categories')
      from recommender_event e
     where e.happened_at >= %(since)s and e.happened_at < %(until)s and e.video_id is not null
     group by e.viewer_id, e.video_id
    having bool_or({_SHOWN_SQL})
     order by 3
"""
_HISTORY_SQL = f"""
    select viewer_id, video_id, happened_at, actions, watch_seconds from (
        select e.viewer_id, e.video_id, extract(epoch from max(e.happened_at))::float8 as happened_at,
               {_ACTIONS_SQL} as actions, (sum(e.watch_ms) / 1000.0)::float8 as watch_seconds,
               row_number() over (
                   partition by e.viewer_id order by max(e.happened_at) desc, e.video_id) as back
          from recommender_event e
         where e.happened_at < %(until)s and e.video_id is not null
         group by e.viewer_id, e.video_id
        having bool_or({_SHOWN_SQL})
    ) newest where back <= %(per_viewer)s order by viewer_id, happened_at, video_id
"""


def read_history(catalogue: c.Catalogue, viewers: c.Viewers, until: datetime, per_viewer: int) -> c.History:
    """The last `per_viewer` videos that each viewer was shown before `until`, oldest first."""
    rows = _read_columns(_HISTORY_SQL, {**_KINDS, "until": until, "per_viewer": per_viewer}, 5)
    video, viewer, kept = _locate(catalogue, viewers, rows[1], rows[0])
    counts = np.bincount(viewer, minlength=len(viewers))
    return c.History(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        video=video,
        happened_at=np.array(rows[2], dtype=np.float64)[kept],
        actions=np.array(rows[3], dtype=np.int32)[kept],
        watch_seconds=np.array([np.nan if value is None else value for value in rows[4]], dtype=np.float32)[
            kept
        ],
    )


def read_span() -> tuple[datetime, datetime] | None:
    """Time of the first and the last stored event, or None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("select min(happened_at), max(happened_at) from recommender_event")
        first, last = cursor.fetchone()
    return None if first is None else (first, last)


def read_live_stats(since: datetime) -> c.LiveStats:
    """Rolled-up counts per video, market and hour from `since` on."""
    sums = ", ".join(f"sum({name}_count)::float4" for name in c.ACTIONS)
    sql = f"""
        select video_id, market, extract(epoch from hour_at)::float8,
               greatest(sum(impression_count), sum(watch_count))::float4,
               (sum(watch_ms) / 1000.0)::float8, {sums}
          from recommender_hourlyrollup where hour_at >= %(since)s group by 1, 2, 3
    """
    rows = _read_columns(sql, {"since": since}, 5 + c.N_ACTIONS)
    return c.LiveStats(
        video_id=np.array(rows[0], dtype=np.int64),
        market=np.array(rows[1], dtype=np.int8),
        hour_at=np.array(rows[2], dtype=np.float64),
        shown=np.array(rows[3], dtype=np.float32),
        watched_seconds=np.array(rows[4], dtype=np.float32),
        taken=np.array(rows[5:], dtype=np.float32).reshape(c.N_ACTIONS, -1).T.copy(),
    )


def read_value_weights(shipped: Mapping[str, float]) -> c.ValueWeights:
    """The active weights; `shipped` where the table has none for all markets."""
    active = ValueWeights.objects.filter(is_active=True).values_list("market", "version", "weights")
    rows = sorted(active, key=lambda row: row[0])
    return c.ValueWeights(
        version=",".join(f"{market or 'all'}:{version}" for market, version, _ in rows) or "shipped",
        default=next((weights for market, _, weights in rows if not market), shipped),
        by_market={markets.encode_market(market): weights for market, _, weights in rows if market},
    )


def read_market_rules() -> c.MarketRules | None:
    """The operators' own market gates on top of the shipped ones; None if there are none."""
    rows = MarketRule.objects.order_by("market").values_list(
        "market", "languages", "hit_quantile", "updated_at"
    )
    by_market = {
        markets.encode_market(market): c.MarketRule(
            frozenset(markets.encode_language(tag) for tag in languages), hit_quantile
        )
        for market, languages, hit_quantile, _ in rows
    }
    newest = max((updated_at for *_, updated_at in rows), default=None)
    return c.MarketRules(version=str(newest), by_market=by_market) if by_market else None


@dataclass(frozen=True, slots=True)
class KnownViewer:
    """A viewer as the database knows them: state for the engine, country and phone for the scene."""

    state: c.ViewerState
    market: str
    device: Mapping[str, Any]


@contextmanager
def open_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the driver itself, in Django's transaction: for statements worth preparing on the server.

    Django's own cursor sends each statement as text, to be parsed and planned anew.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def read_viewer(viewer_id: int, topic_codes: Mapping[str, int], lock: bool = False) -> KnownViewer | None:
    """One viewer, or None if nobody knows them; `lock` holds the state until the transaction ends.

    A locked read also spares the transaction the wait for the disk: what a feed writes was never promised to
    anybody (the client's own impression events are), so a power cut may cost the last half second of pages.
    """
    with open_cursor() as cursor:
        cursor.execute(_LOCKED_VIEWER_SQL if lock else _VIEWER_SQL, [viewer_id], prepare=True, binary=True)
        values = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    if values is None:
        return None
    row = dict(zip(names, values, strict=True))
    words = [encode_words(text) for text in row["searches"]]
    interests = [topic_codes[name] for name in row["interests"] if name in topic_codes]
    state = c.ViewerState(
        viewer_id=viewer_id,
        market=markets.encode_market(row["market"]),
        language=markets.encode_language(row["language"]),
        interests=np.array(interests, dtype=np.int32),
        recent_video_id=np.array(row["recent_video_ids"], dtype=np.int64),
        recent_happened_at=np.array(row["recent_happened_at"], dtype=np.float64),
        recent_actions=np.array(row["recent_actions"], dtype=np.int32),
        recent_watch_seconds=np.array(row["recent_watch_seconds"], dtype=np.float32),
        seen_video_id=np.array(row["seen_video_ids"], dtype=np.int64),
        followed_creator_id=np.array(row["followed_creator_ids"], dtype=np.int64),
        blocked_creator_id=np.array(row["blocked_creator_ids"], dtype=np.int64),
        search_tokens=np.concatenate(words) if words else np.zeros(0, dtype=np.int32),
        extra={name: int(code) for name, code in row["attributes"].items()},
    )
    return KnownViewer(state, row["market"], row["device"])


_VIEWER_SQL = """
    select v.market, v.language, v.interests, v.attributes, v.device, s.recent_video_ids,
           s.recent_happened_at, s.recent_actions, s.recent_watch_seconds, s.followed_creator_ids,
           s.blocked_creator_ids, s.searches, s.seen_video_ids
      from recommender_viewer v join recommender_viewerstate s on s.viewer_id = v.id
     where v.id = %s
"""
_LOCKED_VIEWER_SQL = (
    _VIEWER_SQL.replace("select", "select set_config('synchronous_commit', 'off', true),", 1)
    + " for no key update of s"
)


def encode_scene(device: Mapping[str, Any]) -> dict[str, int]:
    """Scenario codes of what a client says of its device: os, network, app_categories."""
    apps = device.get("app_categories") or ()
    return {
        "device_os": _code_in(c.DEVICE_OSES, device.get("os")),
        "network": _code_in(c.NETWORKS, device.get("network")),
        "app_categories": sum(
            1 << c.APP_CATEGORIES.index(app) for app in set(apps) if app in c.APP_CATEGORIES
        ),
    }


def _encode_scenes(
    columns: Mapping[str, Sequence[Any]], kept: c.BoolArray, happened_at: c.FloatArray
) -> dict[str, c.IntArray]:
    """Scenario columns of many rows, each (n,) int32; equal devices are encoded once."""
    devices = list(zip(columns["os"], columns["network"], columns["apps"], strict=True))
    codes = {
        device: encode_scene(
            {"os": device[0], "network": device[1], "app_categories": json.loads(device[2] or "[]")}
        )
        for device in set(devices)
    }
    extra = {
        name: np.array([codes[device][name] for device in devices], dtype=np.int32)[kept]
        for name in ("device_os", "network", "app_categories")
    }
    hours, weekdays = markets.local_clock(np.array(columns["market"], dtype=np.int8)[kept], happened_at)
    return {"hour_local": hours, "weekday_local": weekdays, **extra}


def _code_in(names: Sequence[str], value: Any) -> int:
    wanted = str(value or "").lower()
    return next((code for code, name in enumerate(names) if wanted.startswith(name)), c.UNKNOWN)


def _locate(
    catalogue: c.Catalogue, viewers: c.Viewers, video_ids: Sequence[int], viewer_ids: Sequence[int]
) -> tuple[c.IntArray, c.IntArray, c.BoolArray]:
    """Rows of ids in both tables, and which rows have both; the first two are cut to those."""
    video = catalogue.find_rows(np.array(video_ids, dtype=np.int64))
    wanted = np.array(viewer_ids, dtype=np.int64)
    viewer = np.minimum(np.searchsorted(viewers.viewer_id, wanted), max(len(viewers) - 1, 0))
    known = viewers.viewer_id[viewer] == wanted if len(viewers) else np.zeros(len(wanted), dtype=np.bool_)
    kept = (video >= 0) & known
    return video[kept].astype(np.int32), viewer[kept].astype(np.int32), kept


def _spread_codes(objects: Sequence[str]) -> dict[str, c.IntArray]:
    """Columns of the integer codes in JSON objects: each (n,) int32, UNKNOWN where a row lacks the name."""
    rows = [json.loads(text) if text != "{}" else {} for text in objects]
    names = sorted({name for row in rows for name in row})
    return {name: np.array([row.get(name, c.UNKNOWN) for row in rows], dtype=np.int32) for name in names}


def _read_columns(sql: str, params: Mapping[str, Any], n_columns: int) -> list[list[Any]]:
    """All rows of a query as lists by column, read in chunks by a server-side cursor."""
    columns: list[list[Any]] = [[] for _ in range(n_columns)]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                column.extend(values)
    return columns
