"""Search for programs: accounts and videos for a query, and what was opened of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import engine
from recommender.api.fields import BIG_INT, MarketField
from recommender.api.problems import PROBLEMS

_MOST_LINES = 50


class QuerySerializer(serializers.Serializer[Any]):
    """What is searched, where."""

    q = serializers.CharField(max_length=80, help_text="as the viewer typed it")
    market = MarketField(help_text="whose viewers search")
    target = serializers.ChoiceField(choices=["accounts", "videos"], default="accounts")
    limit = serializers.IntegerField(min_value=1, max_value=_MOST_LINES, default=10)
    viewer_id = serializers.IntegerField(
        **BIG_INT, required=False, allow_null=True, default=None, help_text="whose mutes are obeyed"
    )
    is_logged = serializers.BooleanField(default=False, help_text="a viewer sees it: clicks can be reported")


class AccountLineSerializer(serializers.Serializer[Any]):
    """One account and why it is there."""

    creator_id = serializers.IntegerField(**BIG_INT)
    nickname = serializers.CharField()
    handle = serializers.CharField()
    market = serializers.CharField()
    niche = serializers.CharField(help_text="what the name says is sold, or none")
    consistency = serializers.FloatField(help_text="0 to 1: how likely the account belongs to that niche")
    relevance = serializers.FloatField(help_text="0 to 1: how well words and meaning fit the query")
    score = serializers.FloatField(help_text="0 to 1: what the order follows")
    matched = serializers.ListField(child=serializers.CharField(), help_text="word:..., niche:... or near")


class VideoLineSerializer(serializers.Serializer[Any]):
    """One video and why it is there."""

    video_id = serializers.IntegerField(**BIG_INT)
    creator_id = serializers.IntegerField(**BIG_INT)
    caption = serializers.CharField()
    nickname = serializers.CharField(help_text="of the creator")
    market = serializers.CharField()
    relevance = serializers.FloatField()
    score = serializers.FloatField()
    matched = serializers.ListField(child=serializers.CharField())


class FoundSerializer(serializers.Serializer[Any]):
    """A page of results, best first; one of the two lists is filled."""

    query = serializers.CharField()
    market = serializers.CharField()
    niche = serializers.CharField(help_text="what the query is about, or none")
    n_found = serializers.IntegerField()
    search_id = serializers.UUIDField(allow_null=True, help_text="under which clicks are reported")
    accounts = AccountLineSerializer(many=True)
    videos = VideoLineSerializer(many=True)


class ClickSerializer(serializers.Serializer[Any]):
    """A shown account that was opened."""

    search_id = serializers.UUIDField()
    creator_id = serializers.IntegerField(**BIG_INT)


class SearchView(APIView):
    """Accounts or videos for a query."""

    required_scopes = {"GET": "search:read"}

    @extend_schema(
        operation_id="search",
        parameters=[QuerySerializer, OpenApiParameter("q", str, required=True, description="as typed")],
        responses={200: FoundSerializer, **PROBLEMS},
        examples=[OpenApiExample("lipstick in Malaysia", {"q": "gincu", "market": "MY"}, request_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Ranked by relevance, niche consistency and engagement."""
        form = QuerySerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        return Response(FoundSerializer(search(form.validated_data)).data)


def search(asked: dict[str, Any]) -> dict[str, Any]:
    """Answer a checked query."""
    page = _find(asked)
    search_id = None
    if asked["is_logged"] and isinstance(page, engine.SearchPage):
        search_id = engine.record_search(page)
    return {
        "query": page.query,
        "market": page.market,
        "niche": page.niche,
        "n_found": page.n_found,
        "search_id": search_id,
        "accounts": page.lines if isinstance(page, engine.SearchPage) else (),
        "videos": page.lines if isinstance(page, engine.VideoPage) else (),
    }


def _find(asked: dict[str, Any]) -> engine.SearchPage | engine.VideoPage:
    find = engine.search_creators if asked["target"] == "accounts" else engine.search_videos
    try:
        if asked["viewer_id"] is not None:
            engine.read_wishes(asked["viewer_id"])
        return find(asked["q"], asked["market"], asked["limit"], asked["viewer_id"])
    except engine.UnknownViewerError as problem:
        raise ValidationError({"viewer_id": [str(problem)]}) from problem
    except ValueError as problem:
        raise ValidationError({"q": [str(problem)]}) from problem


class SearchClicksView(APIView):
    """What was opened."""

    required_scopes = {"POST": "search:read"}

    @extend_schema(
        operation_id="report_search_click", request=ClickSerializer, responses={204: None, **PROBLEMS}
    )
    def post(self, request: Request) -> Response:
        """Note a click once; clicks are weighed by the position they were made at."""
        form = ClickSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        clicked = form.validated_data
        if not engine.record_click(clicked["search_id"], clicked["creator_id"]):
            raise ValidationError(
                {"creator_id": [f"creator {clicked['creator_id']} was not shown by this search"]}
            )
        return Response(status=204)
