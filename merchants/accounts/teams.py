"""Teams and their people: invite, join, change a role, leave. A team always keeps an owner."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from merchants.accounts.access import teams_for
from merchants.accounts.audit import note
from merchants.models import Invitation, Membership, Role, Team

if TYPE_CHECKING:
    from django.contrib.auth.models import User

INVITATION_DAYS = 14


class TeamError(Exception):
    """What was asked for would break a rule of teams; the message says which and what to do."""


def open_team(user: User) -> Team:
    """The first team of a person, made where they have none."""
    membership = Membership.objects.filter(user=user).select_related("team").order_by("pk").first()
    if membership:
        return membership.team
    base = (user.email.partition("@")[0] or user.get_username())[:80]
    with transaction.atomic():
        name, number = base, 1
        while Team.objects.filter(name=name).exists():
            number += 1
            name = f"{base} {number}"
        team = Team.objects.create(name=name)
        Membership.objects.create(user=user, team=team, role=Role.OWNER)
        note(team, user, "team_opened", name)
    return team


def require_owner(user: User, team: Team) -> None:
    """Refuse a person who does not own the team.

    Raises
    ------
    PermissionDenied
        The same for a member and for a stranger.
    """
    if not teams_for(user, Role.OWNER).filter(pk=team.pk).exists():
        raise PermissionDenied("this needs the role owner; ask an owner of the team")


def invite(user: User, team: Team, email: str, role: Role) -> tuple[Invitation, str]:
    """An invitation and the secret of its link; inviting an address again replaces what waited.

    Raises
    ------
    TeamError
        The address belongs to a member already.
    """
    require_owner(user, team)
    email = email.strip().lower()
    if Membership.objects.filter(team=team, user__email__iexact=email).exists():
        raise TeamError(f"{email} is on the team already; change their role in the list instead")
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        Invitation.objects.filter(team=team, email=email, accepted_at=None).delete()
        invitation = Invitation.objects.create(
            team=team,
            email=email,
            role=role,
            token_sha256=hash_token(token),
            invited_by=user,
            expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
        )
        note(team, user, "member_invited", f"{email} ({role})")
    return invitation, token


def find_invitation(token: str) -> Invitation | None:
    """The invitation of a link that still stands, or None."""
    waiting = Invitation.objects.filter(accepted_at=None, expires_at__gt=timezone.now())
    return waiting.filter(token_sha256=hash_token(token)).select_related("team").first()


def accept(user: User, token: str) -> Team:
    """Join the team of a link. Following it twice changes nothing more.

    Raises
    ------
    TeamError
        The link was used up, taken back or is too old, or is meant for another address.
    """
    with transaction.atomic():
        invitation = find_invitation(token)
        if invitation is None:
            raise TeamError("this invitation is no longer open; ask for a new one")
        if user.email.lower() != invitation.email:
            raise TeamError(f"this invitation is for {invitation.email}; log in with that address")
        Membership.objects.get_or_create(user=user, team=invitation.team, defaults={"role": invitation.role})
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        note(invitation.team, user, "member_joined", user.email)
    return invitation.team


def change_role(user: User, membership: Membership, role: Role) -> None:
    """Give a member another role.

    Raises
    ------
    TeamError
        The team would be left without an owner.
    """
    require_owner(user, membership.team)
    with transaction.atomic():
        _keep_an_owner(membership, role)
        Membership.objects.filter(pk=membership.pk).update(role=role)
        note(membership.team, user, "role_changed", f"{membership.user} to {role}")


def remove_member(user: User, membership: Membership) -> None:
    """Take a person off the team; anybody may leave by themselves.

    Raises
    ------
    TeamError
        The team would be left without an owner.
    """
    if membership.user_id != user.pk:
        require_owner(user, membership.team)
    with transaction.atomic():
        _keep_an_owner(membership, None)
        note(membership.team, user, "member_removed", str(membership.user))
        membership.delete()


def hash_token(token: str) -> str:
    """SHA-256 of a long random secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def _keep_an_owner(membership: Membership, role: Role | None) -> None:
    Team.objects.select_for_update().get(pk=membership.team_id)  # two owners who leave take turns
    others = Membership.objects.filter(team=membership.team_id, role=Role.OWNER).exclude(pk=membership.pk)
    if role != Role.OWNER and not others.exists():
        raise TeamError("a team needs an owner; make somebody else one first")
