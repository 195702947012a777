"""Which stage limits a video, and the groups of viewers, for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.tables import RANGE_PARAMETERS
from merchants.api.views import MerchantView
from merchants.figures import limits, naming, stages, videos
from recommender import engine


class EvidenceSerializer(serializers.Serializer[Any]):
    """What one stage of the engine leaves of the video."""

    name = serializers.CharField()
    share = serializers.FloatField(help_text="0 to 1")
    usual = serializers.FloatField(help_text="0 to 1: the same of all videos")


class PoolSerializer(serializers.Serializer[Any]):
    """Where a new video stands with its first viewers in one market."""

    market = serializers.CharField(source="told.market")
    state = serializers.CharField(source="told.state", help_text="waiting, trying, passed, let_go or expired")
    pool = serializers.IntegerField(source="told.pool", help_text="pools passed")
    pools = serializers.IntegerField(source="told.pools", help_text="guaranteed pools")
    shown = serializers.FloatField(source="told.shown")
    target = serializers.FloatField(source="told.target", allow_null=True)
    mean = serializers.FloatField(source="told.mean", allow_null=True, help_text="share of good views, 0-1")
    bar = serializers.FloatField(source="told.bar", allow_null=True, help_text="what its peers ask, 0-1")


class VideoLimitSerializer(serializers.Serializer[Any]):
    """Where a video loses reach."""

    video_ref = serializers.CharField()
    stage = serializers.ChoiceField(
        choices=list(limits.STAGES), allow_null=True, help_text="null where nothing was counted"
    )
    title = serializers.CharField(allow_null=True)
    advice = serializers.CharField(allow_null=True)
    viewer_count = serializers.IntegerField(
        allow_null=True,
        help_text="viewers it was followed for; null = judged against the account's own videos",
    )
    evidence = EvidenceSerializer(many=True)
    pools = PoolSerializer(many=True)


_STAGE = OpenApiExample(
    "recall finds it for few",
    {
        "video_ref": "81", "stage": "recall", "title": "Recall: found by few",
        "advice": "Few feeds consider it. Name the product in the caption and in the first hashtag.",
        "viewer_count": 40,
        "evidence": [{"name": "Recall takes it for", "share": 0.12, "usual": 0.5}], "pools": [],
    },
    response_only=True,
)  # fmt: skip


class VideoStageView(MerchantView):
    """The stage that limits one video."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "figures:read"}

    @extend_schema(
        responses=VideoLimitSerializer, parameters=RANGE_PARAMETERS, examples=[_STAGE], tags=["merchant"],
        summary="The stage that limits a video",
    )  # fmt: skip
    def get(self, request: Request, account_id: int, video_ref: str) -> Response:
        """The stage, what to do about it, and the evidence."""
        scope = self.find_scope(request, account_id)
        row = videos.find_video(scope.account, video_ref, scope.range.shown, scope.markets)
        stage = limits.STAGES.get(row["stage_key"])
        evidence = limits.describe_evidence(scope.account, video_ref)
        told = {
            "video_ref": video_ref,
            "stage": stage.key if stage else None,
            "title": stage.title if stage else None,
            "advice": stage.advice if stage else None,
            "viewer_count": evidence.viewer_count if evidence else None,
            "evidence": [
                {"name": name, "share": share, "usual": usual}
                for name, share, usual in (evidence.lines if evidence else ())
            ],
            "pools": stages.list_stages(scope.account, video_ref),
        }
        return Response(VideoLimitSerializer(told).data)


class AudienceGroupSerializer(serializers.Serializer[Any]):
    """A group of viewers: the keys of the facet `group`."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="what sets it apart")
    traits = serializers.ListField(child=serializers.CharField(), help_text="+like: above all viewers")
    size = serializers.IntegerField(help_text="viewers")


_GROUP = OpenApiExample(
    "those who like and stay",
    [{"id": 3, "name": "↑ Likes, ↓ Swipes", "traits": ["+like", "-swipe"], "size": 912}],
    response_only=True,
)


class AudienceGroupsView(MerchantView):
    """The groups of viewers that audiences are told by."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "figures:read"}

    @extend_schema(
        responses=AudienceGroupSerializer(many=True), examples=[_GROUP], tags=["merchant"],
        summary="Groups of viewers by engagement",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """By id; ids change when viewers are grouped anew."""
        rows = [
            {
                "id": one.id,
                "name": naming.name_part("group", str(one.id)),
                "traits": one.traits,
                "size": one.size,
            }
            for one in engine.list_groups()
            if one.kind == "engagement"
        ]
        return Response(AudienceGroupSerializer(rows, many=True).data)
