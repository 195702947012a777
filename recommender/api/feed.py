"""The For You feed and the viewers it is made for."""

import base64
import binascii
import uuid
from typing import Any

from django.core.cache import caches
from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import engine
from recommender.api.fields import BIG_INT, DeviceSerializer, MarketField
from recommender.api.problems import PROBLEMS, Conflict
from recommender.contracts import TRAFFIC_SOURCES


class FeedQuery(serializers.Serializer[Any]):
    """What a feed is asked for."""

    viewer_id = serializers.IntegerField(**BIG_INT, help_text="the platform's viewer id")
    limit = serializers.IntegerField(default=10, min_value=1, max_value=50, help_text="videos a page")
    cursor = serializers.CharField(required=False, help_text="`next_cursor` of the page before")
    request_id = serializers.UUIDField(
        required=False, help_text="your own id of a new feed; the same id again gets the same page"
    )
    market = MarketField(required=False, help_text="country of a viewer not signed up yet")
    language = serializers.CharField(required=False, max_length=8, help_text="BCP 47 tag of the app")
    interests = serializers.CharField(
        required=False, max_length=500, help_text="comma-separated topics chosen so far"
    )
    os = serializers.CharField(required=False, max_length=20)
    network = serializers.CharField(required=False, max_length=20)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Adds `source`, which cannot be declared above: there the name is a serializer's own."""
        traffic = serializers.ChoiceField(choices=TRAFFIC_SOURCES, default="for_you")
        return {**super().get_fields(), "source": traffic}

    def validate_cursor(self, value: str) -> tuple[uuid.UUID, int]:
        """The request and page that a cursor stands for."""
        try:
            raw = base64.urlsafe_b64decode(value.encode() + b"==")
            return uuid.UUID(bytes=raw[:16]), int.from_bytes(raw[16:18], "big")
        except (ValueError, binascii.Error) as error:
            raise serializers.ValidationError(
                f"{value!r} is not a cursor; take `next_cursor` of the last page, or leave it out"
            ) from error


#: Validation keeps no state, and a serializer made for each request copies all its fields each time.
_FEED_QUERY = FeedQuery()


class FeedItemSerializer(serializers.Serializer[Any]):
    """One video of a page."""

    video_id = serializers.IntegerField()
    position = serializers.IntegerField(help_text="0-based")
    value = serializers.FloatField()
    propensity = serializers.FloatField(help_text="probability of this video at this position")
    why = inline_serializer(
        "Why",
        {
            "source": serializers.CharField(help_text="the recall source that found it"),
            "is_exploration": serializers.BooleanField(help_text="a new video being tried out"),
            "contributions": serializers.DictField(
                child=serializers.FloatField(), help_text="parts of its value"
            ),
            "rules": serializers.ListField(
                child=serializers.CharField(), help_text="rules that moved or admitted it"
            ),
        },
    )


class FeedSerializer(serializers.Serializer[Any]):
    """A page of a feed."""

    request_id = serializers.UUIDField(help_text="send it with the events that follow")
    page = serializers.IntegerField()
    next_cursor = serializers.CharField()
    mode = serializers.ChoiceField(choices=["personal", "fallback"])
    model_version = serializers.IntegerField(allow_null=True)
    arm = serializers.CharField()
    items = FeedItemSerializer(many=True)


class FeedView(APIView):
    """A page of For You."""

    required_scopes = {"GET": "feed:read"}

    @extend_schema(
        operation_id="get_feed",
        parameters=[FeedQuery],
        responses={200: FeedSerializer, **PROBLEMS},
        description=(
            "The header `X-Feed-Mode` says `personal`, or `fallback` where no model is live; "
            "`X-Feed-Degraded` names servers that were missed (`cache`)."
        ),
    )
    def get(self, request: Request) -> Response:
        """Serve the next page of one viewer."""
        query = _FEED_QUERY.run_validation(request.query_params)
        try:
            served = engine.for_you(build_request(query))
        except engine.RequestBelongsToAnotherError as error:
            raise Conflict(str(error)) from error
        return Response(show_page(served), headers=describe_mode(served))


def build_request(query: dict[str, Any]) -> engine.FeedRequest:
    """The engine's request of a validated query."""
    request_id, page = query.get("cursor") or (query.get("request_id"), 0)
    interests = tuple(name.strip() for name in query.get("interests", "").split(",") if name.strip())
    return engine.FeedRequest(
        profile=engine.ViewerProfile(
            query["viewer_id"], query.get("market", ""), query.get("language", ""), interests
        ),
        page_size=query["limit"],
        request_id=request_id,
        page=page,
        source=TRAFFIC_SOURCES.index(query["source"]),
        device={key: query[key] for key in ("os", "network") if key in query},
    )


def show_page(served: engine.ServedPage) -> dict[str, Any]:
    """A page as the API shows it."""
    cursor = served.request_id.bytes + (served.page + 1).to_bytes(2, "big")
    return {
        "request_id": str(served.request_id),
        "page": served.page,
        "next_cursor": base64.urlsafe_b64encode(cursor).decode().rstrip("="),
        "mode": served.mode,
        "model_version": served.model_version,
        "arm": served.arm,
        "items": served.items,
    }


def describe_mode(served: engine.ServedPage) -> dict[str, str]:
    """Headers that say how the page came about."""
    headers = {"X-Feed-Mode": served.mode}
    if not getattr(caches["default"], "is_available", True):  # only ours knows
        headers["X-Feed-Degraded"] = "cache"
    return headers


class ViewerSerializer(serializers.Serializer[Any]):
    """A viewer at sign-up."""

    viewer_id = serializers.IntegerField(**BIG_INT)
    market = MarketField()
    language = serializers.CharField(max_length=8, help_text="BCP 47 tag of the app")
    interests = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=12, default=list, help_text="topics chosen"
    )
    device = DeviceSerializer(required=False)


class ViewersView(APIView):
    """Sign-up."""

    required_scopes = {"POST": "feed:read"}

    @extend_schema(
        operation_id="sign_up_viewer",
        request=ViewerSerializer,
        responses={200: ViewerSerializer, 201: ViewerSerializer, **PROBLEMS},
        examples=[
            OpenApiExample(
                "a new viewer in Malaysia",
                value={
                    "viewer_id": 7001,
                    "market": "MY",
                    "language": "ms",
                    "interests": ["lipstick", "hijab"],
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Sign a viewer up, or change what is known; 201 for a new viewer."""
        body = ViewerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        is_new = engine.sign_up(
            engine.ViewerProfile(
                said["viewer_id"],
                said["market"],
                said["language"],
                tuple(said["interests"]),
                said.get("device"),
            )
        )
        return Response(body.data, status=201 if is_new else 200)
