"""Hard rules: who may be shown what, whatever the predictions say.

A market's viewers see the languages the market understands, and their own; other videos enter as hits or
because the viewer searched for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import (
    UNKNOWN,
    BoolArray,
    Catalogue,
    FloatArray,
    IntArray,
    MarketRule,
    MarketRules,
    ViewerState,
)
from recommender.features.content import Content
from recommender.markets import MARKET_CODES, MARKETS, encode_language
from recommender.params import RerankParams

#: Codes of an admission column.
REFUSED, ADMITTED, ADMITTED_AS_HIT = 0, 1, 2
#: Why a video that a market's gate would stop is shown after all.
ADMISSION_RULES: tuple[tuple[str, ...], ...] = (
    (),
    ("language_exception_hit",),
    ("language_exception_searched",),
    ("language_of_viewer",),
)
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Gates:
    """What each market's rules let through; keyed by market code, UNKNOWN included."""

    admission: Mapping[int, IntArray]  # market -> (n_videos,) uint8 code
    is_open: Mapping[int, BoolArray]  # market -> (n_videos,) admitted either way


def derive_market_rules(params: RerankParams) -> MarketRules:
    """Rules from who understands what in each market (markets.MARKETS)."""
    by_market = {}
    for code, name in enumerate(MARKET_CODES):
        shares = MARKETS[name].language_shares
        spoken = frozenset(
            encode_language(tag) for tag, share in shares if share >= params.language_min_share
        )
        by_market[code] = MarketRule(spoken, params.hit_quantile)
    return MarketRules("derived-1", by_market)


def build_gates(catalogue: Catalogue, trend: FloatArray, rules: MarketRules) -> Gates:
    """Apply the rules to a catalogue; `trend` is (n_videos, n_markets + 1), the last column all markets.

    A video without a language passes everywhere. Viewers outside the eight markets see everything.
    """
    admission: dict[int, IntArray] = {}
    unblocked = ~catalogue.is_blocked
    admission[UNKNOWN] = unblocked.astype(np.uint8)
    for market, rule in rules.by_market.items():
        understood = np.isin(catalogue.language, [UNKNOWN, *rule.allowed_languages])
        column = trend[:, market]
        lately = column[column > 0]
        bar = np.quantile(lately, rule.hit_quantile) if len(lately) else np.inf
        code = np.where(understood, ADMITTED, np.where(column >= bar, ADMITTED_AS_HIT, REFUSED))
        admission[market] = (code * unblocked).astype(np.uint8)
    return Gates(admission, {market: code > REFUSED for market, code in admission.items()})


def admit_for_viewer(
    gates: Gates, catalogue: Catalogue, state: ViewerState, market: int, searched: IntArray
) -> BoolArray:
    """(n_videos,) bool: the market's gate, opened for the viewer's own language and what they searched for.

    `searched` are catalogue rows that match the viewer's searches.
    """
    is_open = gates.is_open.get(market, gates.is_open[UNKNOWN])
    if state.language == UNKNOWN and not len(searched):
        return is_open
    admitted = (
        is_open | (catalogue.language == state.language) if state.language != UNKNOWN else is_open.copy()
    )
    admitted[searched] = True
    return admitted & gates.is_open[UNKNOWN]


def explain_admission(gates: Gates, market: int, video: IntArray, searched: IntArray) -> IntArray:
    """(n,) int64 codes into ADMISSION_RULES: the exception that let each row through its market's gate."""
    admission = gates.admission.get(market, gates.admission[UNKNOWN])[video]
    found = np.isin(video, searched) if len(searched) else np.zeros(len(video), dtype=bool)
    refused = np.where(found, 2, 3)
    exception: IntArray = np.where(
        admission == ADMITTED, 0, np.where(admission == ADMITTED_AS_HIT, np.where(found, 2, 1), refused)
    )
    return exception


def find_capped(
    catalogue: Catalogue,
    content: Content,
    state: ViewerState,
    video: IntArray,
    now: float,
    params: RerankParams,
) -> tuple[BoolArray, BoolArray]:
    """(n,) bool each: candidates of creators, and of topics, the viewer met often enough in the last day."""
    lately = state.recent_happened_at > now - _DAY_SECONDS
    rows = catalogue.find_rows(state.recent_video_id[lately])
    rows = rows[rows >= 0]
    creators = np.bincount(content.creator[rows], minlength=1)
    is_full = np.flatnonzero(creators >= params.creator_daily_cap)
    topics = catalogue.topics[rows, 0] if catalogue.topics.shape[1] else rows[:0]
    topic_full = np.flatnonzero(np.bincount(topics[topics >= 0], minlength=1) >= params.topic_daily_cap)
    capped_topics = np.isin(catalogue.topics[video, 0], topic_full) if len(topic_full) else video < 0
    return np.isin(content.creator[video], is_full), capped_topics
