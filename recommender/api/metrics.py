"""The account of the event stream: what came in, what became of it, and the way back for what was refused."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import engine
from recommender.api.fields import BIG_INT
from recommender.api.pages import NewestFirst
from recommender.api.problems import PROBLEMS
from recommender.models import RefusedEvent


class AccountSerializer(serializers.Serializer[Any]):
    """received = stored + duplicate + refused, always."""

    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()
    replayed = serializers.IntegerField(help_text="refused events that were accepted later")
    pending_batches = serializers.IntegerField(help_text="not yet in the hourly counts")
    lag_seconds = serializers.FloatField(allow_null=True, help_text="age of the oldest of them")
    is_conserved = serializers.BooleanField()


class RefusedEventSerializer(serializers.Serializer[Any]):
    """An event that was not accepted, whole."""

    id = serializers.IntegerField()
    batch_id = serializers.IntegerField()
    index = serializers.IntegerField()
    field = serializers.CharField()
    reason = serializers.CharField()
    payload = serializers.JSONField()
    refused_at = serializers.DateTimeField()
    replayed_at = serializers.DateTimeField(allow_null=True)
    replay_outcome = serializers.CharField()


class ReplaySerializer(serializers.Serializer[Any]):
    """Which refused events to try again."""

    ids = serializers.ListField(
        child=serializers.IntegerField(**BIG_INT), max_length=1000, required=False, help_text="empty = all"
    )


class ReplayResultSerializer(serializers.Serializer[Any]):
    """What became of them."""

    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()


class MetricsView(APIView):
    """The conservation figures."""

    required_scopes = {"GET": "training:read"}

    @extend_schema(operation_id="get_metrics", responses={200: AccountSerializer, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Count every event that ever came in by what became of it."""
        return Response(asdict(engine.read_account()))


class RefusedEventsView(ListAPIView[RefusedEvent]):
    """Refused events, newest first."""

    required_scopes = {"GET": "events:write"}
    queryset = RefusedEvent.objects.all()
    serializer_class = RefusedEventSerializer
    pagination_class = NewestFirst


class ReplayView(APIView):
    """Replay of refused events."""

    required_scopes = {"POST": "events:write"}

    @extend_schema(
        operation_id="replay_refused",
        request=ReplaySerializer,
        responses={200: ReplayResultSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Try refused events again, by the rules as they are now; each still counts once."""
        body = ReplaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(asdict(engine.replay_refused(body.validated_data.get("ids"))))
