"""Who may see and change what. Every query about a merchant's data starts with `accounts_for(user)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from merchants.models import Account, Membership, Role, Team

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

#: A role may do everything that the ones after it may.
_RANK = (Role.OWNER, Role.EDITOR, Role.VIEWER)


def accounts_for(user: User | AnonymousUser, role: Role = Role.VIEWER) -> QuerySet[Account]:
    """Accounts of the teams on which this person has at least this role; none for a stranger.

    Being staff gives nothing here: operators work in the admin, where it is logged.
    """
    if not user.is_authenticated or not user.is_active:
        return Account.objects.none()
    memberships = Membership.objects.filter(user=user, role__in=_RANK[: _RANK.index(role) + 1])
    return Account.objects.filter(team__in=memberships.values("team"))


def teams_for(user: User | AnonymousUser, role: Role = Role.VIEWER) -> QuerySet[Team]:
    """Teams on which this person has at least this role."""
    if not user.is_authenticated or not user.is_active:
        return Team.objects.none()
    memberships = Membership.objects.filter(user=user, role__in=_RANK[: _RANK.index(role) + 1])
    return Team.objects.filter(pk__in=memberships.values("team"))


def require_role(user: User | AnonymousUser, account: Account, role: Role) -> None:
    """Refuse a person who has not at least this role on the account's team.

    Raises
    ------
    PermissionDenied
        With the role that is needed; the same for a stranger, who learns nothing more.
    """
    if not accounts_for(user, role).filter(pk=account.pk).exists():
        raise PermissionDenied(f"this needs the role {role.value}; ask an owner of the team")
