"""Keys for a merchant's own programs: made once, kept as a hash, scoped, expiring, revocable."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from merchants.accounts.access import teams_for
from merchants.models import ApiKey, Membership, Role, Team

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: So that scanners and people recognise a merchant's key that leaked.
KEY_PREFIX = "ttm_"
MAX_DAYS = 730
#: Every scope, what it opens, and the role that its maker needs.
SCOPES: dict[str, tuple[str, Role]] = {
    "figures:read": ("read accounts, videos and figures", Role.VIEWER),
    "imports:write": ("import files and undo imports", Role.EDITOR),
    "reach:read": ("read simulations", Role.VIEWER),
    "reach:write": ("start and cancel simulations", Role.EDITOR),
    "niche:read": ("read niche scores and search ranks", Role.VIEWER),
    "niche:write": ("try names and pictures", Role.EDITOR),
    "views:write": ("save views of its maker", Role.VIEWER),
    "reports:read": ("read scheduled reports", Role.VIEWER),
    "reports:write": ("schedule and remove reports", Role.EDITOR),
    "links:read": ("read share links", Role.VIEWER),
    "links:write": ("make and revoke share links", Role.EDITOR),
    "webhooks:read": ("read webhooks and their deliveries", Role.OWNER),
    "webhooks:write": ("add and remove webhooks", Role.OWNER),
}


def hash_key(key: str) -> str:
    """SHA-256; keys are long random strings, so no salt or stretching is due."""
    return hashlib.sha256(key.encode()).hexdigest()


def make_key(user: User, team: Team, name: str, scopes: Sequence[str], days: int) -> tuple[ApiKey, str]:
    """A new key and its text, which is nowhere else from then on.

    Raises
    ------
    ValueError
        A scope that does not exist or that this person's role does not cover, or a life that is too long.
    """
    if not 1 <= days <= MAX_DAYS:
        raise ValueError(f"a key lives 1 to {MAX_DAYS} days, not {days}")
    if not scopes:
        raise ValueError(f"a key needs a scope; choose from {', '.join(SCOPES)}")
    for scope in scopes:
        if scope not in SCOPES:
            raise ValueError(f"scope {scope!r} does not exist; choose from {', '.join(SCOPES)}")
        if not teams_for(user, SCOPES[scope][1]).filter(pk=team.pk).exists():
            raise ValueError(
                f"scope {scope!r} needs the role {SCOPES[scope][1].value}; ask an owner of the team"
            )
    text = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        team=team, maker=user, name=name, prefix=text[: len(KEY_PREFIX) + 6], key_sha256=hash_key(text),
        scopes=sorted(scopes), expires_at=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    return key, text


def revoke_key(key: ApiKey) -> None:
    """End a key now; a second time changes nothing."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def find_key(text: str) -> ApiKey | None:
    """The key of a text, whatever its state, with team and maker; None where there is none."""
    return (
        ApiKey.objects.filter(key_sha256=hash_key(text), maker__is_active=True)
        .select_related("team", "maker")
        .first()
    )


def find_fault(key: ApiKey) -> str:
    """Why a key may not be used now, or ''."""
    if key.revoked_at is not None:
        return f"key '{key.prefix}...' was revoked; make a new one under Settings, API keys"
    if key.expires_at <= timezone.now():
        ended = f"{key.expires_at:%Y-%m-%d}"
        return f"key '{key.prefix}...' expired on {ended}; make a new one under Settings, API keys"
    if not Membership.objects.filter(user=key.maker_id, team=key.team_id).exists():
        return f"the maker of key '{key.prefix}...' left the team; make a new one under Settings, API keys"
    return ""


def note_use(key: ApiKey) -> None:
    """Remember when the key was last used, to the minute."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
