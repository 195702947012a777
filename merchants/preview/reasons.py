"""Why a video of one's own is, or is not, on a test viewer's next page, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.accounts.access import accounts_for
from merchants.preview.feeds import name_parts, name_sources
from recommender import engine

#: Outcome of the engine's trace -> what it is called, and what to do about it.
OUTCOMES: dict[str, tuple[str | Promise, str | Promise]] = {
    "unknown_video": (_("Not in the catalogue"), _("The engine has not read it yet; ask again in a minute.")),
    "blocked": (_("Blocked"), _("Operators keep this video or its creator out of every feed.")),
    "gate": (
        _("Stopped at the border"),
        _("This market does not understand its language, and it is no hit."),
    ),
    "seen": (_("Already seen"), _("This viewer has met it; no video comes twice.")),
    "muted_creator": (_("Muted"), _("This viewer wants nothing of this creator.")),
    "muted_sound_or_word": (_("Muted"), _("This viewer muted its sound or a word of its caption.")),
    "not_recalled": (
        _("Not found"),
        _("No source finds it for this viewer: name in the caption what it shows."),
    ),
    "crowded_out": (_("Crowded out"), _("It was found, but hundreds of others fit this viewer better.")),
    "creator_daily_cap": (_("Enough of this creator"), _("This viewer met the creator often enough today.")),
    "topic_daily_cap": (_("Enough of this topic"), _("This viewer met the topic often enough today.")),
    "outranked": (_("Outranked"), _("Others are worth more to this viewer; see what its value is made of.")),
    "shown": (_("On the page"), _("The next page holds it, but for draws of new videos.")),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A trace in words."""

    title: str | Promise
    advice: str | Promise
    trace: engine.VideoTrace
    sources: list[str]
    parts: list[tuple[str, float]]  # name and share of the value, largest first


def explain_own(user: User, viewer_id: int, asked: str) -> Reason:
    """The reason for a video of this person's accounts.

    Raises
    ------
    Http404
        The video is none of theirs, or no video at all.
    """
    video_id = int(asked) if asked.isdecimal() and len(asked) < 19 else -1
    creator_id = engine.find_creator_of(video_id) if video_id >= 0 else None
    if creator_id is None or not accounts_for(user).filter(creator_id=creator_id).exists():
        raise Http404(f"video {asked!r} is none of yours; give the id of a video of a linked account")
    try:
        trace = engine.explain_video(viewer_id, video_id)
    except engine.UnknownViewerError as error:
        raise Http404(str(error)) from error
    words, sources = name_parts(), name_sources()
    positive = {name: part for name, part in trace.contributions.items() if part > 0}
    total = sum(positive.values()) or 1.0
    parts = [(words.get(name, name), part / total) for name, part in positive.items()]
    found = list(dict.fromkeys(sources.get(name, name) for name in trace.sources))
    return Reason(*OUTCOMES[trace.outcome], trace, found, parts[:4])
