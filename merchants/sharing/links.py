"""Links that show an account's overview to whoever has them: with an end, revocable, and counted."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from merchants.accounts.access import require_role
from merchants.accounts.audit import note
from merchants.models import Account, Role, ShareLink

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_DAYS = 365


def make_link(
    user: User, account: Account, name: str, days: int, password: str, query: str
) -> tuple[ShareLink, str]:
    """A link and its secret, which is shown once.

    Raises
    ------
    PermissionDenied
        The person is no editor of the account's team.
    ValueError
        A life that is too long.
    """
    require_role(user, account, Role.EDITOR)
    if not 1 <= days <= MAX_DAYS:
        raise ValueError(f"a link lives 1 to {MAX_DAYS} days, not {days}")
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        link = ShareLink.objects.create(
            account=account,
            name=name,
            token_sha256=hash_token(token),
            prefix=token[:6],
            query=query,
            made_by=user,
            password=make_password(password) if password else "",
            expires_at=timezone.now() + timedelta(days=days),
        )
        note(account.team, user, "link_made", f"{name} of @{account.handle}")
    return link, token


def find_open(token: str) -> ShareLink | None:
    """The link of a secret, if it still opens."""
    links = ShareLink.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    return links.filter(token_sha256=hash_token(token)).select_related("account__team").first()


def fits(link: ShareLink, password: str) -> bool:
    """Is this the link's password? True for a link without one."""
    return not link.password or check_password(password, link.password)


def count_view(link: ShareLink) -> None:
    """One more look at a link."""
    ShareLink.objects.filter(pk=link.pk).update(view_count=F("view_count") + 1, last_viewed_at=timezone.now())


def revoke(user: User, link: ShareLink) -> None:
    """End a link now; a second time changes nothing."""
    require_role(user, link.account, Role.EDITOR)
    with transaction.atomic():
        if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
            note(link.account.team, user, "link_revoked", f"{link.name} of @{link.account.handle}")


def rotate(user: User, link: ShareLink) -> tuple[ShareLink, str]:
    """The same link under a new secret; the old one ends."""
    require_role(user, link.account, Role.EDITOR)
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        ShareLink.objects.filter(pk=link.pk).update(
            token_sha256=hash_token(token), prefix=token[:6], revoked_at=None
        )
        note(link.account.team, user, "link_rotated", f"{link.name} of @{link.account.handle}")
    link.refresh_from_db()
    return link, token


def count_open(account: Account) -> int:
    """Links through which strangers can see this account now."""
    return ShareLink.objects.filter(account=account, revoked_at=None, expires_at__gt=timezone.now()).count()


def hash_token(token: str) -> str:
    """SHA-256 of a long random secret."""
    return hashlib.sha256(token.encode()).hexdigest()
