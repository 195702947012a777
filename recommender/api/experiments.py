"""Experiments over HTTP: set up, preview, start, watch, stop, conclude."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import engine
from recommender.api.authentication import find_caller
from recommender.api.pages import NewestFirst
from recommender.api.problems import PROBLEMS, Conflict
from recommender.models import Experiment

_EXAMPLE = OpenApiExample(
    "more worth on shares",
    value={
        "name": "shares-up",
        "hypothesis": "A share worth more brings 2 % more long watches within two weeks.",
        "primary_metric": "long_watches",
        "guards": [{"metric": "not_interested", "tolerance": 0.02}],
        "planned_effect": 0.02,
        "arms": [
            {"name": "control", "share": 0.5},
            {"name": "shares", "share": 0.5, "overrides": {"value.share": 15.0}},
        ],
    },
    request_only=True,
)


_READOUT_EXAMPLE = OpenApiExample(
    "two arms after four days",
    value={
        "split": {"counts": [5012, 4988], "shares": [0.5, 0.5], "p_value": 0.81, "is_sound": True},
        "progress": {"units": 4988, "planned_units": 9000, "days": 4.1, "planned_days": 14},
        "arms": [
            {
                "arm": "shares",
                "metrics": [
                    {
                        "metric": "long_watches",
                        "role": "primary",
                        "relative": 0.013,
                        "relative_interval": [-0.011, 0.037],
                        "p_value": 0.42,
                        "verdict": "undecided",
                    }
                ],
            }
        ],
        "segments": [],
        "notes": ["Viewers of both arms share creators and trends: ..."],
    },
    response_only=True,
)


class ArmSerializer(serializers.Serializer[Any]):
    """One way of serving; the first of a list is the control."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=20)
    share = serializers.FloatField(min_value=0.001, max_value=0.999, help_text="all arms add up to 1")
    overrides = serializers.DictField(
        default=dict,
        help_text='values by path: {"rerank.diversity": 0.3, "value.like": 5, "mix.trending": 2}',
    )
    value_weights_id = serializers.IntegerField(
        default=None, allow_null=True, help_text="a stored version for all markets"
    )
    model_version_id = serializers.IntegerField(
        default=None, allow_null=True, help_text="null = the live one"
    )
    stopped_at = serializers.DateTimeField(read_only=True)
    stop_reason = serializers.CharField(read_only=True)


class ExperimentSerializer(serializers.Serializer[Any]):
    """One question put to the feed; frozen once it has started."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=40)
    hypothesis = serializers.CharField(max_length=4000)
    design = serializers.ChoiceField(choices=Experiment.Design.choices, default="viewer")
    learning = serializers.ChoiceField(choices=Experiment.Learning.choices, default="shared")
    layer = serializers.CharField(max_length=40, default="feed")
    traffic_share = serializers.FloatField(default=1.0, help_text="0.001-1, of the layer's units")
    salt = serializers.CharField(max_length=64, default="", allow_blank=True)
    slice_seconds = serializers.IntegerField(default=3600, help_text="of a switchback")
    primary_metric = serializers.CharField(default="long_watches")
    guards = serializers.ListField(
        child=serializers.DictField(), default=list, help_text='[{"metric": ..., "tolerance": 0.02}]'
    )
    planned_effect = serializers.FloatField(default=0.02, help_text="relative")
    planned_days = serializers.IntegerField(default=14)
    planned_units = serializers.IntegerField(default=0, min_value=0, help_text="an arm; 0 = calculated")
    arms = ArmSerializer(many=True)
    state = serializers.ChoiceField(choices=Experiment.State.choices, read_only=True)
    started_at = serializers.DateTimeField(read_only=True)
    ended_at = serializers.DateTimeField(read_only=True)
    stop_reason = serializers.CharField(read_only=True)
    conclusion = serializers.CharField(read_only=True)


class TextSerializer(serializers.Serializer[Any]):
    """Why, or what was learnt."""

    text = serializers.CharField(max_length=4000)


class PowerQuery(serializers.Serializer[Any]):
    """What a power calculation is asked for."""

    primary_metric = serializers.ChoiceField(choices=engine.EXPERIMENT_METRICS, default="long_watches")
    planned_effect = serializers.FloatField(min_value=0.001, max_value=1, default=0.02)
    design = serializers.ChoiceField(choices=Experiment.Design.choices, default="viewer")
    n_arms = serializers.IntegerField(min_value=2, max_value=20, default=2)
    planned_days = serializers.IntegerField(min_value=1, max_value=90, default=14)
    slice_seconds = serializers.IntegerField(min_value=600, max_value=604_800, default=3600)


class PowerSerializer(serializers.Serializer[Any]):
    """How many units an effect needs."""

    units_an_arm = serializers.IntegerField()
    mean = serializers.FloatField(help_text="of the metric a unit")
    deviation = serializers.FloatField(help_text="what is left of it once the past is used")
    variance_kept = serializers.FloatField()
    n_units = serializers.IntegerField(help_text="units the past told of")


def _refuse(error: engine.ExperimentError) -> Exception:
    """A fault of the request's fields is 400, one of the state of things 409."""
    if {field for field, _ in error.faults} <= {"state", "layer", "traffic_share", "id"}:
        return Conflict(str(error))
    return ValidationError({field: [text] for field, text in error.faults})


class ExperimentsView(ListAPIView[Experiment]):
    """Experiments."""

    required_scopes = {"GET": "experiments:read", "POST": "experiments:control"}
    queryset = Experiment.objects.prefetch_related("arms")
    serializer_class = ExperimentSerializer
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="create_experiment",
        request=ExperimentSerializer,
        responses={201: ExperimentSerializer, **PROBLEMS},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Make a draft; every fault is named."""
        body = ExperimentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields, caller = dict(body.validated_data), find_caller(request)
        try:
            made = engine.save_experiment(fields, fields.pop("arms"), caller.owner_id if caller else None)
        except engine.ExperimentError as error:
            raise _refuse(error) from error
        return Response(ExperimentSerializer(made).data, status=201)


class ExperimentView(RetrieveAPIView[Experiment]):
    """One experiment."""

    required_scopes = {"GET": "experiments:read", "DELETE": "experiments:control"}
    queryset = Experiment.objects.prefetch_related("arms")
    serializer_class = ExperimentSerializer

    @extend_schema(operation_id="delete_experiment", responses={204: None, **PROBLEMS})
    def delete(self, request: Request, pk: int) -> Response:
        """Throw a draft away; what has started stays on record."""
        try:
            engine.discard_experiment(self.get_object().pk)
        except engine.ExperimentError as error:
            raise _refuse(error) from error
        return Response(status=204)


class StartExperimentView(APIView):
    """The start of an experiment."""

    required_scopes = {"POST": "experiments:control"}

    @extend_schema(
        operation_id="start_experiment", request=None, responses={200: ExperimentSerializer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Serve a draft; from here on what it is about is frozen."""
        return _act(lambda: engine.start_experiment(pk))


class StopExperimentView(APIView):
    """The stop of an experiment."""

    required_scopes = {"POST": "experiments:control"}

    @extend_schema(
        operation_id="stop_experiment",
        request=TextSerializer,
        responses={200: ExperimentSerializer, **PROBLEMS},
        examples=[OpenApiExample("a stop", value={"text": "wrong weights"}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Serve everybody the live setting again; `text` says why."""
        return _act(lambda: engine.stop_experiment(pk, _read_text(request)))


class ConcludeExperimentView(APIView):
    """The end of an experiment."""

    required_scopes = {"POST": "experiments:control"}

    @extend_schema(
        operation_id="conclude_experiment",
        request=TextSerializer,
        responses={200: ExperimentSerializer, **PROBLEMS},
        examples=[OpenApiExample("a lesson", value={"text": "no effect beyond 1 %"}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        """End a running or stopped experiment; `text` says what was learnt."""
        return _act(lambda: engine.conclude_experiment(pk, _read_text(request)))


def _read_text(request: Request) -> str:
    body = TextSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return str(body.validated_data["text"])


def _act(call: Any) -> Response:
    try:
        return Response(ExperimentSerializer(call()).data)
    except engine.ExperimentError as error:
        raise _refuse(error) from error
    except ValueError as error:
        raise Conflict(str(error)) from error


class ReadoutView(APIView):
    """What an experiment says."""

    required_scopes = {"GET": "experiments:read"}

    @extend_schema(
        operation_id="get_readout",
        responses={200: OpenApiTypes.OBJECT, **PROBLEMS},
        examples=[_READOUT_EXAMPLE],
    )
    def get(self, request: Request, pk: int) -> Response:
        """Split, metrics of each arm with always-valid intervals, segments, and what stands in between."""
        return Response(engine.read_experiment(get_object_or_404(Experiment, pk=pk)))


class PreviewExperimentView(APIView):
    """What arms would have earned."""

    required_scopes = {"GET": "experiments:read"}

    @extend_schema(operation_id="preview_experiment", responses={200: OpenApiTypes.OBJECT, **PROBLEMS})
    def get(self, request: Request, pk: int) -> Response:
        """Off-policy estimates of each arm from logged choices, or why the log cannot answer."""
        experiment = get_object_or_404(Experiment, pk=pk)
        try:
            return Response({"arms": engine.preview_experiment(experiment)})
        except engine.ExperimentError as error:
            raise Conflict(str(error)) from error


class PowerView(APIView):
    """How large an experiment has to be."""

    required_scopes = {"GET": "experiments:read"}

    @extend_schema(
        operation_id="calculate_power", parameters=[PowerQuery], responses={200: PowerSerializer, **PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """Units an arm in which a change of the metric is found in four of five runs."""
        query = PowerQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        try:
            power = engine.calculate_power(
                asked["design"], asked["primary_metric"], asked["planned_effect"], asked["n_arms"],
                asked["planned_days"], asked["slice_seconds"],
            )  # fmt: skip
        except ValueError as error:
            raise Conflict(str(error)) from error
        return Response(PowerSerializer(power).data)
