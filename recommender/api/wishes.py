"""What a viewer asks of the feed: mutes, a reset, and why a video is or is not there."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import engine
from recommender.api.fields import BIG_INT
from recommender.api.problems import PROBLEMS


def _ids(text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.IntegerField(**BIG_INT), max_length=100, default=list, help_text=text
    )


class WishesSerializer(serializers.Serializer[Any]):
    """What holds for a viewer."""

    viewer_id = serializers.IntegerField()
    muted_creator_ids = serializers.ListField(child=serializers.IntegerField())
    muted_sound_ids = serializers.ListField(child=serializers.IntegerField())
    muted_words = serializers.ListField(child=serializers.CharField())
    reset_at = serializers.DateTimeField(allow_null=True)
    can_undo_reset = serializers.BooleanField()


class MuteSerializer(serializers.Serializer[Any]):
    """What is muted, or heard again."""

    creator_ids = _ids("creators")
    sound_ids = _ids("sounds")
    words = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=100,
        default=list,
        help_text="words of captions",
    )
    is_muted = serializers.BooleanField(default=True, help_text="false = take the mute back")


def _answer(act: Callable[[], Any]) -> Response:
    """What the engine says of a viewer; 404 for one nobody knows."""
    try:
        return Response(asdict(act()))
    except engine.UnknownViewerError as error:
        raise NotFound(str(error)) from error


class MutesView(APIView):
    """Mutes."""

    required_scopes = {"GET": "feed:read", "POST": "feed:read"}

    @extend_schema(operation_id="get_wishes", responses={200: WishesSerializer, **PROBLEMS})
    def get(self, request: Request, pk: int) -> Response:
        """What the viewer muted, and whether the feed was reset."""
        return _answer(lambda: engine.read_wishes(pk))

    @extend_schema(
        operation_id="mute",
        request=MuteSerializer,
        responses={200: WishesSerializer, **PROBLEMS},
        examples=[OpenApiExample("no more of this sound", value={"sound_ids": [1207]}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Mute creators, sounds or words, or take mutes back; the next page follows."""
        body = MuteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return _answer(lambda: engine.mute(pk, **body.validated_data))


class ResetView(APIView):
    """A new beginning."""

    required_scopes = {"POST": "feed:read", "DELETE": "feed:read"}

    @extend_schema(operation_id="reset_feed", request=None, responses={200: WishesSerializer, **PROBLEMS})
    def post(self, request: Request, pk: int) -> Response:
        """Forget what the viewer watched, liked and searched for; follows and mutes stay."""
        return _answer(lambda: engine.reset_feed(pk))

    @extend_schema(operation_id="undo_reset", responses={200: WishesSerializer, **PROBLEMS})
    def delete(self, request: Request, pk: int) -> Response:
        """Bring back what the last reset took."""
        return _answer(lambda: engine.undo_reset(pk))


class WhyQuery(serializers.Serializer[Any]):
    """Which video is asked about."""

    video_id = serializers.IntegerField(**BIG_INT)


class TraceSerializer(serializers.Serializer[Any]):
    """The way of one video towards a viewer's next page."""

    video_id = serializers.IntegerField()
    outcome = serializers.ChoiceField(
        choices=[
            "unknown_video", "blocked", "gate", "seen", "muted_creator", "muted_sound_or_word",
            "not_recalled", "crowded_out", "creator_daily_cap", "topic_daily_cap", "outranked", "shown",
        ]
    )  # fmt: skip
    sources = serializers.DictField(
        child=serializers.IntegerField(), help_text="recall source -> place at which it proposes it, 0 = best"
    )
    admitted_by = serializers.ListField(
        child=serializers.CharField(), help_text="exceptions to its market's gate"
    )
    n_candidates = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True)
    value_rank = serializers.IntegerField(allow_null=True, help_text="1 = most valuable candidate")
    value_needed = serializers.FloatField(allow_null=True, help_text="of the last video on the page")
    contributions = serializers.DictField(child=serializers.FloatField(), help_text="parts of its value")
    position = serializers.IntegerField(allow_null=True, help_text="0-based, on the page without draws")
    rules = serializers.ListField(child=serializers.CharField())
    is_owed_viewers = serializers.BooleanField(help_text="a new video that may be drawn beside the best")


class WhyView(APIView):
    """Why this video, why not that one."""

    required_scopes = {"GET": "feed:read"}

    @extend_schema(
        operation_id="explain_video", parameters=[WhyQuery], responses={200: TraceSerializer, **PROBLEMS}
    )
    def get(self, request: Request, pk: int) -> Response:
        """Follow a video through gate, mutes, recall, caps and value; nothing is logged or marked seen."""
        query = WhyQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return _answer(lambda: engine.explain_video(pk, query.validated_data["video_id"]))
