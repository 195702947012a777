"""What a page is about: account, days and markets, all read from its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest
from django.utils import timezone

from merchants.accounts.selection import choose_account
from merchants.figures.reading import find_currency, find_latest_day
from merchants.figures.spans import Range, SpanError, read_range
from merchants.models import Account
from recommender.markets import MARKET_CODES

#: Days after which figures are called old.
STALE_DAYS = 9


@dataclass(frozen=True, slots=True)
class Scope:
    """One account, a range of days, and the markets looked at (empty = all)."""

    account: Account
    range: Range
    markets: tuple[str, ...]
    latest: date | None
    today: date
    currency: str

    @property
    def market(self) -> str:
        """The one market that is looked at, or ''."""
        return self.markets[0] if self.markets else ""


class ScopeError(ValueError):
    """What is asked for does not exist; `field` names the parameter, the text its value and what would do."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def read_scope(request: HttpRequest) -> Scope:
    """The scope of a page or card.

    Raises
    ------
    Http404
        This person has no account, or asks for what does not exist; the message says which value is wrong.
    """
    account = choose_account(request)
    if account is None:
        raise Http404("there is no account yet; connect one first")
    try:
        return make_scope(account, request.GET)
    except ScopeError as error:
        raise Http404(str(error)) from None


def make_scope(account: Account, query: Mapping[str, str]) -> Scope:
    """The scope of a known account, as the API and shared links ask for it.

    Raises
    ------
    ScopeError
        A market without a cart, or days that cannot be shown.
    """
    today = timezone.now().astimezone(ZoneInfo(account.zone_name)).date()
    latest = find_latest_day(account)
    market = query.get("market", "")
    if market and market not in MARKET_CODES:
        choices = ", ".join(MARKET_CODES)
        raise ScopeError("market", f"market {market!r} has no shopping cart; choose one of {choices}")
    try:
        found = read_range(query, today, latest)
    except SpanError as error:
        raise ScopeError("range", str(error)) from None
    return Scope(account, found, (market,) if market else (), latest, today, find_currency(account))
