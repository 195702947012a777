"""What people keep: notes on days of an account, and views under a name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.http import Http404

from merchants.accounts.access import accounts_for, require_role
from merchants.models import Account, Annotation, Role, SavedView

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def find_account(user: User, asked: str) -> Account:
    """An account of this person by the id in a form.

    Raises
    ------
    Http404
        It is none of theirs.
    """
    account = (
        accounts_for(user).filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
    )
    if account is None:
        raise Http404(f"account {asked!r} is none of yours")
    return account


def add_note(user: User, account_id: str, day: date, text: str) -> Annotation:
    """A note that everybody on the team sees; writing the same twice leaves one."""
    account = find_account(user, account_id)
    require_role(user, account, Role.EDITOR)
    note, _ = Annotation.objects.get_or_create(
        account=account, day=day, text=text, defaults={"made_by": user}
    )
    return note


def remove_note(user: User, note_id: int) -> None:
    """Take a note away; one that is gone already is no error."""
    note = (
        Annotation.objects.filter(pk=note_id, account__in=accounts_for(user))
        .select_related("account")
        .first()
    )
    if note is not None:
        require_role(user, note.account, Role.EDITOR)
        note.delete()


def save_view(user: User, account_id: str, name: str, page: str, query: str) -> SavedView:
    """A page under a name; the same name again replaces it."""
    account = find_account(user, account_id)
    view, _ = SavedView.objects.update_or_create(
        maker=user, account=account, name=name, defaults={"page": page, "query": query}
    )
    return view


def list_saved_views(user: User, account: Account | None, page: str) -> list[SavedView]:
    """This person's views of a page of an account, by name."""
    return list(SavedView.objects.filter(maker=user, account=account, page=page).order_by("name"))


def remove_view(user: User, view_id: int) -> None:
    """Forget a view of one's own."""
    SavedView.objects.filter(pk=view_id, maker=user).delete()
