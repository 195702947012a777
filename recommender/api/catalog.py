"""Creators and videos: what can be recommended."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListSerializer
from rest_framework.views import APIView

from recommender import engine
from recommender.api.fields import BIG_INT
from recommender.api.pages import NewestFirst
from recommender.api.problems import PROBLEMS, Conflict
from recommender.models import Creator, Video

#: Bytes of an avatar that are read.
PICTURE_BYTES = 5 * 1024 * 1024
#: Rows a call may publish.
BATCH_LIMIT = 1000


class CreatorSerializer(serializers.Serializer[Any]):
    """A creator as programs see it."""

    id = serializers.IntegerField(**BIG_INT)
    handle = serializers.CharField(max_length=64)
    nickname = serializers.CharField(max_length=128, allow_blank=True, default="")
    market = serializers.CharField(max_length=2, allow_blank=True, default="", help_text="ISO 3166-1 country")
    language = serializers.CharField(max_length=8, allow_blank=True, default="")
    follower_count = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    is_blocked = serializers.BooleanField(read_only=True)


class VideoSerializer(serializers.Serializer[Any]):
    """A video as programs see it."""

    id = serializers.IntegerField(**BIG_INT)
    creator_id = serializers.IntegerField(**BIG_INT)
    caption = serializers.CharField(max_length=4000, allow_blank=True, default="")
    topics = serializers.ListField(
        child=serializers.CharField(max_length=64),
        max_length=6,
        default=list,
        help_text="empty = the hashtags",
    )
    language = serializers.CharField(max_length=8, allow_blank=True, default="")
    duration_seconds = serializers.FloatField(min_value=0, max_value=3600, allow_null=True, default=None)
    sound_id = serializers.IntegerField(**BIG_INT, allow_null=True, default=None)
    has_cart = serializers.BooleanField(default=False)
    published_at = serializers.DateTimeField()
    hashtags = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_blocked = serializers.BooleanField(read_only=True)


class PictureSerializer(serializers.Serializer[Any]):
    """What became of an avatar."""

    creator_id = serializers.IntegerField(source="pk", **BIG_INT)
    sha256 = serializers.CharField(help_text="of the PNG that is kept")
    niche = serializers.CharField(help_text="what the picture shows, or none")


class PictureParser(BaseParser):
    """The bytes of a picture as they came."""

    media_type = "image/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, bytes]:
        """At most one byte more than is taken, so that a larger body is refused unread."""
        return {"body": stream.read(PICTURE_BYTES + 1)}


class PublishedSerializer(serializers.Serializer[Any]):
    """How many rows a call wrote."""

    written = serializers.IntegerField()


class CreatorsView(ListAPIView[Creator]):
    """Creators."""

    required_scopes = {"GET": "catalog:read", "POST": "catalog:write"}
    queryset = Creator.objects.all()
    serializer_class = CreatorSerializer
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="publish_creators",
        request=CreatorSerializer(many=True),
        responses={200: PublishedSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Insert or change up to 1,000 creators by id."""
        rows: ListSerializer[Any] = ListSerializer(
            data=request.data, child=CreatorSerializer(), max_length=BATCH_LIMIT
        )
        rows.is_valid(raise_exception=True)
        return Response({"written": engine.publish_creators(rows.validated_data)})


class CreatorPictureView(APIView):
    """A creator's avatar."""

    required_scopes = {"PUT": "catalog:write"}
    parser_classes = (PictureParser,)

    @extend_schema(
        operation_id="put_creator_avatar",
        request={"image/*": bytes},
        responses={200: PictureSerializer, **PROBLEMS},
    )
    def put(self, request: Request, pk: int) -> Response:
        """Replace the avatar: the body is a PNG, JPEG or WebP of at most 5 MB; it is encoded again."""
        try:
            kept = engine.keep_picture(pk, cast(dict[str, bytes], request.data)["body"])
        except engine.NoSuchCreatorError as error:
            raise NotFound(str(error)) from error
        except engine.RefusedPictureError as error:
            raise ValidationError({"body": [str(error)]}) from error
        return Response(PictureSerializer(kept).data)


class VideosView(ListAPIView[Video]):
    """Videos."""

    required_scopes = {"GET": "catalog:read", "POST": "catalog:write"}
    queryset = Video.objects.all()
    serializer_class = VideoSerializer
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="publish_videos",
        request=VideoSerializer(many=True),
        responses={200: PublishedSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Insert or change up to 1,000 videos by id; feeds know them within seconds."""
        rows: ListSerializer[Any] = ListSerializer(
            data=request.data, child=VideoSerializer(), max_length=BATCH_LIMIT
        )
        rows.is_valid(raise_exception=True)
        try:
            return Response({"written": engine.publish_videos(rows.validated_data)})
        except engine.UnknownCreatorError as error:
            raise Conflict(str(error)) from error
