"""A newcomer's first minute: a team of their own, and a sample shop to look around in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from merchants.accounts.access import accounts_for, require_role
from merchants.accounts.audit import note
from merchants.accounts.teams import open_team
from merchants.models import Account, ImportFile, Role, Team
from merchants.onboarding.sample import make_sample_shop

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Progress:
    """What a newcomer has done so far."""

    has_account: bool
    has_import: bool
    has_sample: bool

    @property
    def is_complete(self) -> bool:
        """Are all steps done?"""
        return self.has_account and self.has_import


def prepare_first_visit(user: User) -> Team:
    """A team and its sample shop; a second call changes nothing."""
    team = open_team(user)
    if not Account.objects.filter(team=team).exists():
        make_sample_shop(team, user)
    return team


def read_progress(user: User) -> Progress:
    """The steps that this person's own accounts have behind them."""
    accounts = list(accounts_for(user).values_list("pk", "is_sample"))
    own = [pk for pk, is_sample in accounts if not is_sample]
    has_import = ImportFile.objects.filter(account__in=own, undone_at=None).exists()
    return Progress(bool(own), has_import, any(is_sample for _, is_sample in accounts))


def remove_sample_shop(user: User, account: Account) -> None:
    """Delete a sample shop with everything in it.

    Raises
    ------
    PermissionDenied
        The person is no editor of its team.
    ValueError
        It is a real account.
    """
    require_role(user, account, Role.EDITOR)
    if not account.is_sample:
        raise ValueError(f"@{account.handle} is no sample shop; it is removed under Settings, Accounts")
    with transaction.atomic():
        note(account.team, user, "sample_removed", f"@{account.handle}")
        account.delete()
