"""Who could watch: sampled viewers of a market, how many people they stand for, what they understand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.contracts import (
    ACTION_INDEX,
    DEVICE_OSES,
    UNKNOWN,
    FloatArray,
    IntArray,
    Scenario,
    ViewerState,
)
from recommender.flow import Engine
from recommender.markets import LANGUAGES, MARKET_CODES, MARKETS
from recommender.simulation.draws import branch, draw_uniform, make_key
from recommender.simulation.reach_params import (
    ENGLISH_PROFICIENCY,
    INTELLIGIBLE,
    ReachParams,
    hours_a_month,
)

#: Phones by share, in the order of contracts.DEVICE_OSES. Assumption: no source by country was found.
_DEVICE_SHARES = (0.70, 0.29, 0.01)
#: Panel viewers live far from real ids.
_FIRST_VIEWER = -1_000_000_000
_LONG_WATCH = 1 << ACTION_INDEX["long_watch"]


def comprehend(market: str, language: str) -> float:
    """Share of a market's audience that follows a language, weighted by how well, 0-1.

    The best of what people speak counts: the language, English by proficiency, a neighbouring language.

    >>> comprehend("TH", "th") > comprehend("TH", "en") > comprehend("TH", "vi")
    True
    """
    shares = dict(MARKETS[market].language_shares)
    proficiency = ENGLISH_PROFICIENCY[market] if language == "en" else 1.0
    own = shares.get(language, 0.0) * proficiency
    near = [shares.get(spoken, 0.0) * INTELLIGIBLE.get((spoken, language), 0.0) for spoken in shares]
    return float(max([own, *near]))


def count_capacity(market: str, params: ReachParams) -> float:
    """Impressions a market's audience can take in a day."""
    seconds = hours_a_month(market) * 3600 / 30
    return MARKETS[market].audience * seconds / params.seconds_per_impression


def draw_panel(engine: Engine, market: str, params: ReachParams, seed: int, now: float) -> list[ViewerState]:
    """Sampled viewers of a market: languages by share, tastes by what its viewers like on this engine.

    The same seed gives the same viewers, whatever other markets are asked for.
    """
    code = MARKET_CODES.index(market)
    keys = branch(branch(make_key(seed, "panel"), code), np.arange(params.panel_viewers))
    topics = _draw_topics(engine, code, draw_uniform(branch(keys, 1)))
    languages = _draw_languages(market, keys)
    return [
        _make_viewer(engine, code, place, int(topics[place]), int(languages[place]), keys, params, now)
        for place in range(params.panel_viewers)
    ]


def _draw_topics(engine: Engine, market: int, uniform: FloatArray) -> IntArray:
    """(n,) topic of each viewer: what the market likes lately, every topic a little."""
    n_topics = len(engine.catalogue.topic_names)
    if not n_topics:
        return np.full(len(uniform), UNKNOWN)
    first = engine.catalogue.topics[:, 0]
    liked = engine.recall.popularity.trend[:, market] + 0.02 * engine.recall.popularity.total
    weight = np.bincount(first[first >= 0], weights=liked[first >= 0], minlength=n_topics)
    even = max(float(weight.sum()), 1.0) * 0.2 / n_topics
    edges = np.cumsum(weight + even)
    drawn: IntArray = np.searchsorted(edges / edges[-1], uniform)
    return np.minimum(drawn, n_topics - 1)


def _draw_languages(market: str, keys: IntArray) -> IntArray:
    """(n,) app language of each viewer, by share."""
    tags, shares = zip(*MARKETS[market].language_shares, strict=True)
    edges = np.cumsum(np.array(shares) / sum(shares))
    drawn: IntArray = np.searchsorted(edges, draw_uniform(branch(keys, 2))).clip(0, len(tags) - 1)
    return np.array([LANGUAGES.index(tag) for tag in tags])[drawn]


def _make_viewer(
    engine: Engine,
    market: int,
    place: int,
    topic: int,
    language: int,
    keys: IntArray,
    params: ReachParams,
    now: float,
) -> ViewerState:
    catalogue = engine.catalogue
    likeable = np.flatnonzero((catalogue.topics[:, 0] == topic) & engine.gates.is_open[market])
    drawn = draw_uniform(branch(branch(keys[place], 4), np.arange(params.panel_past)))
    watched = np.unique(likeable[(drawn * len(likeable)).astype(np.int64)]) if len(likeable) else likeable
    device = int(np.searchsorted(np.cumsum(_DEVICE_SHARES), draw_uniform(branch(keys, 3))[place]).clip(0, 2))
    empty = np.zeros(0, dtype=np.int64)
    return ViewerState(
        viewer_id=_FIRST_VIEWER - market * 100_000 - place,
        market=market,
        language=language,
        interests=np.array([topic] if topic >= 0 else [], dtype=np.int32),
        recent_video_id=catalogue.video_id[watched],
        recent_happened_at=now - 3600.0 * np.arange(len(watched), 0, -1),
        recent_actions=np.full(len(watched), _LONG_WATCH, dtype=np.int32),
        recent_watch_seconds=catalogue.duration_seconds[watched].astype(np.float32),
        seen_video_id=empty,
        followed_creator_id=empty,
        blocked_creator_id=empty,
        search_tokens=np.zeros(0, dtype=np.int32),
        extra={"device_os": min(device, len(DEVICE_OSES) - 1)},
    )


def make_scene(market: str, now: float, states: Sequence[ViewerState]) -> list[Scenario]:
    """The scene in which each viewer asks for a page."""
    local = MARKETS[market].local_time(now)
    code = MARKET_CODES.index(market)
    return [
        Scenario(now, code, 0, local.hour, local.weekday(), {"device_os": int(state.extra["device_os"])})
        for state in states
    ]
