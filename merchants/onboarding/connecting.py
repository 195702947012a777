"""Saving an account that a form describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from merchants.accounts.audit import note
from merchants.accounts.pictures import store_picture
from merchants.models import Account
from merchants.onboarding.forms import AccountForm

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def save_account(user: User, form: AccountForm) -> Account:
    """Save a checked form: the account, its picture, and the entry of who did it."""
    is_new = form.instance.pk is None
    with transaction.atomic():
        account: Account = form.save()
        if form.cleaned_data.get("picture"):
            store_picture(account, form.cleaned_data["picture"])
        note(account.team, user, "account_connected" if is_new else "account_changed", f"@{account.handle}")
    return account
