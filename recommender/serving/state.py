"""One viewer's state, read and locked for the length of a feed request.

The lock makes "no repeats" true: two requests of one viewer at once are served one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recommender.models import Viewer, ViewerState
from recommender.queries.viewers import KnownViewer, read_viewer


@dataclass(frozen=True, slots=True)
class ViewerProfile:
    """What a caller may say of a viewer at sign-up or with a request."""

    viewer_id: int
    market: str = ""
    language: str = ""
    interests: tuple[str, ...] = ()
    device: dict[str, object] | None = None


def sign_up(profile: ViewerProfile) -> bool:
    """Make the viewer known, or bring what is known up to date; True if the viewer is new.

    What a later call leaves empty stays as it was.
    """
    said = {
        name: value
        for name, value in (
            ("market", profile.market),
            ("language", profile.language),
            ("interests", list(profile.interests)),
            ("device", profile.device),
        )
        if value
    }
    _, is_new = Viewer.objects.update_or_create(pk=profile.viewer_id, defaults=said)
    ViewerState.objects.get_or_create(viewer_id=profile.viewer_id)
    return is_new


def load_locked(profile: ViewerProfile, topic_codes: Mapping[str, int]) -> KnownViewer:
    """The viewer, locked until the transaction ends; one nobody has heard of is signed up by what is said."""
    known = read_viewer(profile.viewer_id, topic_codes, lock=True)
    if known is None or profile.interests or (profile.market and profile.market != known.market):
        sign_up(profile)
        known = read_viewer(profile.viewer_id, topic_codes, lock=True)
    assert known is not None  # signed up just now, in this transaction
    return known
