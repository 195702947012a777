"""What the overview and the videos show, for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.tables import RANGE_PARAMETERS, describe_columns, list_records, make_plain
from merchants.api.views import MerchantView
from merchants.figures import changes, facets, videos
from merchants.figures.daily import list_columns, tabulate_days
from merchants.figures.key_figures import KeyFigure, list_key_figures
from merchants.figures.limits import STAGES
from merchants.models import Facet

_FACETS = {
    "market": ("market", Facet.SOURCE),
    "source": ("key", Facet.SOURCE),
    "language": ("key", Facet.LANGUAGE),
    "device": ("key", Facet.DEVICE),
    "group": ("key", Facet.GROUP),
}
_READ = {"GET": "figures:read"}


class KeyFigureSerializer(serializers.Serializer[Any]):
    """One figure of the range, and how it changed over the days that are over."""

    key = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    before = serializers.FloatField(allow_null=True, help_text="the span it is compared with")
    direction = serializers.ChoiceField(["up", "down", "flat", "new", "unknown"])
    change = serializers.FloatField(allow_null=True, help_text="a fraction of `before`")
    origin = serializers.CharField(help_text="imported, orders, activity, or empty")


class PartSerializer(serializers.Serializer[Any]):
    """One part of the audience."""

    key = serializers.CharField(help_text="country, source, language, device or id of a group of viewers")
    views = serializers.IntegerField()
    views_before = serializers.IntegerField()
    cart_clicks = serializers.IntegerField()
    orders = serializers.IntegerField()


class StepSerializer(serializers.Serializer[Any]):
    """A step of the funnel."""

    key = serializers.CharField()
    count = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="of the step before")


class MoverSerializer(serializers.Serializer[Any]):
    """A part of what changed."""

    dimension = serializers.ChoiceField(["video", "market", "source"])
    key = serializers.CharField()
    difference = serializers.IntegerField()


class DaysView(MerchantView):
    """All figures per day."""

    required_scopes: ClassVar[dict[str, str]] = _READ

    @extend_schema(
        responses=describe_columns("Day", list_columns("")), parameters=RANGE_PARAMETERS, tags=["merchant"],
        summary="Figures per day",
    )  # fmt: skip
    def get(self, request: Request, account_id: int) -> Response:
        """One row per day, oldest first."""
        scope = self.find_scope(request, account_id)
        return Response(list_records(tabulate_days(scope.account, scope.range.shown, scope.markets)))


class KeyFiguresView(MerchantView):
    """The cards at the top of the overview."""

    required_scopes: ClassVar[dict[str, str]] = _READ

    @extend_schema(
        responses=KeyFigureSerializer(many=True), parameters=RANGE_PARAMETERS, tags=["merchant"],
        summary="Key figures with their change",
    )  # fmt: skip
    def get(self, request: Request, account_id: int) -> Response:
        """In the overview's order."""
        scope = self.find_scope(request, account_id)
        return Response([_describe(figure) for figure in list_key_figures(scope)])


def _describe(figure: KeyFigure) -> dict[str, Any]:
    return {
        "key": figure.metric.key,
        "value": make_plain(figure.shown),
        "before": make_plain(figure.before),
        "direction": figure.delta.direction,
        "change": make_plain(figure.delta.share),
        "origin": figure.source,
    }


class PartsView(MerchantView):
    """The audience by market, source, language or device."""

    required_scopes: ClassVar[dict[str, str]] = _READ

    @extend_schema(
        responses=PartSerializer(many=True), tags=["merchant"], summary="Audience and traffic sources",
        parameters=[*RANGE_PARAMETERS, OpenApiParameter("facet", str, "path", enum=list(_FACETS))],
    )  # fmt: skip
    def get(self, request: Request, account_id: int, facet: str) -> Response:
        """Most views first."""
        if facet not in _FACETS:
            raise Http404(f"facet {facet!r} is none of {', '.join(_FACETS)}")
        scope = self.find_scope(request, account_id)
        span = scope.range.closed or scope.range.shown
        parts = facets.list_parts(scope.account, *_FACETS[facet], span, scope.range.before, scope.markets)
        return Response([_describe_part(part) for part in parts])


def _describe_part(part: facets.Part) -> dict[str, Any]:
    told = {name: part.sums[name] for name in ("views", "cart_clicks", "orders")}
    return {"key": part.key, "views_before": part.before["views"], **told}


class HoursView(MerchantView):
    """When viewers watch."""

    required_scopes: ClassVar[dict[str, str]] = _READ

    @extend_schema(
        responses={200: {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}},
        parameters=RANGE_PARAMETERS, tags=["merchant"], summary="Views by weekday and hour",
    )  # fmt: skip
    def get(self, request: Request, account_id: int) -> Response:
        """Seven lists (Monday first) of 24 hours on the viewers' clocks."""
        scope = self.find_scope(request, account_id)
        return Response(facets.sum_hours(scope.account, scope.range.shown, scope.markets))


class FunnelView(MerchantView):
    """From a feed to an order."""

    required_scopes: ClassVar[dict[str, str]] = _READ

    @extend_schema(
        responses=StepSerializer(many=True), parameters=RANGE_PARAMETERS, tags=["merchant"], summary="Funnel"
    )
    def get(self, request: Request, account_id: int) -> Response:
        """Impressions, views, cart clicks, orders."""
        scope = self.find_scope(request, account_id)
        steps = facets.list_steps(facets.sum_all(scope.account, scope.range.shown, scope.markets))
        rows = [{"key": one.key, "count": one.count, "share": make_plain(one.share)} for one in steps]
        return Response(rows)


class ChangesView(MerchantView):
    """What the change in views consists of."""

    required_scopes: ClassVar[dict[str, str]] = _READ

    @extend_schema(
        responses=MoverSerializer(many=True), parameters=RANGE_PARAMETERS, tags=["merchant"],
        summary="What changed, and why",
    )  # fmt: skip
    def get(self, request: Request, account_id: int) -> Response:
        """Strongest first; empty where nothing is compared."""
        scope = self.find_scope(request, account_id)
        if scope.range.closed is None or scope.range.before is None:
            return Response([])
        found = changes.explain(scope.account, scope.range.closed, scope.range.before, scope.markets)
        return Response(
            [
                {"dimension": one.dimension, "key": one.key, "difference": one.difference}
                for one in found.movers
            ]
        )


class VideosView(MerchantView):
    """Every video in one row."""

    required_scopes: ClassVar[dict[str, str]] = _READ

    @extend_schema(
        responses=describe_columns("MerchantVideo", videos.COLUMNS), tags=["merchant"], summary="Videos",
        parameters=[
            *RANGE_PARAMETERS,
            OpenApiParameter("sort", str),
            OpenApiParameter("q", str),
            OpenApiParameter("stage", str, description="limited by", enum=list(STAGES)),
        ],
    )  # fmt: skip
    def get(self, request: Request, account_id: int) -> Response:
        """All videos, sorted and filtered as on the page."""
        scope = self.find_scope(request, account_id)
        choice = videos.read_choice(request.query_params, is_whole=True)
        return Response(
            list_records(videos.tabulate_videos(scope.account, scope.range.shown, choice, scope.markets))
        )
