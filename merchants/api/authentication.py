"""Who calls: `Authorization: Bearer ttm_...`, a key of a team that acts as the person who made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from merchants.accounts.access import accounts_for
from merchants.accounts.keys import KEY_PREFIX, find_fault, find_key, note_use
from merchants.models import Account, ApiKey, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class KeyAuthentication(BaseAuthentication):
    """A merchant's key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """The key's maker as `request.user`, the key as `request.auth`; None without the header."""
        header = get_authorization_header(request).split()
        if not header:
            return None
        if len(header) != 2 or header[0].lower() != b"bearer":
            raise AuthenticationFailed("Authorization must read 'Bearer <key>'")
        key = find_key(header[1].decode("latin-1"))
        if key is None:
            raise AuthenticationFailed(
                f"this key is not known; it must be one of Settings, API keys, and start with {KEY_PREFIX}"
            )
        if fault := find_fault(key):
            raise AuthenticationFailed(fault)
        note_use(key)
        return key.maker, key

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated answer a 401."""
        return 'Bearer realm="merchant"'


def accounts_of(request: Request, role: Role = Role.VIEWER) -> QuerySet[Account]:
    """The accounts that a call may touch: those of the key's team, as far as its maker may."""
    key = cast(ApiKey, request.auth)
    return accounts_for(request.user, role).filter(team=key.team_id)


class KeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document tells of the keys, so that its try-it page asks for one."""

    target_class = KeyAuthentication
    name = "merchantKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "A key of Settings, API keys."}
