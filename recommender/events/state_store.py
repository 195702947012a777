"""Reading, locking and writing viewer states: row locks in the order of viewer ids, so none can deadlock.

Arrays that a batch does not change are neither read nor written: a long `seen` list costs nothing then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import psycopg

from recommender.events.rows import EventRow
from recommender.events.schema import KIND_INDEX
from recommender.events.signals import LIKE
from recommender.events.viewer_state import (
    Mark,
    Recent,
    Stances,
    merge_recent,
    merge_searches,
    merge_seen,
    merge_stances,
)

_UNLIKE = KIND_INDEX["unlike"]
_LIKE = KIND_INDEX["like"]
_FOLLOW = KIND_INDEX["follow"]
_NOT_INTERESTED = KIND_INDEX["not_interested"]
_IMPRESSION = KIND_INDEX["impression"]
_PROFILE_VISIT = KIND_INDEX["profile_visit"]

ENSURE_STATES = """
INSERT INTO recommender_viewerstate (viewer_id, recent_video_ids, recent_happened_at, recent_actions,
    recent_watch_seconds, recent_like_at, followed_creator_ids, followed_at, blocked_creator_ids, blocked_at,
    searches, searched_at, seen_video_ids, seen_at)
SELECT viewer_id, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'
FROM unnest(%s::bigint[]) AS new (viewer_id)
WHERE NOT EXISTS (SELECT FROM recommender_viewerstate AS s WHERE s.viewer_id = new.viewer_id)
ON CONFLICT DO NOTHING RETURNING viewer_id
"""
LOCK_STATES = """
SELECT s.viewer_id, s.recent_video_ids, s.recent_happened_at, s.recent_actions, s.recent_watch_seconds,
    s.recent_like_at,
    CASE WHEN n.has_stance = 1 THEN s.followed_creator_ids END,
    CASE WHEN n.has_stance = 1 THEN s.followed_at END,
    CASE WHEN n.has_stance = 1 THEN s.blocked_creator_ids END,
    CASE WHEN n.has_stance = 1 THEN s.blocked_at END,
    CASE WHEN n.has_search = 1 THEN s.searches END, CASE WHEN n.has_search = 1 THEN s.searched_at END,
    CASE WHEN NOT s.seen_video_ids @> n.shown::bigint[] THEN s.seen_video_ids END,
    CASE WHEN NOT s.seen_video_ids @> n.shown::bigint[] THEN s.seen_at END
FROM recommender_viewerstate AS s
JOIN unnest(%s::bigint[], %s::text[], %s::integer[], %s::integer[])
    AS n (viewer_id, shown, has_stance, has_search) USING (viewer_id)
ORDER BY s.viewer_id FOR UPDATE OF s
"""
_WRITE_WATCHED = """
UPDATE recommender_viewerstate AS s SET recent_video_ids = coalesce(n.a::bigint[], s.recent_video_ids),
    recent_happened_at = coalesce(n.b::float8[], s.recent_happened_at),
    recent_actions = coalesce(n.c::integer[], s.recent_actions),
    recent_watch_seconds = coalesce(n.d::float8[], s.recent_watch_seconds),
    recent_like_at = coalesce(n.e::float8[], s.recent_like_at),
    seen_video_ids = coalesce(n.f::bigint[], s.seen_video_ids), seen_at = coalesce(n.g::integer[], s.seen_at),
    updated_at = now()
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS n (viewer_id, a, b, c, d, e, f, g) WHERE s.viewer_id = n.viewer_id
"""
_WRITE_STANCES = """
UPDATE recommender_viewerstate AS s SET followed_creator_ids = n.a::bigint[], followed_at = n.b::float8[],
    blocked_creator_ids = n.c::bigint[], blocked_at = n.d::float8[], updated_at = now()
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS n (viewer_id, a, b, c, d) WHERE s.viewer_id = n.viewer_id
"""
_WRITE_SEARCHES = """
UPDATE recommender_viewerstate SET searches = %s, searched_at = %s, updated_at = now() WHERE viewer_id = %s
"""


@dataclass(slots=True)
class Change:
    """What a batch says about one viewer."""

    marks: list[Mark] = field(default_factory=list)
    shown: dict[int, int] = field(default_factory=dict)  # video id -> unix seconds, whole
    stances: list[tuple[float, int, bool]] = field(default_factory=list)
    searches: list[tuple[float, str]] = field(default_factory=list)


def collect_changes(rows: Iterable[EventRow]) -> dict[int, Change]:
    """Changes by viewer id, ascending."""
    changes: dict[int, Change] = {}
    for row in rows:
        change = changes.get(row.viewer_id)
        if change is None:
            change = changes[row.viewer_id] = Change()
        _collect_row(change, row)
    return dict(sorted(changes.items()))


def _collect_row(change: Change, row: EventRow) -> None:
    at = row.happened / 1e6
    kind = row.kind
    if row.video_id is not None:
        if kind != _PROFILE_VISIT:
            second = row.happened // 1_000_000
            change.shown[row.video_id] = min(second, change.shown.get(row.video_id, second))
        if kind not in (_IMPRESSION, _PROFILE_VISIT):
            like_at = at if kind == _LIKE else -at if kind == _UNLIKE else 0.0
            watch_seconds = nan if row.watch_ms is None else row.watch_ms / 1e3
            change.marks.append(Mark(row.video_id, at, row.actions & ~LIKE, watch_seconds, like_at))
    if row.creator_id is not None and kind in (_FOLLOW, _NOT_INTERESTED):
        change.stances.append((at, row.creator_id, kind == _NOT_INTERESTED))
    if row.query is not None:
        change.searches.append((at, row.query))


def build_lock_parameters(changes: dict[int, Change]) -> list[Any]:
    """The parameters of `LOCK_STATES`."""
    return [
        format_array(changes),
        _nest(format_array(change.shown) for change in changes.values()),
        format_array(int(bool(change.stances)) for change in changes.values()),
        format_array(int(bool(change.searches)) for change in changes.values()),
    ]


def write_states(
    cursor: "psycopg.Cursor[Any]", changes: dict[int, Change], states: Sequence[tuple[Any, ...]]
) -> None:
    """Merge the changes into locked states (rows of `LOCK_STATES`) and write what has changed."""
    watched: list[tuple[Any, ...]] = []
    stances: list[tuple[Any, ...]] = []
    for state in states:
        viewer_id = state[0]
        change = changes[viewer_id]
        if change.marks or state[12] is not None:
            watched.append((viewer_id, *_merge_watched_columns(state, change)))
        if change.stances:
            stances.append((viewer_id, *_merge_stance_columns(state[6:10], change)))
        if change.searches:
            known = list(zip(state[11], state[10], strict=True))
            searches = merge_searches(known, change.searches)
            cursor.execute(_WRITE_SEARCHES, [[w for _, w in searches], [at for at, _ in searches], viewer_id])
    for statement, rows in ((_WRITE_WATCHED, watched), (_WRITE_STANCES, stances)):
        if rows:
            viewer_ids, *columns = zip(*rows, strict=True)
            cursor.execute(statement, [format_array(viewer_ids), *map(_nest, columns)])


def _merge_watched_columns(state: tuple[Any, ...], change: Change) -> tuple[str | None, ...]:
    """Texts of the recent and the seen arrays; None where nothing changes."""
    recent: tuple[str | None, ...] = (None,) * 5
    if change.marks:
        merged = merge_recent(Recent(*state[1:6]), change.marks)
        columns = (
            merged.video_ids,
            merged.happened_at,
            merged.actions,
            merged.watch_seconds,
            merged.like_at,
        )
        recent = tuple([format_array(column) for column in columns])
    if state[12] is None:
        return *recent, None, None
    return *recent, *map(format_array, merge_seen(state[12], state[13], change.shown))


def _merge_stance_columns(columns: tuple[Any, ...], change: Change) -> tuple[str, ...]:
    followed, followed_at, blocked, blocked_at = columns
    stances = Stances(
        list(zip(followed_at, followed, strict=True)), list(zip(blocked_at, blocked, strict=True))
    )
    merged = merge_stances(stances, change.stances)
    return tuple(
        format_array(pair[place] for pair in pairs)
        for pairs in (merged.followed, merged.blocked)
        for place in (1, 0)
    )


def format_array(numbers: Iterable[float]) -> str:
    """PostgreSQL's text of an array of numbers; Python's shortest float text is read back exactly."""
    return "{" + ",".join(map(repr, numbers)) + "}"


def _nest(arrays: Iterable[str | None]) -> str:
    """PostgreSQL's text of an array of texts that are arrays of numbers (so need no escapes) or NULL.

    Written by hand because the driver quotes nested arrays letter by letter, at a third of a batch's time.
    """
    return "{" + ",".join(["NULL" if array is None else f'"{array}"' for array in arrays]) + "}"
