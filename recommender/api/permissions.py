"""What a token may do: each view names the scope that each method needs; a view that names none is closed."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from recommender.api.authentication import find_caller

#: Every scope and what it opens; the admin offers these.
SCOPES = {
    "events:write": "send events",
    "feed:read": "read feeds and sign viewers up",
    "catalog:read": "read creators and videos",
    "catalog:write": "publish and change creators and videos",
    "search:read": "search accounts and videos, and report what was opened",
    "experiments:read": "read experiments and what they say",
    "experiments:control": "set up, start, stop and conclude experiments",
    "training:read": "read training runs, model versions and metrics",
    "training:control": "start a training run, promote, roll back",
}


class HasScope(BasePermission):
    """Refuses a token without the scope in `view.required_scopes[method]`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True if the caller's token carries the scope."""
        scope = getattr(view, "required_scopes", {}).get(request.method)
        caller = find_caller(request)
        if request.method == "OPTIONS" and caller is not None:
            return True
        if caller is None or scope is None:
            return False
        self.message = f"this token has no scope '{scope}' ({SCOPES[scope]}); use one that has"
        return scope in caller.scopes
