"""Words for the keys of facets: a market's name, a source, a language, a phone, a video's caption."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from merchants.figures.changes import Mover
from merchants.figures.videos import find_titles
from merchants.models import Account
from merchants.shell import formats
from recommender import engine


def name_part(dimension: str, key: str) -> str:
    """What a key of a facet is called."""
    match dimension:
        case "market":
            return formats.format_market(key) if key else _("elsewhere")
        case "language":
            return formats.format_language(key) if key else _("not told")
        case "source":
            return _name_sources().get(key, key)
        case "device":
            return {"ios": "iPhone", "android": "Android", "web": _("Browser")}.get(key, key or _("not told"))
        case "group":
            return _name_groups().get(key, _("not told"))
        case _:
            return key


def name_movers(account: Account, movers: Sequence[Mover]) -> list[tuple[Mover, str]]:
    """Each mover with its words."""
    titles = find_titles(account, [mover.key for mover in movers if mover.dimension == "video"])
    return [
        (mover, titles[mover.key] if mover.dimension == "video" else name_part(mover.dimension, mover.key))
        for mover in movers
    ]


def _name_groups() -> dict[str, str]:
    """Group id -> what sets it apart, as "↑ Likes, ↓ Swipes"."""
    words = {
        "watch": _("Watch time"),
        "swipe": _("Swipes"),
        "like": _("Likes"),
        "share": _("Shares"),
        "comment": _("Comments"),
        "shop": _("Shopping"),
        "active": _("Activity"),
    }
    return {
        str(group.id): ", ".join(
            f"{'↑' if trait[0] == '+' else '↓'} {words[trait[1:]]}" for trait in group.traits
        )
        or _("Like everybody")
        for group in engine.list_groups()
        if group.kind == "engagement"
    }


def _name_sources() -> dict[str, str]:
    return {
        "for_you": _("For You"),
        "following": _("Following"),
        "search": _("Search"),
        "profile": _("Profile"),
        "shop": _("Shop"),
        "other": _("Other"),
    }
