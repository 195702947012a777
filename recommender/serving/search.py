"""Search as it is served: the index of all creators' names, kept per process and followed within seconds."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from recommender.markets import encode_language, encode_market
from recommender.models import Creator, NicheProfile, SearchShown
from recommender.niche.taxonomy import NONE
from recommender.queries.names import read_newest_profile, read_profiles, read_shown
from recommender.search.engagement import rate_clicks
from recommender.search.index import NameIndex, build_index, list_terms
from recommender.search.rank import Candidate, score_candidate, search_names
from recommender.serving.niche import find_name_reader
from recommender.serving.wishes import read_hidden_creators

_CHECK_SECONDS = 10.0
_CLICK_DAYS = 28
#: Ranks are told up to here.
DEEPEST_RANK = 200
_lock = threading.Lock()
_live: dict[str, Any] = {"state": None, "index": None, "ids": None, "checked_at": 0.0}


@dataclass(frozen=True, slots=True)
class FoundCreator:
    """One line of a search, and why it is there."""

    creator_id: int
    nickname: str
    handle: str
    market: str
    niche: str
    consistency: float  # 0-1
    score: float  # 0-1
    relevance: float  # 0-1
    follower_count: int
    matched: tuple[str, ...]
    words: tuple[str, ...]  # of the name that speak for its niche


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What a query finds."""

    query: str
    market: str
    niche: str  # that the query is about, or `none`
    n_found: int
    lines: tuple[FoundCreator, ...]


@dataclass(frozen=True, slots=True)
class RankTold:
    """Where a name stands among the found ones."""

    rank: int | None  # 1 = first; None beyond DEEPEST_RANK, or not found at all
    score: float
    is_found: bool


def search_creators(query: str, market: str, limit: int = 10, viewer_id: int | None = None) -> SearchPage:
    """The best creators for a query of a market's viewers, without those that the viewer muted or blocked.

    Raises ValueError for an empty query and a market without a cart.
    """
    index, ids = _find_index()
    found = search_names(index, find_name_reader(), query, market, limit)
    creators = NicheProfile.objects.select_related("creator").in_bulk([int(ids[row]) for row in found.row])
    hidden = read_hidden_creators(viewer_id) if viewer_id is not None else frozenset()
    lines = []
    for row, score, relevance, matched in zip(
        found.row, found.score, found.relevance, found.matched, strict=True
    ):
        profile = creators.get(int(ids[row]))
        if profile is not None and profile.creator_id not in hidden:
            lines.append(_tell(profile, float(score), float(relevance), matched))
    return SearchPage(query, market, found.niche, found.n_found, tuple(lines))


def rank_name(
    query: str, market: str, nickname: str, handle: str, niche: str, consistency: float, own_id: int | None
) -> RankTold:
    """Where an account with this name would stand; `own_id` is its creator, which is not counted twice.

    Raises ValueError as `search_creators` does.
    """
    index, ids = _find_index()
    reader = find_name_reader()
    terms = tuple(dict.fromkeys((*list_terms(nickname), *list_terms(handle))))
    rows = np.flatnonzero(ids == own_id) if own_id else np.zeros(0, dtype=np.int64)
    engagement = float(index.engagement[rows[0]]) if len(rows) else float(_start_rate())
    candidate = Candidate(terms, niche, consistency, engagement)
    score = score_candidate(index, reader, query, market, candidate)
    if score == 0.0:
        return RankTold(None, 0.0, False)
    found = search_names(index, reader, query, market, DEEPEST_RANK)
    others = found.score[~np.isin(found.row, rows)]
    rank = int((others > score).sum()) + 1
    return RankTold(rank if rank <= DEEPEST_RANK else None, score, True)


def record_search(page: SearchPage) -> uuid.UUID:
    """Log what a viewer was shown; the id under which clicks are reported."""
    search_id = uuid.uuid4()
    SearchShown.objects.bulk_create(
        SearchShown(
            search_id=search_id, query=page.query[:80], market=page.market, creator_id=line.creator_id,
            position=position,
        )
        for position, line in enumerate(page.lines)
    )  # fmt: skip
    return search_id


def record_click(search_id: uuid.UUID, creator_id: int) -> bool:
    """Note that a shown account was opened, once; False where it was not shown."""
    shown = SearchShown.objects.filter(search_id=search_id, creator_id=creator_id)
    return bool(shown.update(is_clicked=True))


def _find_index() -> tuple[NameIndex, np.ndarray]:
    with _lock:
        if _live["index"] is None or time.monotonic() - _live["checked_at"] > _CHECK_SECONDS:
            state = read_newest_profile()
            if _live["index"] is None or state != _live["state"]:
                _live["index"], _live["ids"] = _build()
                _live["state"] = state
            _live["checked_at"] = time.monotonic()
        return _live["index"], _live["ids"]


def _build() -> tuple[NameIndex, np.ndarray]:
    niches = find_name_reader().taxonomy.niches
    codes = {niche: code for code, niche in enumerate(niches)} | {NONE: len(niches)}
    rows = read_profiles()
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    return (
        build_index(
            [row[1] for row in rows],
            np.array([codes.get(row[2], len(niches)) for row in rows], dtype=np.int64),
            np.array([encode_market(row[5]) for row in rows], dtype=np.int64),
            np.array([encode_language(row[4] or row[6]) for row in rows], dtype=np.int64),
            np.array([row[3] for row in rows], dtype=np.float32),
            _rate(ids),
            len(niches),
        ),
        ids,
    )


def _rate(ids: np.ndarray) -> np.ndarray:
    """(n,) click rates of the last weeks."""
    place = {int(creator_id): row for row, creator_id in enumerate(ids)}
    shown = [
        (place[creator_id], position, is_clicked)
        for creator_id, position, is_clicked in read_shown(timezone.now() - timedelta(days=_CLICK_DAYS))
        if creator_id in place
    ]
    table = np.array(shown, dtype=np.int64).reshape(-1, 3)
    return rate_clicks(table[:, 0], table[:, 1], table[:, 2].astype(bool), len(ids))


def _start_rate() -> float:
    """The click rate of an account that nobody was shown yet."""
    nothing = np.zeros(0, dtype=np.int64)
    return float(rate_clicks(nothing, nothing, nothing.astype(bool), 1)[0])


def _tell(profile: NicheProfile, score: float, relevance: float, matched: tuple[str, ...]) -> FoundCreator:
    creator: Creator = profile.creator
    return FoundCreator(
        creator_id=creator.pk,
        nickname=creator.nickname or creator.handle,
        handle=creator.handle,
        market=creator.market,
        niche=profile.niche,
        consistency=profile.probability,
        score=score,
        relevance=relevance,
        follower_count=creator.follower_count,
        matched=matched,
        words=tuple(item["text"] for item in profile.evidence if item["niche"] == profile.niche)[:3],
    )
