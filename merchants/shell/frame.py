"""What the frame of every page shows: navigation, accounts, language, theme. Read only if a template asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from merchants.accounts.access import accounts_for
from merchants.accounts.selection import choose_account
from merchants.models import Account
from merchants.shell.navigation import Entry, list_entries

THEME_COOKIE = "ttok_theme"
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page for one person."""

    entries: list[Entry]
    accounts: list[Account]
    account: Account | None
    languages: list[tuple[str, str]]
    language: str
    theme: str  # light, dark, or empty = as the system

    @property
    def dock(self) -> list[Entry]:
        """The entries at the bottom of a phone."""
        return [entry for entry in self.entries if entry.place.in_dock]

    @property
    def rest(self) -> list[Entry]:
        """The entries behind a phone's 'More'."""
        return [entry for entry in self.entries if not entry.place.in_dock]

    @property
    def has_current_in_rest(self) -> bool:
        """Is the page one of those behind 'More'?"""
        return any(entry.is_current for entry in self.rest)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame`, built when a template first reads it."""
    return {"frame": SimpleLazyObject(lambda: build_frame(request)), "theme": read_theme(request)}


def build_frame(request: HttpRequest) -> Frame:
    """The frame of a page; two queries for a person who is logged in, none for others."""
    accounts = list(accounts_for(request.user).select_related("team").order_by("is_sample", "handle"))
    return Frame(
        entries=list_entries(request.path) if request.user.is_authenticated else [],
        accounts=accounts,
        account=choose_account(request),
        languages=list(settings.LANGUAGES),
        language=get_language() or settings.LANGUAGE_CODE,
        theme=read_theme(request),
    )


def read_theme(request: HttpRequest) -> str:
    """The theme that this browser chose, or ''."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""
