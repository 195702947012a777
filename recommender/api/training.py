"""Training runs of both kinds and model versions: start, watch, promote, roll back."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import engine
from recommender.api.authentication import find_caller
from recommender.api.pages import NewestFirst
from recommender.api.problems import PROBLEMS, Conflict
from recommender.models import ModelVersion, TrainingRun

#: Kind of run -> who asks for it.
_ASK = {TrainingRun.Kind.FULL: engine.request_training, TrainingRun.Kind.UPDATE: engine.request_update}


class TrainingRunSerializer(serializers.Serializer[Any]):
    """One retraining or update."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(
        choices=TrainingRun.Kind.choices,
        help_text="full: everything is fitted anew; update: the live version's weights follow new events",
    )
    state = serializers.ChoiceField(choices=TrainingRun.State.choices)
    reason = serializers.CharField()
    trigger = serializers.CharField()
    progress = serializers.FloatField(help_text="0 to 1")
    step = serializers.CharField()
    attempts = serializers.IntegerField()
    data_until = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class RunWantedSerializer(serializers.Serializer[Any]):
    """Which kind of run is wanted."""

    kind = serializers.ChoiceField(choices=TrainingRun.Kind.choices, default=TrainingRun.Kind.FULL)


class ModelVersionSerializer(serializers.Serializer[Any]):
    """One set of model files and its record."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ModelVersion.State.choices)
    reason = serializers.CharField()
    trained_until = serializers.DateTimeField()
    metrics = serializers.JSONField()
    created_at = serializers.DateTimeField()
    promoted_at = serializers.DateTimeField(allow_null=True)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why somebody intervenes."""

    reason = serializers.CharField(max_length=500)


class TrainingRunsView(ListAPIView[TrainingRun]):
    """Training runs of both kinds, newest first; `?kind=update` lists one of them."""

    required_scopes = {"GET": "training:read", "POST": "training:control"}
    queryset = TrainingRun.objects.all()
    serializer_class = TrainingRunSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[TrainingRun]:
        """Runs of the kind that was asked for, or all."""
        runs = super().get_queryset()
        if "kind" not in self.request.query_params:
            return runs
        wanted = RunWantedSerializer(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        return runs.filter(kind=wanted.validated_data["kind"])

    @extend_schema(parameters=[RunWantedSerializer], operation_id="list_training_runs")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Training runs, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="request_training",
        request=RunWantedSerializer,
        responses={200: TrainingRunSerializer, 202: TrainingRunSerializer, **PROBLEMS},
        examples=[
            OpenApiExample("a full retraining", value={"kind": "full"}, request_only=True),
            OpenApiExample("an update with what came in since", value={"kind": "update"}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Ask for a run: 202 for a new one, 200 for the one of its kind that already waits or runs."""
        body = RunWantedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        caller = find_caller(request)
        ask = _ASK[body.validated_data["kind"]]
        run, is_new = ask("api", caller.owner_id if caller else None)
        return Response(TrainingRunSerializer(run).data, status=202 if is_new else 200)


class TrainingRunView(RetrieveAPIView[TrainingRun]):
    """One training run."""

    required_scopes = {"GET": "training:read", "DELETE": "training:control"}
    queryset = TrainingRun.objects.all()
    serializer_class = TrainingRunSerializer

    @extend_schema(operation_id="cancel_training", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, pk: int) -> Response:
        """Call a waiting or running run off."""
        if not engine.cancel_run(self.get_object().pk):
            raise Conflict(f"run {pk} is finished; there is nothing to call off")
        return Response(status=204)


class ModelVersionsView(ListAPIView[ModelVersion]):
    """Model versions."""

    required_scopes = {"GET": "training:read"}
    queryset = ModelVersion.objects.all()
    serializer_class = ModelVersionSerializer
    pagination_class = NewestFirst


class PromoteView(APIView):
    """Make a version live by hand."""

    required_scopes = {"POST": "training:control"}

    @extend_schema(
        operation_id="promote_version",
        request=ReasonSerializer,
        responses={200: ModelVersionSerializer, **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Check the version's files and make it live."""
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            version = engine.promote(pk, body.validated_data["reason"])
        except engine.RegistryError as error:
            raise Conflict(str(error)) from error
        return Response(ModelVersionSerializer(version).data)


class RollBackView(APIView):
    """Return to the version that was live before."""

    required_scopes = {"POST": "training:control"}

    @extend_schema(
        operation_id="roll_back",
        request=ReasonSerializer,
        responses={200: ModelVersionSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Make the version before the live one live again."""
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            version = engine.roll_back(body.validated_data["reason"])
        except engine.RegistryError as error:
            raise Conflict(str(error)) from error
        return Response(ModelVersionSerializer(version).data)
