"""Turns rows of the archive into events: the same row makes the same event ids, so loading twice counts once.

The history tells the order of a viewer's videos and the time of the last one only. The others are laid evenly
before it: `history_len` watches since the first day of the archive (8 April 2022, Beijing), of which the last
50 are listed. A like or long watch that matches no listed watch is older than the listed ones.
"""

from collections.abc import Iterator
from hashlib import blake2b
from uuid import UUID

from recommender.contracts import TRAFFIC_SOURCES
from recommender.events import limits
from recommender.events.kuairand import Chunk
from recommender.events.rows import EventRow
from recommender.events.schema import KIND_INDEX
from recommender.events.signals import LONG_WATCH, derive_actions

#: 2022-04-08 00:00 in Beijing, unix milliseconds: the first day of the archive.
FIRST_MS = 1_649_347_200_000
_FOR_YOU = TRAFFIC_SOURCES.index("for_you")
#: Flag of the log -> kind of event.
_FLAG_KINDS = {
    "is_like": "like",
    "is_follow": "follow",
    "is_comment": "comment",
    "is_forward": "share",
    "is_hate": "not_interested",
    "is_profile_enter": "profile_visit",
}


def make_event_id(file: str, place: str, kind: str, happened_ms: int) -> UUID:
    """A version 7 id whose random part is a hash of where the event stands in the archive."""
    digest = blake2b(f"{file}/{place}/{kind}".encode(), digest_size=10).digest()
    number = int.from_bytes(happened_ms.to_bytes(6) + digest)
    number = number & ~(0xF << 76) | 7 << 76
    return UUID(int=number & ~(0x3 << 62) | 2 << 62)


def list_log_events(chunk: Chunk) -> Iterator[EventRow]:
    """An impression per row, then a watch if it played, then what the flags say; market and owner unset."""
    columns = chunk.columns
    for row in range(len(chunk)):
        happened_ms, watch_ms = columns["time_ms"][row], columns["play_time_ms"][row]
        place = str(chunk.first + row)
        base = (chunk.stem, place, columns["user_id"][row], columns["video_id"][row], happened_ms)
        yield _build(*base, "impression")
        if watch_ms > 0:
            yield _build_watch(base, watch_ms, columns["duration_ms"][row], columns["long_view"][row])
        for flag, kind in _FLAG_KINDS.items():
            if columns[flag][row] > 0:
                yield _build(*base, kind)


def _build_watch(
    base: tuple[str, str, int, int, int], watch_ms: int, duration_ms: int, long_view: int
) -> EventRow:
    """A watch; its long watch is the published label, its finish our own rule."""
    watch_ms = min(watch_ms, limits.MAX_WATCH_SECONDS * 1_000)
    watch = _build(*base, "watch")
    actions = derive_actions("watch", watch_ms / 1_000, duration_ms / 1_000 if duration_ms > 0 else None)
    watch.watch_ms = watch_ms
    watch.actions = actions | LONG_WATCH if long_view > 0 else actions & ~LONG_WATCH
    watch.loops = min(watch_ms // duration_ms, limits.MAX_LOOPS) if duration_ms > 0 else None
    return watch


def list_history_events(chunk: Chunk) -> Iterator[EventRow]:
    """The watches (without seconds, long ones marked) and likes of each viewer in a chunk."""
    columns = chunk.columns
    for row in range(len(chunk)):
        yield from _list_viewer(
            chunk.stem,
            columns["user_id"][row],
            columns["watch_seq"][row],
            columns["long_watch_seq"][row],
            columns["like_seq"][row],
            columns["history_len"][row],
            columns["last_time_ms"][row],
        )


def _list_viewer(
    stem: str,
    viewer_id: int,
    watched: list[int],
    long_watched: list[int],
    liked: list[int],
    n_watches: int,
    last_ms: int,
) -> Iterator[EventRow]:
    long_places, long_older = _match(watched, long_watched)
    like_places, like_older = _match(watched, liked)
    older = [("watch", video) for video in long_older] + [("like", video) for video in like_older]
    n_steps = max(n_watches, len(watched) + len(older))
    step_ms = max(1, (last_ms - FIRST_MS) // n_steps)
    for place, video in enumerate(watched):
        happened_ms = last_ms - step_ms * (len(watched) - 1 - place)
        base = (stem, f"{viewer_id}.{place}", viewer_id, video, happened_ms)
        watch = _build(*base, "watch")
        watch.actions = LONG_WATCH if place in long_places else 0
        yield watch
        if place in like_places:
            yield _build(*base, "like")
    for place, (kind, video) in enumerate(older):
        happened_ms = last_ms - step_ms * (len(watched) + len(older) - 1 - place)
        event = _build(stem, f"{viewer_id}.-{len(older) - place}", viewer_id, video, happened_ms, kind)
        event.actions = LONG_WATCH if kind == "watch" else event.actions
        yield event


def _match(watched: list[int], acted: list[int]) -> tuple[set[int], list[int]]:
    """Places of the watched videos that an action sequence names, from the newest end; and what fits none."""
    places: set[int] = set()
    older: list[int] = []
    end = len(watched)
    for video in reversed(acted):
        place = end - 1
        while place >= 0 and watched[place] != video:
            place -= 1
        if place >= 0:
            places.add(place)
            end = place
        else:
            older.append(video)
    return places, older[::-1]


def _build(file: str, place: str, viewer_id: int, video_id: int, happened_ms: int, kind: str) -> EventRow:
    return EventRow(
        event_id=make_event_id(file, place, kind, happened_ms),
        happened=happened_ms * 1_000,
        viewer_id=viewer_id,
        video_id=video_id,
        creator_id=None,
        kind=KIND_INDEX[kind],
        actions=derive_actions(kind, None, None),
        market=-1,
        source=_FOR_YOU,
    )
