"""One shape for every error: RFC 9457 `application/problem+json`."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotAuthenticated, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

logger = logging.getLogger(__name__)

#: Seconds after which a caller should come back when the database is away.
RETRY_AFTER_SECONDS = 2


#: An error for the OpenAPI document; no class, because a serializer's `errors` is already something else.
PROBLEM = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(help_text="which kind of problem"),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "detail": serializers.CharField(help_text="what is wrong and what to do"),
        "errors": serializers.ListField(
            child=serializers.DictField(), required=False, help_text="field and reason"
        ),
    },
)
#: The error answers of every operation, for the OpenAPI document.
PROBLEMS = {(code, "application/problem+json"): PROBLEM for code in (400, 401, 403, 404, 409, 429, 503)}


class Conflict(APIException):
    """The request is sound, the state of things does not allow it."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "the current state does not allow this"
    default_code = "conflict"


def handle_exception(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's answer reshaped; a database that is away becomes 503 with Retry-After."""
    if isinstance(error, (OperationalError, InterfaceError)):
        logger.warning("database does not answer: %s", error)
        return build_problem(
            status.HTTP_503_SERVICE_UNAVAILABLE,
            "database-unavailable",
            "the database does not answer; send the same request again",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    response = exception_handler(error, context)
    if response is None:
        logger.error("a request failed", exc_info=error)
        return build_problem(500, "server-error", "the server failed on this request; it is in our log")
    headers = {name: value for name, value in response.items() if name.lower() in _KEPT_HEADERS}
    if isinstance(error, ValidationError):
        return build_problem(400, "invalid", "some fields cannot be accepted", _list_errors(error.detail))
    code = _code_of(error)
    detail = getattr(error, "detail", None) or str(error)
    return build_problem(response.status_code, code, str(detail), headers=headers)


_KEPT_HEADERS = {"www-authenticate", "retry-after", "allow"}
_CODES = {
    Http404: "not-found",
    PermissionDenied: "forbidden",
    NotAuthenticated: "no-token",
    Throttled: "throttled",
}


def _code_of(error: Exception) -> str:
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code
    return str(getattr(error, "default_code", "error")).replace("_", "-")


def build_problem(
    status_code: int,
    code: str,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem document: `type` names the kind, `detail` what to do, `errors` the fields."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": code.replace("-", " "),
        "status": status_code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status_code, headers=headers, content_type="application/problem+json")


def _list_errors(detail: Any, path: str = "") -> list[dict[str, Any]]:
    """Flatten DRF's nested errors to [{"field": "videos[3].caption", "reason": "..."}]."""
    if isinstance(detail, dict):
        parts = [(_join(path, str(key)), value) for key, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(value, (dict, list)) for value in detail):
        parts = [(f"{path}[{index}]", value) for index, value in enumerate(detail) if value]
    else:
        reasons = detail if isinstance(detail, list) else [detail]
        return [{"field": path, "reason": str(reason)} for reason in reasons]
    return [error for inner, value in parts for error in _list_errors(value, inner)]


def _join(path: str, key: str) -> str:
    """The path of a key below a path; list places are keys of digits."""
    if key == "non_field_errors":
        return path
    return f"{path}[{key}]" if key.isdigit() else f"{path}.{key}".lstrip(".")
