"""Put videos that nobody has seen yet into a catalogue, so that the engine meets them like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recommender.contracts import UNKNOWN, Catalogue, IntArray
from recommender.features.content import encode_captions
from recommender.forecasts import ReachQuestion
from recommender.markets import encode_language, encode_market


def append_drafts(
    catalogue: Catalogue, questions: Sequence[ReachQuestion], published_at: float
) -> tuple[Catalogue, IntArray]:
    """The catalogue with one row a question at its end, and (n,) those rows.

    Raises
    ------
    ValueError
        If a topic or language is not one the engine knows; the message names the ones it does.
    """
    n = len(questions)
    first = int(catalogue.video_id[-1]) + 1 if len(catalogue) else 1
    stranger = int(catalogue.creator_id.max(initial=0)) + 1
    topics = np.full((n, max(catalogue.topics.shape[1], 1)), UNKNOWN, dtype=np.int32)
    for row, question in enumerate(questions):
        codes = [_find_topic(catalogue, name) for name in question.draft.topics[: topics.shape[1]]]
        topics[row, : len(codes)] = codes
    width = catalogue.tokens.shape[1]
    tokens = np.full((n, width), UNKNOWN, dtype=np.int32)
    written = encode_captions([question.draft.caption for question in questions])[:, :width]
    tokens[:, : written.shape[1]] = written
    columns = {
        "video_id": first + np.arange(n),
        "creator_id": np.array([question.account.creator_id or stranger for question in questions]),
        "sound_id": np.full(n, UNKNOWN),
        "market": np.array([encode_market(question.account.market) for question in questions]),
        "language": np.array([_find_language(question.draft.language) for question in questions]),
        "duration_seconds": np.array([question.draft.duration_seconds for question in questions]),
        "published_at": np.full(n, published_at),
        "has_cart": np.array([question.draft.has_cart for question in questions]),
        "is_blocked": np.zeros(n, dtype=bool),
        "topics": topics,
        "tokens": tokens,
    }
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(catalogue, name), column.astype(getattr(catalogue, name).dtype)])
        for name, column in columns.items()
    }
    extra = {
        name: np.concatenate([column, np.full(n, UNKNOWN, column.dtype)])
        for name, column in catalogue.extra.items()
    }
    return replace(catalogue, **joined, extra=extra), len(catalogue) + np.arange(n)


def _find_topic(catalogue: Catalogue, name: str) -> int:
    if name not in catalogue.topic_names:
        known = ", ".join(catalogue.topic_names[:40])
        raise ValueError(f"topic {name!r} is not known to the engine; choose among {known}")
    return catalogue.topic_names.index(name)


def _find_language(tag: str) -> int:
    code = encode_language(tag)
    if code == UNKNOWN:
        raise ValueError(f"language {tag!r} is not known; choose one of the languages of the eight markets")
    return code
