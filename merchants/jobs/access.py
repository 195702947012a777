"""Whose jobs a person may see and act on: those of the accounts that `accounts_for` opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from merchants.accounts.access import accounts_for
from merchants.models import Job, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def jobs_for(user: User | AnonymousUser, kind: str, role: Role = Role.VIEWER) -> QuerySet[Job]:
    """Jobs of one kind on the accounts where this person has at least this role, newest first."""
    return Job.objects.filter(kind=kind, account__in=accounts_for(user, role)).select_related("account")
