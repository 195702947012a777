"""Events in: the one door through which activity enters; reads the body and hands it to `events.ingest`."""

from typing import cast

import msgspec
from django.http import HttpResponse
from django.http.request import RawPostDataException
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender.api.authentication import TokenFacts
from recommender.api.problems import build_problem
from recommender.events import limits
from recommender.events.body import BodyRefused, inflate
from recommender.events.documentation import BATCH_SCHEMA, EXAMPLE, VERDICT_SCHEMA
from recommender.events.ingest import record_events

_TITLES = {400: "bad-batch", 413: "batch-too-large", 415: "unknown-encoding"}


class EventsView(APIView):
    """Record a batch of 1 to 1,000 events; each gets its own verdict and a bad one costs no other."""

    required_scopes = {"POST": "events:write"}
    throttle_group = "write"

    @extend_schema(
        operation_id="record_events",
        summary="Record events",
        request={"application/json": BATCH_SCHEMA},
        examples=[OpenApiExample("A watch and a like", value=EXAMPLE, request_only=True)],
        responses={
            200: OpenApiResponse(VERDICT_SCHEMA, "Every event was accepted or is a duplicate."),
            207: OpenApiResponse(
                VERDICT_SCHEMA, "At least one event was refused; read its field and reason."
            ),
            400: OpenApiResponse(OpenApiTypes.OBJECT, "The body is no batch; nothing was recorded."),
            413: OpenApiResponse(OpenApiTypes.OBJECT, "Too many events or bytes; nothing was recorded."),
            415: OpenApiResponse(OpenApiTypes.OBJECT, "A Content-Encoding other than gzip."),
        },
    )
    def post(self, request: Request) -> HttpResponse | Response:
        """Record a batch (JSON, gzip allowed); answers 200, or 207 if at least one event was refused."""
        try:
            body = inflate(_read_body(request), request.headers.get("Content-Encoding", "").lower())
            verdict = record_events(body, cast(TokenFacts, request.auth).prefix)
        except BodyRefused as refusal:
            return build_problem(refusal.status, _TITLES[refusal.status], refusal.detail)
        return HttpResponse(
            msgspec.json.encode(verdict),
            status=207 if verdict.refused else 200,
            content_type="application/json",
        )


def _read_body(request: Request) -> bytes:
    """The body, read no further than its limit."""
    limit = limits.MAX_BODY_BYTES
    try:
        body = bytes(request._request.read(limit + 1))
    except RawPostDataException:
        body = request._request.body
    if len(body) > limit:
        length = request.headers.get("Content-Length", "more")
        raise BodyRefused(413, f"the body has {length} bytes, the limit is {limit}; send smaller batches")
    return body
