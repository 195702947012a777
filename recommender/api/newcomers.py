"""Where new videos stand, who is seen in each market, and the groups of viewers."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import engine
from recommender.api.problems import PROBLEMS


class VideoStageSerializer(serializers.Serializer[Any]):
    """One market's pools."""

    video_id = serializers.IntegerField()
    market = serializers.CharField(help_text="country of the viewers")
    state = serializers.ChoiceField(
        choices=["waiting", "trying", "passed", "let_go", "expired"],
        help_text="trying: viewers are guaranteed; let_go: below its cohort, it competes alone",
    )
    pool = serializers.IntegerField(help_text="pools passed")
    pools = serializers.IntegerField(help_text="guaranteed pools")
    shown = serializers.FloatField(help_text="trusted impressions in this market")
    target = serializers.FloatField(allow_null=True, help_text="impressions at which the pool is full")
    mean = serializers.FloatField(allow_null=True, help_text="estimated share of good impressions, 0-1")
    bar = serializers.FloatField(allow_null=True, help_text="what its cohort asks, 0-1")
    chance = serializers.FloatField(allow_null=True, help_text="chance to be above the bar, 0-1")
    cohort = serializers.CharField(help_text="market_and_length, market, everything, or empty: too few")
    judged_at = serializers.DateTimeField()


class VideoStagesView(APIView):
    """The stages of one video."""

    required_scopes = {"GET": "catalog:read"}

    @extend_schema(
        operation_id="get_video_stages",
        responses={200: VideoStageSerializer(many=True), **PROBLEMS},
        examples=[
            OpenApiExample(
                "in its first pool at home",
                value=[
                    {
                        "video_id": 81, "market": "MY", "state": "trying", "pool": 0, "pools": 3,
                        "shown": 21.0,
                        "target": 60.0, "mean": 0.34, "bar": None, "chance": None, "cohort": "",
                        "judged_at": "2026-11-24T09:31:00Z",
                    }
                ],
                response_only=True,
            )
        ],
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        """One row a market, by market; empty for a video that was never new here."""
        return Response(VideoStageSerializer(engine.describe_stages([pk]), many=True).data)


class ExposureSerializer(serializers.Serializer[Any]):
    """Who one market's viewers were shown in the last 24 hours."""

    market = serializers.CharField()
    hour_at = serializers.DateTimeField()
    impression_count = serializers.FloatField()
    newcomers = serializers.FloatField(allow_null=True, help_text="share of new videos, 0-1")
    small_creators = serializers.FloatField(allow_null=True, help_text="share of small creators' videos, 0-1")
    home_market = serializers.FloatField(allow_null=True, help_text="share of the market's own creators, 0-1")
    coverage = serializers.FloatField(
        allow_null=True, help_text="share of recent admitted videos shown at all"
    )
    gini = serializers.FloatField(allow_null=True, help_text="inequality over videos, all markets, 0-1")
    new_video_share = serializers.FloatField(help_text="positions given to new videos, 0-1")
    owed_kept = serializers.FloatField(allow_null=True, help_text="first pools that ended full, 0-1")
    floors = serializers.DictField(
        child=serializers.FloatField(), help_text="floors not met -> positions drawn for them"
    )


class ExposureReportSerializer(serializers.Serializer[Any]):
    """Figures beside the floors they are held to."""

    floors = serializers.DictField(
        child=serializers.FloatField(), help_text="floor by name, share of impressions"
    )
    markets = ExposureSerializer(many=True)


class ExposureView(APIView):
    """Exposure of newcomers, small creators and each market."""

    required_scopes = {"GET": "training:read"}

    @extend_schema(operation_id="get_exposure", responses={200: ExposureReportSerializer, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """The newest figures of each market, and the floors that the re-rank keeps."""
        told = {"floors": engine.list_floors(), "markets": engine.read_exposure()}
        return Response(ExposureReportSerializer(told).data)


class GroupSerializer(serializers.Serializer[Any]):
    """One group of viewers."""

    kind = serializers.ChoiceField(choices=["engagement", "interest"])
    id = serializers.IntegerField(help_text="stable over versions")
    traits = serializers.ListField(
        child=serializers.CharField(), help_text="what sets it apart: +like = more than usual, -watch = less"
    )
    size = serializers.IntegerField(help_text="viewers")
    version = serializers.IntegerField()
    stability = serializers.FloatField(
        allow_null=True, help_text="adjusted Rand index against the version before, 1 = the same"
    )


class GroupsView(APIView):
    """Groups of viewers."""

    required_scopes = {"GET": "training:read"}

    @extend_schema(operation_id="list_viewer_groups", responses={200: GroupSerializer(many=True), **PROBLEMS})
    def get(self, request: Request) -> Response:
        """The groups in force, by kind and id."""
        return Response([asdict(group) for group in engine.list_groups()])
