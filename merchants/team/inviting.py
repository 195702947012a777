"""What owners do with a team: invitations by e-mail, its name, its keys; each with its entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from merchants.accounts import keys, teams
from merchants.accounts.audit import note
from merchants.models import ApiKey, Invitation, Role, Team

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def send(user: User, team: Team, email: str, role: str) -> Invitation:
    """Invite somebody and mail them the link.

    Raises
    ------
    teams.TeamError
        They are on the team already.
    """
    invitation, token = teams.invite(user, team, email, Role(role))
    link = settings.SITE_URL + reverse("team-join", args=[token])
    facts = {"team": team, "inviter": user, "link": link, "days": teams.INVITATION_DAYS}
    subject = _("%(team)s invites you to T-Tok Merchant Analytics") % {"team": team.name}
    body = render_to_string("merchants/team/email_invitation.txt", facts)
    transaction.on_commit(lambda: send_mail(subject, body, None, [invitation.email]))
    return invitation


def withdraw(user: User, invitation: Invitation) -> None:
    """Take an invitation back."""
    with transaction.atomic():
        note(invitation.team, user, "invitation_withdrawn", invitation.email)
        invitation.delete()


def rename(user: User, team: Team, name: str) -> None:
    """Call the team something else.

    Raises
    ------
    teams.TeamError
        Another team has the name.
    """
    teams.require_owner(user, team)
    try:
        with transaction.atomic():
            Team.objects.filter(pk=team.pk).update(name=name)
            note(team, user, "team_renamed", name)
    except IntegrityError:
        raise teams.TeamError(f"a team called {name!r} exists; choose another name") from None


def make_key(user: User, team: Team, name: str, scopes: Sequence[str], days: int) -> tuple[ApiKey, str]:
    """A key and its text, shown once."""
    with transaction.atomic():
        key, text = keys.make_key(user, team, name, scopes, days)
        note(team, user, "key_made", f"{name} ({key.prefix}...)")
    return key, text


def revoke(user: User, key: ApiKey) -> None:
    """End a key."""
    with transaction.atomic():
        keys.revoke_key(key)
        note(key.team, user, "key_revoked", f"{key.name} ({key.prefix}...)")
