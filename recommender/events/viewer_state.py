"""How events change what the feed knows of a viewer: pure rules with one end in whatever order events come.

Each entry keeps a time, and of two words on one matter the later counts; so a late batch cannot undo what
happened after it. The promise holds for entries within the limits: what has been pushed out is forgotten.
"""

from bisect import bisect_left
from dataclasses import dataclass
from math import isnan, nan

from recommender.events import limits
from recommender.events.signals import LIKE


@dataclass(frozen=True, slots=True)
class Mark:
    """What one event says about a video. `like_at`: unix seconds, negative = taken back, 0 = nothing said."""

    video_id: int
    happened_at: float
    actions: int
    watch_seconds: float = nan
    like_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Recent:
    """The last videos and what was done to each: lists in step, ascending by (time, video id)."""

    video_ids: list[int]
    happened_at: list[float]
    actions: list[int]
    watch_seconds: list[float]
    like_at: list[float]


def merge_recent(recent: Recent, marks: list[Mark], limit: int = limits.STATE_RECENT) -> Recent:
    """The recent videos after some events: latest time, longest watch, all actions; like until taken back."""
    columns = (recent.video_ids, recent.happened_at, recent.actions, recent.watch_seconds, recent.like_at)
    entries = {row[0]: list(row) for row in zip(*columns, strict=True)}
    for mark in marks:
        entry = entries.get(mark.video_id)
        if entry is None:
            entry = entries[mark.video_id] = [mark.video_id, mark.happened_at, 0, nan, 0.0]
        entry[1] = max(entry[1], mark.happened_at)
        if isnan(entry[3]) or mark.watch_seconds > entry[3]:
            entry[3] = mark.watch_seconds
        # Of a like and an unlike at the same instant the unlike counts: -at sorts before at.
        entry[4] = max(entry[4], mark.like_at, key=lambda at: (abs(at), -at))
        actions = (int(entry[2]) | mark.actions) & ~LIKE
        entry[2] = actions | LIKE if entry[4] > 0 else actions
    rows = sorted(entries.values(), key=lambda entry: (entry[1], entry[0]))[-limit:]
    video_ids, happened_at, actions_, watch_seconds, like_at = map(list, zip(*rows, strict=True))
    return Recent(video_ids, happened_at, actions_, watch_seconds, like_at)


def merge_seen(
    video_ids: list[int], seen_at: list[int], news: dict[int, int], limit: int = limits.STATE_SEEN
) -> tuple[list[int], list[int]]:
    """All that was ever shown, by the time it was first seen; `news` maps video id to unix seconds."""
    ids, times = list(video_ids), list(seen_at)
    known = set(ids) & news.keys()
    for video_id, at in news.items():
        if video_id in known:
            place = ids.index(video_id)
            if times[place] <= at:
                continue
            del ids[place], times[place]
        _insert(ids, times, video_id, at)
    return ids[-limit:], times[-limit:]


def _insert(ids: list[int], times: list[int], video_id: int, at: int) -> None:
    """Put an entry where (time, id) ascends; news are mostly newest and end up last at once."""
    place = len(ids)
    if place and (times[-1], ids[-1]) > (at, video_id):
        place = bisect_left(list(zip(times, ids, strict=True)), (at, video_id))
    ids.insert(place, video_id)
    times.insert(place, at)


@dataclass(frozen=True, slots=True)
class Stances:
    """Creators followed and creators blocked with the time of the word, each ascending by (time, id)."""

    followed: list[tuple[float, int]]
    blocked: list[tuple[float, int]]


def merge_stances(
    stances: Stances, news: list[tuple[float, int, bool]], limit: int = limits.STATE_STANCES
) -> Stances:
    """Follow or block after some events, each (time, creator id, is_block); the later word counts.

    At the same instant the block counts.
    """
    words: dict[int, tuple[float, bool]] = {}
    known = [(at, creator, False) for at, creator in stances.followed]
    known += [(at, creator, True) for at, creator in stances.blocked]
    for at, creator, is_block in known + news:
        words[creator] = max(words.get(creator, (at, is_block)), (at, is_block))
    kept = sorted((at, creator, is_block) for creator, (at, is_block) in words.items())[-limit:]
    return Stances(
        followed=[(at, creator) for at, creator, is_block in kept if not is_block],
        blocked=[(at, creator) for at, creator, is_block in kept if is_block],
    )


def merge_searches(
    searches: list[tuple[float, str]], news: list[tuple[float, str]], limit: int = limits.STATE_SEARCHES
) -> list[tuple[float, str]]:
    """The last different searches, each at its latest time, ascending by (time, words)."""
    latest: dict[str, float] = {}
    for at, words in searches + news:
        latest[words] = max(latest.get(words, at), at)
    return sorted((at, words) for words, at in latest.items())[-limit:]
