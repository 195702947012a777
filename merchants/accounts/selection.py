"""Which account a page is about: the one in its address, else the last one this person looked at."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from merchants.accounts.access import accounts_for, teams_for
from merchants.models import Account, Team

#: Query parameter and session key.
ACCOUNT = "account"


def choose_account(request: HttpRequest) -> Account | None:
    """The account that `?account=ID` names, else the last chosen, else the first; None where there is none.

    Asked again during the same request it costs nothing.

    Raises
    ------
    Http404
        The address names an account that this person does not see.
    """
    if not hasattr(request, "chosen_account"):
        request.chosen_account = _choose(request)  # type: ignore[attr-defined]
    return request.chosen_account  # type: ignore[attr-defined]


def _choose(request: HttpRequest) -> Account | None:
    accounts = accounts_for(request.user).select_related("team").order_by("is_sample", "handle")
    asked = request.GET.get(ACCOUNT, "")
    if asked:
        account = accounts.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
        if account is None:
            raise Http404(f"account {asked!r} is none of yours; choose one of your accounts")
        if request.session.get(ACCOUNT) != account.pk:
            request.session[ACCOUNT] = account.pk
        return account
    last = request.session.get(ACCOUNT)
    return (accounts.filter(pk=last).first() if last else None) or accounts.first()


def choose_team(request: HttpRequest) -> Team | None:
    """The team that `?team=ID` names, else the chosen account's, else this person's first; None without any.

    Raises
    ------
    Http404
        The address names a team that this person is not on.
    """
    teams = teams_for(request.user).order_by("pk")
    asked = request.GET.get("team", "")
    if asked:
        team = teams.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
        if team is None:
            raise Http404(f"team {asked!r} is none of yours")
        return team
    account = choose_account(request)
    return account.team if account else teams.first()
