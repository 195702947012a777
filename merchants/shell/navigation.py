"""Where a merchant can go. An entry shows once the address of its name exists."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the navigation: the name of its address, its words and its picture."""

    url_name: str
    title: str | Promise
    icon: str  # a symbol of vendor/lucide
    shortcut: str  # pressed after g
    in_dock: bool = False  # one of the four at the bottom of a phone


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as one page shows it."""

    place: Place
    url: str
    is_current: bool


PLACES = (
    Place("overview", _("Overview"), "layout-dashboard", "o", in_dock=True),
    Place("videos", _("Videos"), "clapperboard", "v", in_dock=True),
    Place("reach", _("Reach"), "radar", "r", in_dock=True),
    Place("niche", _("Niche"), "badge-check", "n", in_dock=True),
    Place("search", _("Search rank"), "search", "s"),
    Place("preview", _("Feed preview"), "smartphone", "p"),
    Place("imports", _("Imports"), "upload", "i"),
    Place("alerts", _("Alerts"), "bell", "a"),
    Place("reports", _("Reports"), "mail", "e"),
    Place("settings", _("Settings"), "settings", ","),
)


def go_back(request: HttpRequest, fallback: str) -> HttpResponse:
    """Back to the page that a form came from (its field `next`), or to a named one."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if is_ours else fallback)


def list_entries(path: str) -> list[Entry]:
    """The places that exist; the one whose address is the longest beginning of `path` is the current one."""
    urls = [(place, url) for place in PLACES if (url := _find_url(place.url_name))]
    within = [url for _place, url in urls if path == url or (url != "/" and path.startswith(url))]
    current = max(within, key=len, default="")
    return [Entry(place, url, url == current) for place, url in urls]


def _find_url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
