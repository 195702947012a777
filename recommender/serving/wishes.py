"""What a viewer may ask of the feed: forget me, never show me this, and take either back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from recommender.models import ViewerState

#: Mutes of each kind a viewer may keep: beyond it the oldest go.
MOST_MUTES = 200
#: Columns that a reset empties, in step: what the viewer watched, liked and searched for.
_FORGOTTEN = (
    "recent_video_ids", "recent_happened_at", "recent_actions", "recent_watch_seconds", "recent_like_at",
    "searches", "searched_at",
)  # fmt: skip
_NOT_A_NUMBER = "NaN"
_T = TypeVar("_T", int, str)


class UnknownViewerError(Exception):
    """Nobody has met this viewer."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What holds for a viewer now."""

    viewer_id: int
    muted_creator_ids: list[int]
    muted_sound_ids: list[int]
    muted_words: list[str]
    reset_at: datetime | None
    can_undo_reset: bool


def read_wishes(viewer_id: int) -> Wishes:
    """What a viewer asked for. Raises UnknownViewerError."""
    return _tell(_find(viewer_id, lock=False))


def read_hidden_creators(viewer_id: int) -> frozenset[int]:
    """Creators whom a viewer muted or wants nothing of; none of a viewer nobody knows."""
    row = (
        ViewerState.objects.filter(pk=viewer_id)
        .values_list("muted_creator_ids", "blocked_creator_ids")
        .first()
    )
    return frozenset() if row is None else frozenset([*row[0], *row[1]])


def mute(
    viewer_id: int, creator_ids: list[int], sound_ids: list[int], words: list[str], is_muted: bool
) -> Wishes:
    """Mute creators, sounds and words, or hear them again; feeds follow with the next page.

    Raises UnknownViewerError.
    """
    with transaction.atomic():
        state = _find(viewer_id, lock=True)
        state.muted_creator_ids = _merge(state.muted_creator_ids, creator_ids, is_muted)
        state.muted_sound_ids = _merge(state.muted_sound_ids, sound_ids, is_muted)
        said = [" ".join(word.split()).casefold()[:40] for word in words]
        state.muted_words = _merge(state.muted_words, [word for word in said if word], is_muted)
        state.save(update_fields=["muted_creator_ids", "muted_sound_ids", "muted_words"])
    return _tell(state)


def reset_feed(viewer_id: int) -> Wishes:
    """Forget what the viewer watched, liked and searched for; follows, mutes and what was seen stay.

    The viewer is a newcomer again. Raises UnknownViewerError.
    """
    with transaction.atomic():
        state = _find(viewer_id, lock=True)
        kept = {name: getattr(state, name) for name in _FORGOTTEN}
        kept["recent_watch_seconds"] = [
            seconds if seconds == seconds else _NOT_A_NUMBER for seconds in kept["recent_watch_seconds"]
        ]
        if any(kept.values()):  # a second reset in a row must not lose what the first one took
            state.before_reset = kept
        for name in _FORGOTTEN:
            setattr(state, name, [])
        state.reset_at = timezone.now()
        state.save(update_fields=[*_FORGOTTEN, "before_reset", "reset_at"])
    return _tell(state)


def undo_reset(viewer_id: int) -> Wishes:
    """Bring back what the last reset took, before what happened since. Raises UnknownViewerError."""
    with transaction.atomic():
        state = _find(viewer_id, lock=True)
        if state.before_reset is not None:
            _bring_back(state, state.before_reset)
            state.before_reset = state.reset_at = None
            state.save(update_fields=[*_FORGOTTEN, "before_reset", "reset_at"])
    return _tell(state)


def _bring_back(state: ViewerState, kept: dict[str, list[float]]) -> None:
    since = set(state.recent_video_ids)
    old = [row for row, video in enumerate(kept["recent_video_ids"]) if video not in since]
    for name in _FORGOTTEN[:5]:
        column = [float(v) if v == _NOT_A_NUMBER else v for v in (kept[name][row] for row in old)]
        setattr(state, name, [*column, *getattr(state, name)])
    said = set(state.searches)
    words = [row for row, word in enumerate(kept["searches"]) if word not in said]
    for name in ("searches", "searched_at"):
        setattr(state, name, [*(kept[name][row] for row in words), *getattr(state, name)])


def _merge(known: list[_T], said: list[_T], is_muted: bool) -> list[_T]:
    rest: list[_T] = [item for item in known if item not in said]
    if not is_muted:
        return rest
    rest.extend(dict.fromkeys(said))
    return rest[-MOST_MUTES:]


def _find(viewer_id: int, lock: bool) -> ViewerState:
    rows = ViewerState.objects.select_for_update(no_key=True) if lock else ViewerState.objects.all()
    state = rows.filter(pk=viewer_id).first()
    if state is None:
        raise UnknownViewerError(
            f"viewer_id {viewer_id} is not known; sign the viewer up by POST /api/v1/viewers first"
        )
    return state


def _tell(state: ViewerState) -> Wishes:
    return Wishes(
        viewer_id=state.viewer_id,
        muted_creator_ids=list(state.muted_creator_ids),
        muted_sound_ids=list(state.muted_sound_ids),
        muted_words=list(state.muted_words),
        reset_at=state.reset_at,
        can_undo_reset=state.before_reset is not None,
    )
