"""The simulation's names in the reader's words: outcomes, steps, changes, drivers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from merchants.shell.formats import format_language, format_market
from merchants.shell.niches import name_niche


def name_outcomes() -> dict[str, str]:
    """Outcome -> words, in the order they are shown."""
    return {
        "views": _("views"),
        "people": _("people reached"),
        "impressions": _("times shown"),
        "completions": _("watched to the end"),
        "likes": _("likes"),
        "comments": _("comments"),
        "shares": _("shares"),
        "follows": _("new followers"),
        "cart_clicks": _("cart clicks"),
        "orders": _("orders"),
        "gmv": _("sales"),
        "profile_visits": _("profile visits"),
        "profile_clicks": _("clicks on the profile link"),
    }


def name_actions() -> dict[str, str]:
    """Term of the engine's value -> words."""
    return {
        "watch": _("expected watch time"),
        "affinity": _("closeness to the viewer"),
        "finish": _("watched to the end"),
        "long_watch": _("watched long"),
        "like": _("likes"),
        "comment": _("comments"),
        "share": _("shares"),
        "follow": _("follows"),
        "cart_click": _("cart clicks"),
        "order": _("orders"),
        "not_interested": _("not interested"),
    }


def name_drivers() -> dict[str, str]:
    """Part of a forecast -> words."""
    return {
        "account": _("What the account's videos usually get"),
        "prediction": _("What the engine predicts for this video"),
        "audience": _("Who can be reached and follows the language"),
    }


def name_streams() -> dict[str, str]:
    """Where views come from -> words."""
    return {"for_you": _("For You"), "followers": _("followers"), "shares": _("shared by viewers")}


def name_change(name: str) -> str:
    """A variant's `field=value` as a sentence a merchant can act on."""
    field, _sign, value = name.partition("=")
    sentences: dict[str, Any] = {
        "language": lambda: _("Speak %(language)s") % {"language": format_language(value)},
        "duration": lambda: _("Make it %(seconds)s seconds long") % {"seconds": value},
        "topic": lambda: _("Make it about %(topic)s") % {"topic": value},
        "cover": lambda: _show_on_cover(value),
        "cart": lambda: _("Add a shopping cart") if value == "yes" else _("Leave the shopping cart out"),
        "price": lambda: _("Ask %(price)s for the basket") % {"price": value},
        "hour": lambda: _("Post at %(hour)s:00") % {"hour": value},
        "country": lambda: _("Post from an account in %(country)s") % {"country": format_market(value)},
    }
    return str(sentences[field]()) if field in sentences else name


def _show_on_cover(topic: str) -> str:
    if topic == "none":
        return _("A cover that shows nothing of it")
    return _("Show %(topic)s on the cover") % {"topic": name_niche(topic)}


def name_step(step: str) -> str:
    """What a running job is doing."""
    if step.startswith("asking the engine"):
        return _("Asking the engine about viewers in %(country)s") % {"country": format_market(step[-2:])}
    if step.startswith("drawing futures"):
        return _("Drawing equally likely futures")
    if step.startswith("building"):
        return _("Putting your video into the engine")
    if step.startswith("summing"):
        return _("Summing up")
    return _("Starting")
