"""What a key may do: each view names the scope that each method needs; a view that names none is closed."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from merchants.accounts.keys import SCOPES
from merchants.models import ApiKey


class HasScope(BasePermission):
    """Refuses a key without the scope in `view.required_scopes[method]`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True if the caller's key carries the scope."""
        key = request.auth
        scope = getattr(view, "required_scopes", {}).get(request.method)
        if not isinstance(key, ApiKey):
            return False
        if request.method == "OPTIONS":
            return True
        if scope is None:
            return False
        self.message = f"this key has no scope '{scope}' ({SCOPES[scope][0]}); use one that has"
        return scope in key.scopes
