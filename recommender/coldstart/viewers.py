"""The state of a viewer nobody knows yet: what they told and what their device tells, no event.

Recall answers such a state from the chosen interests, the market's and language's trends and new videos; the
predictor reads market, language and device as categories. The first feed is personal without a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recommender.contracts import UNKNOWN, ViewerState
from recommender.markets import MARKETS, encode_language, encode_market


def prior_state(
    viewer_id: int,
    market: int,
    language: int = UNKNOWN,
    interests: Sequence[int] = (),
    extra: Mapping[str, int] | None = None,
) -> ViewerState:
    """A state without events.

    Parameters
    ----------
    market : index into markets.MARKET_CODES, UNKNOWN outside the eight.
    language : index into markets.LANGUAGES; where UNKNOWN, the market's main language stands in.
    interests : topic codes chosen at sign-up; repeats are dropped.
    extra : codes of device and group columns, as in `Viewers.extra`.
    """
    if language == UNKNOWN and market != UNKNOWN:
        language = main_language(market)
    no_ids = np.zeros(0, dtype=np.int64)
    return ViewerState(
        viewer_id=viewer_id,
        market=market,
        language=language,
        interests=np.array(list(dict.fromkeys(interests)), dtype=np.int32),
        recent_video_id=no_ids,
        recent_happened_at=np.zeros(0, dtype=np.float64),
        recent_actions=np.zeros(0, dtype=np.int32),
        recent_watch_seconds=np.zeros(0, dtype=np.float32),
        seen_video_id=no_ids,
        followed_creator_id=no_ids,
        blocked_creator_id=no_ids,
        search_tokens=np.zeros(0, dtype=np.int32),
        extra=dict(extra or {}),
    )


def main_language(market: int) -> int:
    """Index into markets.LANGUAGES of the language most people of a market understand.

    >>> from recommender.markets import LANGUAGES, encode_market
    >>> LANGUAGES[main_language(encode_market("VN"))]
    'vi'
    """
    codes = {encode_market(code): encode_language(place.main_language) for code, place in MARKETS.items()}
    return codes.get(market, UNKNOWN)
