"""Viewers: all of them for a fit, one with their state for a feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender import contracts as c
from recommender import markets
from recommender.features.content import encode_words
from recommender.queries.catalogue import encode_topics
from recommender.queries.columns import open_cursor, read_columns, spread_codes
from recommender.queries.trust import read_trust

_INTEREST_SLOTS = 12


@dataclass(frozen=True, slots=True)
class KnownViewer:
    """A viewer as the database knows them: state for the engine, country and phone for the scene."""

    state: c.ViewerState
    market: str
    device: Mapping[str, Any]


def read_viewers(topic_names: Sequence[str]) -> c.Viewers:
    """Every viewer, ascending by id."""
    ids, market, language, interests, more = read_columns(
        "select id, market, language, interests, attributes from recommender_viewer order by id", {}, 5
    )
    codes = {name: code for code, name in enumerate(topic_names)}
    viewer_id = np.array(ids, dtype=np.int64)
    return c.Viewers(
        viewer_id=viewer_id,
        market=np.array([markets.encode_market(code) for code in market], dtype=np.int8),
        language=np.array([markets.encode_language(tag) for tag in language], dtype=np.int16),
        interests=encode_topics(interests, codes, n_slots=_INTEREST_SLOTS),
        extra=spread_codes(more),
        trust=_lay_trust(viewer_id),
    )


def _lay_trust(viewer_id: c.IntArray) -> c.FloatArray | None:
    """(n,) float32 trust of each viewer; None where all are believed."""
    found = read_trust()
    if not found:
        return None
    trust = np.ones(len(viewer_id), dtype=np.float32)
    ids = np.array(sorted(found), dtype=np.int64)
    rows = np.searchsorted(viewer_id, ids)
    here = rows < len(viewer_id)
    here[here] = viewer_id[rows[here]] == ids[here]
    trust[rows[here]] = [found[int(viewer)] for viewer in ids[here]]
    return trust


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
        blocked_creator_id=np.array([*row["blocked_creator_ids"], *row["muted_creator_ids"]], dtype=np.int64),
        search_tokens=np.concatenate(words) if words else np.zeros(0, dtype=np.int32),
        extra={name: int(code) for name, code in row["attributes"].items()},
        muted_sound_ids=tuple(row["muted_sound_ids"]),
        muted_words=tuple(encode_words(word) for word in row["muted_words"]),
        n_met=row["n_met"],
    )
    return KnownViewer(state, row["market"], row["device"])


_VIEWER_SQL = """
    select v.market, v.language, v.interests, v.attributes, v.device, s.recent_video_ids,
           s.recent_happened_at, s.recent_actions, s.recent_watch_seconds, s.followed_creator_ids,
           s.blocked_creator_ids, s.searches, s.seen_video_ids, s.muted_creator_ids, s.muted_sound_ids,
           s.muted_words, case when s.reset_at is not null then (
               select count(*)::int from unnest(s.seen_at) as met (at)
                where met.at > extract(epoch from s.reset_at)) end as n_met
      from recommender_viewer v join recommender_viewerstate s on s.viewer_id = v.id
     where v.id = %s
"""

_LOCKED_VIEWER_SQL = (
    _VIEWER_SQL.replace("select", "select set_config('synchronous_commit', 'off', true),", 1)
    + " for no key update of s"
)
