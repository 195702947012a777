"""Who calls: `Authorization: Bearer <key>`; only the key's hash is stored and compared."""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from recommender.models import ApiToken

#: Seconds a process trusts what it last read of a token: the longest a revoked key goes on working.
TRUST_SECONDS = 1.0
_CACHE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What the API needs to know of a token."""

    id: int
    owner_id: int
    prefix: str
    scopes: frozenset[str]
    expires_at: datetime | None
    revoked_at: datetime | None

    def find_fault(self, now: datetime) -> str | None:
        """Why the token may not be used, or None."""
        if self.revoked_at is not None:
            return f"token '{self.prefix}...' was revoked; make a new one in the admin"
        if self.expires_at is not None and self.expires_at <= now:
            ended = self.expires_at.isoformat()
            return f"token '{self.prefix}...' expired at {ended}; make a new one in the admin"
        return None


def find_caller(request: Request) -> TokenFacts | None:
    """The facts of the token that a request came with; None for a request without one."""
    return cast(TokenFacts | None, request.auth)


def hash_key(key: str) -> str:
    """SHA-256 of a key; keys are long random strings, so no salt or stretching is due."""
    return hashlib.sha256(key.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """Bearer tokens with scopes."""

    _seen: dict[str, tuple[float, TokenFacts | None]] = {}

    def authenticate(self, request: Request) -> tuple[None, TokenFacts] | None:
        """The caller's token facts as `request.auth`; None without an Authorization header."""
        header = get_authorization_header(request).split()
        if not header:
            return None
        if len(header) != 2 or header[0].lower() != b"bearer":
            raise AuthenticationFailed("Authorization must read 'Bearer <key>'")
        facts = self._look_up(hash_key(header[1].decode("latin-1")))
        if facts is None:
            raise AuthenticationFailed("this key is not known; make a token in the admin under 'Api tokens'")
        if fault := facts.find_fault(timezone.now()):
            raise AuthenticationFailed(fault)
        return None, facts

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated answer a 401."""
        return 'Bearer realm="api"'

    def _look_up(self, key_hash: str) -> TokenFacts | None:
        """The token of a hash, read at most once in `TRUST_SECONDS`."""
        now = time.monotonic()
        read_at, facts = self._seen.get(key_hash, (-TRUST_SECONDS, None))
        if now - read_at < TRUST_SECONDS:
            return facts
        facts = _read_token(key_hash)
        if len(self._seen) >= _CACHE_LIMIT:
            self._seen.clear()
        self._seen[key_hash] = (now, facts)
        return facts


def _read_token(key_hash: str) -> TokenFacts | None:
    columns = ("id", "owner_id", "prefix", "scopes", "expires_at", "revoked_at", "last_used_at")
    row = ApiToken.objects.filter(key_sha256=key_hash, owner__is_active=True).values_list(*columns).first()
    if row is None:
        return None
    token_id, owner_id, prefix, scopes, expires_at, revoked_at, last_used_at = row
    now = timezone.now()
    if last_used_at is None or now - last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token_id).update(last_used_at=now)
    return TokenFacts(token_id, owner_id, prefix, frozenset(scopes), expires_at, revoked_at)


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document tells of the tokens, so that its try-it page asks for a key."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "An API key from the admin: 'Api tokens'."}
