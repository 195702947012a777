"""Who could watch: sampled viewers of a market, how many people they stand for, what they understand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from recommender.simulation.draws import Keys, branch, draw_uniform, make_key
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


@dataclass(frozen=True, slots=True)
class GroupTastes:
    """The engine's own groups of viewers by interest, as a panel can be drawn from them."""

    size: FloatArray  # (n_groups,) viewers of each, > 0 in sum
    liking: FloatArray  # (n_groups, n_topics) share of each topic of the catalogue, rows sum to 1
    version: int  # of the grouping in force


def draw_panel(
    engine: Engine,
    market: str,
    params: ReachParams,
    seed: int,
    now: float,
    groups: GroupTastes | None = None,
) -> list[ViewerState]:
    """Sampled viewers of a market: languages by share, tastes of the engine's groups of viewers.

    A group is drawn by its size and by how well its tastes fit what the market likes lately; a viewer's past
    then follows the group's tastes. Without groups each viewer has one topic, drawn from the market's likes.
    The same seed gives the same viewers, whatever other markets are asked for.
    """
    code = MARKET_CODES.index(market)
    keys = branch(branch(make_key(seed, "panel"), code), np.arange(params.panel_viewers))
    topics = _draw_topics(engine, code, keys, params.panel_past, groups)
    languages = _draw_languages(market, keys)
    return [
        _make_viewer(engine, code, place, topics[place], int(languages[place]), keys, params, now)
        for place in range(params.panel_viewers)
    ]


def _draw_topics(
    engine: Engine, market: int, keys: Keys, n_past: int, groups: GroupTastes | None
) -> IntArray:
    """(n, 1 + n_past) topic of each viewer's interest, then of each video of the past."""
    n_topics = len(engine.catalogue.topic_names)
    if not n_topics:
        return np.full((len(keys), 1 + n_past), UNKNOWN)
    liked = _weigh_topics(engine, market, n_topics)
    if groups is None:
        own = _draw_codes(liked, draw_uniform(branch(keys, 1)))
        return np.repeat(own[:, None], 1 + n_past, axis=1)
    # A group's place in a market: its size, times how much of its liking the market shares (1 = as usual).
    fit = groups.liking @ (liked / liked.sum() * n_topics)
    member = _draw_codes(groups.size * fit, draw_uniform(branch(keys, 1)))
    uniform = draw_uniform(branch(branch(keys, 5)[:, None], np.arange(1 + n_past)[None, :]))
    drawn = [_draw_codes(groups.liking[own], uniform[place]) for place, own in enumerate(member.tolist())]
    return np.stack(drawn)


def _draw_codes(weight: FloatArray, uniform: FloatArray) -> IntArray:
    """(n,) codes drawn in proportion to (n_codes,) weights."""
    edges = np.cumsum(weight)
    drawn: IntArray = np.searchsorted(edges / edges[-1], uniform)
    return np.minimum(drawn, len(weight) - 1)


def _weigh_topics(engine: Engine, market: int, n_topics: int) -> FloatArray:
    """(n_topics,) what the market likes lately, every topic a little."""
    first = engine.catalogue.topics[:, 0]
    liked = engine.recall.popularity.trend[:, market] + 0.02 * engine.recall.popularity.total
    weight = np.bincount(first[first >= 0], weights=liked[first >= 0], minlength=n_topics)
    even = max(float(weight.sum()), 1.0) * 0.2 / n_topics
    weighed: FloatArray = weight + even
    return weighed


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
    topics: IntArray,
    language: int,
    keys: Keys,
    params: ReachParams,
    now: float,
) -> ViewerState:
    catalogue = engine.catalogue
    drawn = draw_uniform(branch(branch(keys[place], 4), np.arange(params.panel_past)))
    watched = _draw_watched(engine, market, topics[1:], drawn)
    device = int(np.searchsorted(np.cumsum(_DEVICE_SHARES), draw_uniform(branch(keys, 3))[place]).clip(0, 2))
    empty = np.zeros(0, dtype=np.int64)
    return ViewerState(
        viewer_id=_FIRST_VIEWER - market * 100_000 - place,
        market=market,
        language=language,
        interests=topics[:1][topics[:1] >= 0].astype(np.int32),
        recent_video_id=catalogue.video_id[watched],
        recent_happened_at=now - 3600.0 * np.arange(len(watched), 0, -1),
        recent_actions=np.full(len(watched), _LONG_WATCH, dtype=np.int32),
        recent_watch_seconds=catalogue.duration_seconds[watched].astype(np.float32),
        seen_video_id=empty,
        followed_creator_id=empty,
        blocked_creator_id=empty,
        search_tokens=np.zeros(0, dtype=np.int32),
        n_met=params.panel_met,
        extra={"device_os": min(device, len(DEVICE_OSES) - 1)},
    )


def _draw_watched(engine: Engine, market: int, topics: IntArray, uniform: FloatArray) -> IntArray:
    """Rows of videos of the given topics that the market may see, without repeats."""
    rows = []
    is_open = engine.gates.is_open[market]
    for topic in np.unique(topics).tolist():
        likeable = np.flatnonzero((engine.catalogue.topics[:, 0] == topic) & is_open)
        if len(likeable):
            rows.append(likeable[(uniform[topics == topic] * len(likeable)).astype(np.int64)])
    return np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.int64)


def make_scene(market: str, now: float, states: Sequence[ViewerState]) -> list[Scenario]:
    """The scene in which each viewer asks for a page."""
    local = MARKETS[market].local_time(now)
    code = MARKET_CODES.index(market)
    return [
        Scenario(now, code, 0, local.hour, local.weekday(), {"device_os": int(state.extra["device_os"])})
        for state in states
    ]
