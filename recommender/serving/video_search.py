"""Videos for a query: captions searched as names are, weighed by the creator's niche and by likes.

The index is rebuilt in the process that searches, at most once a minute and only after a change.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.markets import encode_language, encode_market
from recommender.models import Video
from recommender.niche.taxonomy import NONE
from recommender.queries.catalogue import read_catalogue_stamp
from recommender.queries.names import read_captions
from recommender.search.index import NameIndex, build_index, list_terms
from recommender.search.rank import search_names
from recommender.serving.niche import find_name_reader
from recommender.serving.wishes import Wishes, read_wishes

_CHECK_SECONDS = 60.0
#: Imagined impressions behind a like rate, their rate, and the rate that counts as full engagement.
_PRIOR_SHOWN, _PRIOR_RATE, _FULL_RATE = 200.0, 0.03, 0.12
_lock = threading.Lock()
_live: dict[str, Any] = {"stamp": None, "index": None, "ids": None, "checked_at": 0.0}


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """One video of a search, and why it is there."""

    video_id: int
    creator_id: int
    caption: str
    nickname: str
    market: str
    score: float  # 0-1
    relevance: float  # 0-1
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VideoPage:
    """What a query finds among the videos."""

    query: str
    market: str
    niche: str  # that the query is about, or `none`
    n_found: int
    lines: tuple[FoundVideo, ...]


def search_videos(query: str, market: str, limit: int = 10, viewer_id: int | None = None) -> VideoPage:
    """The best videos for a query of a market's viewers, without those that the viewer muted or blocked.

    Raises ValueError for an empty query and a market without a cart.
    """
    index, ids = _find_index()
    found = search_names(index, find_name_reader(), query, market, limit)
    videos = Video.objects.select_related("creator").in_bulk([int(ids[row]) for row in found.row])
    wishes = read_wishes(viewer_id) if viewer_id is not None else None
    lines = []
    for row, score, relevance, matched in zip(
        found.row, found.score, found.relevance, found.matched, strict=True
    ):
        video = videos.get(int(ids[row]))
        if video is not None and _may_show(video, wishes):
            lines.append(_tell(video, float(score), float(relevance), matched))
    return VideoPage(query, market, found.niche, found.n_found, tuple(lines))


def _may_show(video: Video, wishes: Wishes | None) -> bool:
    """Not blocked by an operator, nor muted by the viewer: creator, sound or a word of the caption."""
    if video.is_blocked or video.creator.is_blocked:
        return False
    if wishes is None:
        return True
    is_muted = video.creator_id in wishes.muted_creator_ids or video.sound_id in wishes.muted_sound_ids
    said = set(list_terms(video.caption))
    return not is_muted and not any(said.issuperset(list_terms(word)) for word in wishes.muted_words)


def _find_index() -> tuple[NameIndex, np.ndarray]:
    with _lock:
        if _live["index"] is None or time.monotonic() - _live["checked_at"] > _CHECK_SECONDS:
            stamp = read_catalogue_stamp()
            if _live["index"] is None or stamp != _live["stamp"]:
                _live["index"], _live["ids"] = _build()
                _live["stamp"] = stamp
            _live["checked_at"] = time.monotonic()
        return _live["index"], _live["ids"]


def _build() -> tuple[NameIndex, np.ndarray]:
    ids, captions, market, language, niche, probability, shown, liked = read_captions()
    niches = find_name_reader().taxonomy.niches
    codes = {name: code for code, name in enumerate(niches)} | {NONE: len(niches)}
    like_rate = (np.array(liked) + _PRIOR_SHOWN * _PRIOR_RATE) / (np.array(shown) + _PRIOR_SHOWN)
    index = build_index(
        [list_terms(caption) for caption in captions],
        np.array([codes.get(name, len(niches)) for name in niche], dtype=np.int64),
        np.array([encode_market(code) for code in market], dtype=np.int64),
        np.array([encode_language(tag) for tag in language], dtype=np.int64),
        np.array(probability, dtype=np.float32),
        np.minimum(like_rate / _FULL_RATE, 1.0).astype(np.float32),
        len(niches),
    )
    return index, np.array(ids, dtype=np.int64)


def _tell(video: Video, score: float, relevance: float, matched: tuple[str, ...]) -> FoundVideo:
    return FoundVideo(
        video_id=video.pk,
        creator_id=video.creator_id,
        caption=video.caption,
        nickname=video.creator.nickname or video.creator.handle,
        market=video.creator.market,
        score=score,
        relevance=relevance,
        matched=matched,
    )
