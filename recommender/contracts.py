"""Frozen containers that pass between the stages of the engine and between the two apps.

Arrays only: every container is a struct of NumPy arrays (or scalars) whose shapes, dtypes and units are
written here once. Containers refuse arrays whose lengths disagree. Nothing here knows Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]

#: The actions that are predicted, in the order of every (n, n_actions) array.
ACTIONS: tuple[str, ...] = (
    "finish",
    "long_watch",
    "like",
    "comment",
    "share",
    "follow",
    "cart_click",
    "order",
    "not_interested",
)
ACTION_INDEX: Mapping[str, int] = {name: index for index, name in enumerate(ACTIONS)}
N_ACTIONS = len(ACTIONS)
#: Every action bit set.
ALL_ACTIONS = (1 << N_ACTIONS) - 1

#: Where a video was watched; the order is the code in every `source` column.
TRAFFIC_SOURCES: tuple[str, ...] = ("for_you", "following", "search", "profile", "shop", "other")

#: Scenario columns of `Impressions.extra` and `Scenario.extra`: their names and what each code stands for.
#: `app_categories` is a bit mask over `APP_CATEGORIES`; `hour_local` (0-23) and `weekday_local` (0 = Monday)
#: are the viewer's wall clock.
DEVICE_OSES: tuple[str, ...] = ("android", "ios", "web")
NETWORKS: tuple[str, ...] = ("wifi", "5g", "4g", "3g")
APP_CATEGORIES: tuple[str, ...] = (
    "shopping", "beauty", "games", "finance", "music", "video", "news", "social",
    "education", "food", "travel", "sports", "parenting", "health",
)  # fmt: skip
SCENARIO_COLUMNS: tuple[str, ...] = ("hour_local", "weekday_local", "device_os", "network", "app_categories")

#: "Nothing known" in every integer code column.
UNKNOWN = -1


def encode_actions(names: list[str] | tuple[str, ...]) -> int:
    """Pack action names into the bit mask used by `ViewerState.actions` and `History.actions`.

    >>> encode_actions(["finish", "like"])
    5
    """
    mask = 0
    for name in names:
        mask |= 1 << ACTION_INDEX[name]
    return mask


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All videos, one row each, ascending by `video_id` (the row is the video's index everywhere else).

    Code columns hold `UNKNOWN` where nothing is known. `topics` is (n_videos, n_slots) int32, padded
    with `UNKNOWN`; its codes index `topic_names`. `tokens` is (n_videos, n_slots) int32: hashed caption
    words and hashtags (see `features.content`), padded with `UNKNOWN`. `extra` holds further integer code
    columns by name, each (n_videos,) int32.
    """

    video_id: IntArray  # (n_videos,) int64, ascending, unique
    creator_id: IntArray  # (n_videos,) int64
    sound_id: IntArray  # (n_videos,) int64, UNKNOWN = original or not known
    market: IntArray  # (n_videos,) int8, index into markets.MARKET_CODES; the creator's country
    language: IntArray  # (n_videos,) int16, index into markets.LANGUAGES
    duration_seconds: FloatArray  # (n_videos,) float32, 0 = not known
    published_at: FloatArray  # (n_videos,) float64, unix seconds
    has_cart: BoolArray  # (n_videos,)
    is_blocked: BoolArray  # (n_videos,), the video or its creator
    topics: IntArray  # (n_videos, n_topic_slots) int32
    tokens: IntArray  # (n_videos, n_token_slots) int32
    topic_names: tuple[str, ...] = ()
    extra: Mapping[str, IntArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _refuse_ragged(self, len(self.video_id))
        if len(self.video_id) > 1 and not np.all(np.diff(self.video_id) > 0):
            raise ValueError(
                "Catalogue.video_id must be ascending and unique; sort the rows and drop repeats"
            )

    def __len__(self) -> int:
        return len(self.video_id)

    def find_rows(self, video_id: IntArray) -> IntArray:
        """Rows of the given ids: (n,) int64 in, (n,) int64 out, `UNKNOWN` for an id that is not here."""
        wanted = np.asarray(video_id, dtype=np.int64)
        if not len(self.video_id):
            return np.full(wanted.shape, UNKNOWN, dtype=np.int64)
        position = np.searchsorted(self.video_id, wanted)
        position = np.minimum(position, len(self.video_id) - 1)
        return np.where(self.video_id[position] == wanted, position, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Viewers:
    """People who watch, one row each, ascending by `viewer_id`."""

    viewer_id: IntArray  # (n_viewers,) int64, ascending, unique
    market: IntArray  # (n_viewers,) int8, index into markets.MARKET_CODES
    language: IntArray  # (n_viewers,) int16, index into markets.LANGUAGES
    interests: IntArray  # (n_viewers, n_slots) int32, topic codes chosen at sign-up, padded with UNKNOWN
    extra: Mapping[str, IntArray] = field(default_factory=dict)  # each (n_viewers,) int32 codes
    trust: FloatArray | None = (
        None  # (n_viewers,) float32 in [0, 1] as judged by features.trust; None = all 1
    )

    def __post_init__(self) -> None:
        _refuse_ragged(self, len(self.viewer_id))

    def __len__(self) -> int:
        return len(self.viewer_id)


@dataclass(frozen=True, slots=True)
class Impressions:
    """Videos that were shown and what came of it, ascending by `happened_at`: the rows models learn from.

    `actions` is a bit mask over `ACTIONS`. `watch_seconds` counts loops, so it may exceed the duration.
    """

    viewer: IntArray  # (n,) int32, row in Viewers
    video: IntArray  # (n,) int32, row in Catalogue
    happened_at: FloatArray  # (n,) float64, unix seconds
    actions: IntArray  # (n,) int32 bit mask
    watch_seconds: FloatArray  # (n,) float32
    source: IntArray  # (n,) int8, index into TRAFFIC_SOURCES
    position: IntArray  # (n,) int16 in the page, UNKNOWN if not known
    propensity: FloatArray  # (n,) float32 probability of this choice at this position, NaN if not logged
    extra: Mapping[str, IntArray] = field(
        default_factory=dict
    )  # scenario codes: device_os, network, hour, ...

    def __post_init__(self) -> None:
        _refuse_ragged(self, len(self.viewer))

    def __len__(self) -> int:
        return len(self.viewer)

    def label(self, action: str) -> BoolArray:
        """(n,) bool: did this action follow the impression."""
        happened: BoolArray = (self.actions & (1 << ACTION_INDEX[action])) != 0
        return happened


@dataclass(frozen=True, slots=True)
class History:
    """What each viewer watched, oldest first: viewer v owns the rows [indptr[v], indptr[v + 1])."""

    indptr: IntArray  # (n_viewers + 1,) int64
    video: IntArray  # (n_events,) int32, row in Catalogue
    happened_at: FloatArray  # (n_events,) float64 unix seconds, NaN where only the order is known
    actions: IntArray  # (n_events,) int32 bit mask
    watch_seconds: FloatArray  # (n_events,) float32, NaN where not known
    known_actions: int = (
        ALL_ACTIONS  # bit mask: the actions this history can tell; the others were not recorded
    )

    def __post_init__(self) -> None:
        _refuse_ragged(self, len(self.video), but=("indptr",))
        if not len(self.indptr) or self.indptr[0] != 0 or self.indptr[-1] != len(self.video):
            raise ValueError(
                f"History.indptr must run from 0 to the {len(self.video)} events; build it with numpy.cumsum"
            )

    def __len__(self) -> int:
        return len(self.video)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Everything a fit may read. The caller cuts by time; nothing in here is younger than the cut.

    `history` and `impressions` never hold the same event twice: history is what happened before the first
    impression, impressions are the rows that predictors learn from.
    """

    catalogue: Catalogue
    viewers: Viewers
    history: History
    impressions: Impressions
    cut_at: float  # unix seconds; every event is older


@dataclass(frozen=True, slots=True)
class Scenario:
    """The scene a feed is asked for in; codes as in `Impressions`."""

    happened_at: float  # unix seconds, server time
    market: int  # index into markets.MARKET_CODES, UNKNOWN outside the eight
    source: int = 0  # index into TRAFFIC_SOURCES
    hour_local: int = UNKNOWN  # 0-23 in the viewer's time zone
    weekday_local: int = UNKNOWN  # 0 = Monday
    extra: Mapping[str, int] = field(default_factory=dict)  # device_os, network, app categories, ...


@dataclass(frozen=True, slots=True)
class ViewerState:
    """One viewer as the feed sees them: who they are and what they did last, oldest first.

    `recent_*` hold the newest events (at most `params.STATE_EVENTS`); one row per watched or judged video,
    its actions merged. `seen` holds the ids of everything ever shown or watched. Ids, not catalogue rows:
    the state outlives a catalogue.
    """

    viewer_id: int
    market: int
    language: int
    interests: IntArray  # (n,) int32 topic codes
    recent_video_id: IntArray  # (n_recent,) int64
    recent_happened_at: FloatArray  # (n_recent,) float64
    recent_actions: IntArray  # (n_recent,) int32 bit mask
    recent_watch_seconds: FloatArray  # (n_recent,) float32
    seen_video_id: IntArray  # (n_seen,) int64
    followed_creator_id: IntArray  # (n,) int64
    blocked_creator_id: IntArray  # (n,) int64: "not interested" aimed at a creator
    search_tokens: IntArray  # (n,) int32: hashed words of the last searches
    extra: Mapping[str, int] = field(default_factory=dict)  # codes as in Viewers.extra
    muted_sound_ids: tuple[int, ...] = ()  # sounds the viewer never wants to hear
    muted_words: tuple[IntArray, ...] = ()  # hashed tokens of each muted word; all of them mute a caption
    n_met: int | None = None  # videos met since sign-up or the last reset; None = all of `seen`


@dataclass(frozen=True, slots=True)
class LiveStats:
    """What happened since the artifact was cut: rows of hourly counts, any number per video and market."""

    video_id: IntArray  # (n,) int64
    market: IntArray  # (n,) int8, index into markets.MARKET_CODES
    hour_at: FloatArray  # (n,) float64, start of the hour, unix seconds
    shown: FloatArray  # (n,) float32 impressions
    watched_seconds: FloatArray  # (n,) float32, sum
    taken: FloatArray  # (n, N_ACTIONS) float32, how often each action followed

    def __post_init__(self) -> None:
        _refuse_ragged(self, len(self.video_id))

    def __len__(self) -> int:
        return len(self.video_id)

    @classmethod
    def empty(cls) -> LiveStats:
        """No row: the artifact's own counts stand alone."""
        nothing = np.zeros(0, dtype=np.float32)
        return cls(
            video_id=np.zeros(0, dtype=np.int64),
            market=np.zeros(0, dtype=np.int8),
            hour_at=np.zeros(0, dtype=np.float64),
            shown=nothing,
            watched_seconds=nothing,
            taken=np.zeros((0, N_ACTIONS), dtype=np.float32),
        )


#: The terms of the re-rank value: one per action, expected watch seconds, and the fused recall score.
VALUE_TERMS: tuple[str, ...] = (*ACTIONS, "watch", "affinity")


@dataclass(frozen=True, slots=True)
class ValueWeights:
    """One version of the value formula: what an expected action, watched second or unit of affinity is worth.

    `by_market` replaces single terms of `default` in a market (index into markets.MARKET_CODES).
    """

    version: str
    default: Mapping[str, float]
    by_market: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for terms in (self.default, *self.by_market.values()):
            for name, weight in terms.items():
                if name not in VALUE_TERMS:
                    raise ValueError(
                        f"value term {name!r} is not known; choose from {', '.join(VALUE_TERMS)}"
                    )
                if not np.isfinite(weight):
                    raise ValueError(f"value weight of {name!r} is {weight}; give a finite number")

    def for_market(self, market: int) -> FloatArray:
        """(len(VALUE_TERMS),) float32 weights in force in one market, 0 for a term that is not named."""
        terms = {**self.default, **self.by_market.get(market, {})}
        return np.array([terms.get(name, 0.0) for name in VALUE_TERMS], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class MarketRule:
    """Which videos a market's viewers may be shown."""

    allowed_languages: frozenset[int]  # indexes into markets.LANGUAGES; a video without a language passes
    hit_quantile: float = 0.99  # a video of another language enters when its trend is above this quantile


@dataclass(frozen=True, slots=True)
class MarketRules:
    """One version of the gates of all markets, keyed by index into markets.MARKET_CODES."""

    version: str
    by_market: Mapping[int, MarketRule]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What recall hands on: unique catalogue rows, best fused score first."""

    video: IntArray  # (n_candidates,) int32 rows in Catalogue, unique
    source: IntArray  # (n_candidates,) int8, index into recall.gather.SOURCES: which source ranked it best
    signals: FloatArray  # (n_candidates, n_signals) float32, columns recall.gather.SIGNALS
    fused: FloatArray  # (n_candidates,) float32 fused recall score, largest first

    def __len__(self) -> int:
        return len(self.video)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Calibrated likelihoods of one viewer's candidates."""

    probability: FloatArray  # (n_candidates, N_ACTIONS) float32 in [0, 1]
    watch_seconds: FloatArray  # (n_candidates,) float32 expected seconds, >= 0
    affinity: (
        FloatArray  # (n_candidates,) float32 in (0, 1]: how likely next choice, relative to the likeliest
    )


@dataclass(frozen=True, slots=True)
class RankedVideo:
    """One line of a feed and why it is there."""

    video_id: int
    position: int  # 0-based in the page
    value: float  # the re-rank value after rules
    propensity: float  # probability that the policy shows this video at this position, (0, 1]
    source: str  # recall source
    is_exploration: bool
    contributions: Mapping[str, float]  # value terms, largest first: {"p_like": 0.31, "watch": 0.8, ...}
    rules: tuple[str, ...]  # rules that moved or admitted it: "language_exception_hit", "spread_creator"


@dataclass(frozen=True, slots=True)
class Slate:
    """One page: the ranked videos and what was dropped on the way, by rule."""

    videos: tuple[RankedVideo, ...]
    dropped: Mapping[str, int]  # rule -> number of candidates it removed
    n_candidates: int


@dataclass(frozen=True, slots=True)
class LoggedChoice:
    """One logged page: what it was chosen from (n videos), what was shown (k), and what came of it."""

    viewer_id: int
    happened_at: float  # unix seconds
    market: int
    scenario: Mapping[str, int]
    video_id: IntArray  # (n,) int64 shortlist
    expected: FloatArray  # (n, len(VALUE_TERMS)) float32 predicted, before any worth is put on it
    is_new: BoolArray  # (n,)
    last_creator: int  # creator id of the video before the page, UNKNOWN = none
    last_sound: int
    policy: Mapping[str, Any]  # "weights" and "rerank" of whoever chose
    shown: IntArray  # (k,) int64 video ids
    propensity: FloatArray  # (k,)
    actions: IntArray  # (k,) bit mask of what followed within a day


def _refuse_ragged(container: Any, length: int, but: tuple[str, ...] = ()) -> None:
    for item in fields(container):
        if item.name in but:
            continue
        value = getattr(container, item.name)
        columns = value.items() if isinstance(value, Mapping) else ((item.name, value),)
        for name, column in columns:
            if isinstance(column, np.ndarray) and len(column) != length:
                raise ValueError(
                    f"{type(container).__name__}.{name} has {len(column)} rows where {length} are due; "
                    "all columns must describe the same rows"
                )
