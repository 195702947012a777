"""Making API tokens."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from recommender.api.authentication import hash_key
from recommender.api.permissions import SCOPES
from recommender.models import ApiToken

#: So that scanners and people recognise a key that leaked.
KEY_PREFIX = "ttok_"


def make_token(
    name: str, owner: User, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its key, which is nowhere else from then on.

    Raises ValueError for a scope that does not exist.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValueError(f"scope {unknown[0]!r} does not exist; choose from {', '.join(SCOPES)}")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=name,
        owner=owner,
        prefix=key[: len(KEY_PREFIX) + 6],
        key_sha256=hash_key(key),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    return token, key
