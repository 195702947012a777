"""Who changed what on a team, in an entry that nobody edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from merchants.accounts.access import teams_for
from merchants.models import AuditEntry, Role, Team

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def note(team: Team, actor: User | None, kind: str, about: str = "") -> AuditEntry:
    """Write down what was just done; call it in the transaction that does it."""
    name = (actor.email or actor.get_username()) if actor else "system"
    return AuditEntry.objects.create(team=team, actor=actor, actor_name=name, kind=kind, about=about[:300])


def list_entries(user: User, team: Team) -> QuerySet[AuditEntry]:
    """What happened on a team, newest first; for its owners."""
    teams = teams_for(user, Role.OWNER).filter(pk=team.pk)
    return AuditEntry.objects.filter(team__in=teams).order_by("-happened_at", "-pk")
