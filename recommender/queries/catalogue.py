"""Videos and their creators as the engine's catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from django.db import connection

from recommender import contracts as c
from recommender import markets
from recommender.features.content import encode_captions
from recommender.queries.columns import read_columns, spread_codes

#: Topics kept per video and interests kept per viewer; real videos carry one to four.
_TOPIC_SLOTS = 6


def read_catalogue(known_topics: Sequence[str] = ()) -> c.Catalogue:
    """Every video. Codes of `known_topics` stay what they were when a model was fitted; new ones follow."""
    rows = read_columns(
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
        extra=spread_codes(more),
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
