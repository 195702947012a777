"""A synthetic platform: creators, videos and viewers of the eight markets, with the tastes that nobody sees.

Seeded: the same sizes and seed give the same world. The hidden columns (quality, taste) drive
`simulation.response`; the engine is never shown them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.markets import LANGUAGES, MARKET_CODES, MARKETS
from recommender.simulation.vocabulary import FRAMES, HANDLE_TAILS, NICHES

TOPICS: tuple[str, ...] = tuple(NICHES)

#: Viewers and creators per market follow the audiences to this power: 1 would leave Singapore empty.
_MARKET_FLATTENING = 0.4
#: Log-normal spread of a video's hidden quality; short-video view counts spread far wider still.
_QUALITY_SPREAD = 0.8
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Creators:
    """Accounts, one row each."""

    handle: list[str]
    nickname: list[str]
    market: IntArray  # (n,) int8
    language: IntArray  # (n,) int16
    topic: IntArray  # (n,) int16 into TOPICS
    follower_count: IntArray  # (n,) int64
    appeal: FloatArray  # (n,) float64, hidden


@dataclass(frozen=True, slots=True)
class Videos:
    """Videos, one row each."""

    creator: IntArray  # (n,) int32 row in Creators
    caption: list[str]
    topic: IntArray  # (n,) int16
    language: IntArray  # (n,) int16
    duration_seconds: FloatArray  # (n,) float64
    sound: IntArray  # (n,) int64, -1 = original
    has_cart: BoolArray  # (n,)
    published_at: FloatArray  # (n,) float64 unix seconds
    quality: FloatArray  # (n,) float64, hidden


@dataclass(frozen=True, slots=True)
class Population:
    """A whole world."""

    creators: Creators
    videos: Videos
    viewer_market: IntArray  # (n_viewers,) int8
    viewer_language: IntArray  # (n_viewers,) int16
    understands: FloatArray  # (n_viewers, n_languages) float32, 0 or 1
    taste: FloatArray  # (n_viewers, n_topics) float32, sums to 1, hidden
    chosen: list[tuple[str, ...]]  # topics picked at sign-up: a noisy look at the taste
    activity: FloatArray  # (n_viewers,) float64, videos watched per day, hidden
    device_os: IntArray  # (n_viewers,) int8 into contracts.DEVICE_OSES
    app_categories: IntArray  # (n_viewers,) int32 bit mask over contracts.APP_CATEGORIES


#: How close a viewer's taste is to that of their learnt group: the sum of the Dirichlet's weights.
_GROUP_CLOSENESS = 8.0


@dataclass(frozen=True, slots=True)
class LearntGroups:
    """Groups by interest, as a population can be drawn from them."""

    size: IntArray  # (n_groups,) viewers of each
    liking: FloatArray  # (n_groups, len(TOPICS)) share of each topic in what the group likes


def make_population(
    n_creators: int,
    n_videos: int,
    n_viewers: int,
    now: float,
    days: int,
    seed: int,
    groups: LearntGroups | None = None,
) -> Population:
    """A world whose videos were published within `days` before `now` (unix seconds).

    `groups` are learnt ones: viewers are then drawn from them, each near the tastes of the group.
    """
    rng = np.random.default_rng(seed)
    creators = _make_creators(n_creators, rng)
    videos = _make_videos(creators, n_videos, now, days, rng)
    market = rng.choice(len(MARKET_CODES), size=n_viewers, p=_share_markets()).astype(np.int8)
    understands = _draw_languages(market, rng)
    taste = _draw_tastes(n_viewers, groups, rng)
    # Lovers of one topic own apps of one kind: which bit is arbitrary, the link is what can be learnt.
    apps = 1 << (np.argmax(taste, axis=1) % 14)
    apps |= 1 << rng.integers(0, 14, size=n_viewers)
    return Population(
        creators=creators,
        videos=videos,
        viewer_market=market,
        viewer_language=_draw_app_language(market, understands),
        understands=understands,
        taste=taste,
        chosen=_choose_interests(taste, rng),
        activity=rng.lognormal(1.3, 0.8, size=n_viewers),
        device_os=rng.choice(3, size=n_viewers, p=[0.68, 0.29, 0.03]).astype(np.int8),
        app_categories=apps.astype(np.int32),
    )


def _draw_tastes(n: int, groups: LearntGroups | None, rng: np.random.Generator) -> FloatArray:
    if groups is None:
        return rng.dirichlet(np.full(len(TOPICS), 0.15), size=n).astype(np.float32)
    member = rng.choice(len(groups.size), size=n, p=groups.size / groups.size.sum())
    around = groups.liking[member] * _GROUP_CLOSENESS + 0.02
    drawn = rng.gamma(around)
    tastes: FloatArray = (drawn / drawn.sum(axis=1, keepdims=True)).astype(np.float32)
    return tastes


def _share_markets() -> FloatArray:
    weights = np.array([MARKETS[code].audience for code in MARKET_CODES], dtype=float) ** _MARKET_FLATTENING
    return np.asarray(weights / weights.sum())


def _make_creators(n: int, rng: np.random.Generator) -> Creators:
    market = rng.choice(len(MARKET_CODES), size=n, p=_share_markets()).astype(np.int8)
    language = np.array([_speak(MARKET_CODES[code], rng) for code in market], dtype=np.int16)
    topic = rng.integers(0, len(TOPICS), size=n).astype(np.int16)
    appeal = rng.normal(0.0, 0.5, size=n)
    handles, nicknames = [], []
    for row in range(n):
        words = NICHES[TOPICS[topic[row]]]
        tail = HANDLE_TAILS[int(rng.integers(len(HANDLE_TAILS)))]
        country = MARKET_CODES[market[row]].lower()
        handles.append(f"{words['en'].replace(' ', '')}.{tail}.{country}{row}")
        nicknames.append(f"{words.get(LANGUAGES[language[row]], words['en'])} {tail}".title())
    return Creators(
        handle=handles,
        nickname=nicknames,
        market=market,
        language=language,
        topic=topic,
        follower_count=rng.lognormal(7 + appeal, 1.5).astype(np.int64),
        appeal=appeal,
    )


def _speak(market: str, rng: np.random.Generator) -> int:
    """The language a creator of a market films in: one of those written in the vocabulary."""
    spoken = [(tag, share) for tag, share in MARKETS[market].language_shares if tag in FRAMES]
    shares = np.array([share for _, share in spoken]) ** 2
    return LANGUAGES.index(spoken[int(rng.choice(len(spoken), p=shares / shares.sum()))][0])


def _make_videos(creators: Creators, n: int, now: float, days: int, rng: np.random.Generator) -> Videos:
    creator = rng.choice(len(creators.handle), size=n).astype(np.int32)
    own_topic = creators.topic[creator]
    strays = rng.random(n) < 0.15
    topic = np.where(strays, rng.integers(0, len(TOPICS), size=n), own_topic).astype(np.int16)
    language = creators.language[creator]
    captions = []
    for row in range(n):
        tag, name = LANGUAGES[language[row]], TOPICS[topic[row]]
        word = NICHES[name].get(tag, NICHES[name]["en"])
        frames = FRAMES[tag]
        frame = frames[int(rng.integers(len(frames)))]
        captions.append(f"{frame.format(word=word)} #{name.replace('-', '')} #fyp")
    return Videos(
        creator=creator,
        caption=captions,
        topic=topic,
        language=language,
        duration_seconds=np.clip(rng.lognormal(3.0, 0.7, size=n), 4, 180).round(1),
        sound=np.where(rng.random(n) < 0.5, rng.zipf(1.5, size=n) % 500, -1).astype(np.int64),
        has_cart=rng.random(n) < 0.45,
        published_at=np.sort(now - _DAY_SECONDS * days * rng.beta(1.0, 1.4, size=n)),
        quality=rng.normal(0.0, _QUALITY_SPREAD, size=n) + creators.appeal[creator],
    )


def _draw_languages(market: IntArray, rng: np.random.Generator) -> FloatArray:
    """Who understands what: each language by its share in the market, the main one always."""
    shares = np.zeros((len(MARKET_CODES), len(LANGUAGES)))
    for code, name in enumerate(MARKET_CODES):
        for tag, share in MARKETS[name].language_shares:
            shares[code, LANGUAGES.index(tag)] = share
        shares[code, LANGUAGES.index(MARKETS[name].main_language)] = 1.0
    return (rng.random((len(market), len(LANGUAGES))) < shares[market]).astype(np.float32)


def _draw_app_language(market: IntArray, understands: FloatArray) -> IntArray:
    main = np.array([LANGUAGES.index(MARKETS[name].main_language) for name in MARKET_CODES])
    minority = np.argmax(understands * _RARITY, axis=1)
    # In each market every seventh viewer uses the app in the rarest language they understand.
    rare = np.arange(len(market)) % 7 == 0
    return np.where(rare, minority, main[market]).astype(np.int16)


_RARITY = np.array([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 2.0, 2.1, 2.2, 0.0, 0.0], dtype=np.float32)


def _choose_interests(taste: FloatArray, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Up to three topics a viewer names at sign-up; every third viewer names none."""
    order = np.argsort(-taste * rng.uniform(0.5, 1.5, size=taste.shape), axis=1)[:, :3]
    counts = rng.choice([0, 1, 2, 3], size=len(taste), p=[0.33, 0.2, 0.27, 0.2])
    return [tuple(TOPICS[topic] for topic in row[:count]) for row, count in zip(order, counts, strict=True)]
