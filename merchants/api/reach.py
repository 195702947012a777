"""Reach simulations for a merchant's own programs: start, poll, fetch, cancel, compare."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.authentication import accounts_of
from merchants.api.views import MerchantView
from merchants.jobs.requests import TooManyJobsError, cancel_job, guess_remaining_seconds
from merchants.models import Job, Role
from merchants.reach import simulating
from merchants.reach.covers import read_cover
from merchants.uploads.pictures import RefusedPictureError, read_picture
from recommender.forecasts import HORIZONS_HOURS
from recommender.markets import LANGUAGES, get_market

_LISTED = 50


def check_market(code: str) -> None:
    """Refuse a country without a shopping cart, with the list of those that have one."""
    try:
        get_market(code)
    except ValueError as problem:
        raise ValidationError(str(problem)) from problem


class DraftSerializer(serializers.Serializer[Any]):
    """A video nobody has seen yet, and for whom it is simulated."""

    account = serializers.IntegerField(help_text="id of one of the key's accounts")
    title = serializers.CharField(max_length=120, required=False, default="API simulation")
    caption = serializers.CharField(max_length=2200, help_text="with its hashtags")
    topic = serializers.CharField(help_text="one the engine knows; an unknown one is refused with the list")
    cover = serializers.FileField(
        required=False, allow_null=True, default=None,
        help_text="PNG, JPEG or WebP, at most 5 MB (multipart): what it shows changes the forecast",
    )  # fmt: skip
    language = serializers.ChoiceField(choices=LANGUAGES)
    duration_seconds = serializers.FloatField(min_value=3, max_value=600)
    published_at = serializers.DateTimeField(help_text="ISO 8601 with zone")
    account_market = serializers.CharField(validators=[check_market], help_text="where it is registered")
    followers = serializers.IntegerField(min_value=0, max_value=500_000_000)
    has_cart = serializers.BooleanField(default=False)
    price = serializers.FloatField(min_value=0.01, required=False, allow_null=True, default=None)
    markets = serializers.ListField(
        child=serializers.CharField(validators=[check_market]), min_length=1, help_text="GB, US, ID, ..."
    )
    horizon_hours = serializers.ChoiceField(choices=HORIZONS_HOURS, default=168)
    n_replicates = serializers.IntegerField(min_value=50, max_value=20_000, default=400)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=7)

    def validate_cover(self, upload: Any) -> Any:
        """The picture made safe, or why it is refused."""
        try:
            return read_picture(upload.read()) if upload is not None else None
        except RefusedPictureError as problem:
            raise ValidationError(str(problem)) from problem


class SimulationSerializer(serializers.Serializer[Any]):
    """A simulation and how far it is."""

    id = serializers.IntegerField(source="pk")
    account = serializers.IntegerField(source="account_id")
    title = serializers.CharField()
    state = serializers.CharField(help_text="queued, running, done, failed or cancelled")
    reason = serializers.CharField()
    progress = serializers.FloatField(help_text="0 to 1")
    remaining_seconds = serializers.SerializerMethodField(help_text="null while nothing can be said")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_remaining_seconds(self, job: Job) -> int | None:
        """Going on as it has."""
        return guess_remaining_seconds(job)


class AnsweredSerializer(SimulationSerializer):
    """A simulation with its answer."""

    request = serializers.JSONField(help_text="what was asked, complete")
    result = serializers.JSONField(allow_null=True, help_text="`schema` names its shape; null until done")


class ReachView(MerchantView):
    """The simulations of the key's team."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "reach:read", "POST": "reach:write"}
    parser_classes = (JSONParser, MultiPartParser, FormParser)

    @extend_schema(responses=SimulationSerializer(many=True), summary="List simulations", tags=["merchant"])
    def get(self, request: Request) -> Response:
        """The newest 50."""
        jobs = Job.objects.filter(kind=Job.Kind.REACH, account__in=accounts_of(request))[:_LISTED]
        return Response(SimulationSerializer(jobs, many=True).data)

    @extend_schema(
        request=DraftSerializer, responses={201: SimulationSerializer, 200: SimulationSerializer},
        summary="Start a simulation", tags=["merchant"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """201 for a new one, 200 where the same `Idempotency-Key` or request was sent before."""
        form = DraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job, is_new = start(request, form.validated_data)
        return Response(SimulationSerializer(job).data, status=201 if is_new else 200)


def start(request: Request, asked: dict[str, Any]) -> tuple[Job, bool]:
    """Ask for the simulation of a checked draft; what cannot be asked is a 400 or 404."""
    account = accounts_of(request, Role.EDITOR).filter(pk=asked["account"]).first()
    if account is None:
        raise Http404(f"account {asked['account']} is none of this key's; GET /api/v1/merchant/accounts")
    data = {name: asked[name] for name in asked if name not in ("account", "title", "topic", "published_at")}
    data |= {"draft_topics": [asked["topic"]], "published_at": asked["published_at"].timestamp()}
    data["cover"] = read_cover(asked["cover"])
    key = request.headers.get("Idempotency-Key", "")[:64]
    try:
        return simulating.ask(account, asked["title"], data, key, cast(Any, request.user).pk)
    except (TooManyJobsError, ValueError) as problem:
        raise ValidationError({"detail": str(problem)}) from problem


class ReachOneView(MerchantView):
    """One simulation."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "reach:read", "DELETE": "reach:write"}

    @extend_schema(responses=AnsweredSerializer, summary="Poll or fetch a simulation", tags=["merchant"])
    def get(self, request: Request, job_id: int) -> Response:
        """Its state, and its answer once it is done."""
        return Response(AnsweredSerializer(find_job(request, job_id)).data)

    @extend_schema(responses=SimulationSerializer, summary="Cancel a simulation", tags=["merchant"])
    def delete(self, request: Request, job_id: int) -> Response:
        """Call it off; a finished one stays as it is."""
        cancel_job(find_job(request, job_id, Role.EDITOR).pk)
        return Response(SimulationSerializer(find_job(request, job_id)).data)


class ReachComparisonView(MerchantView):
    """Two simulations side by side."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "reach:read"}

    @extend_schema(responses=dict[str, Any], summary="Compare two simulations", tags=["merchant"])
    def get(self, request: Request, job_id: int, other_id: int) -> Response:
        """The medians and intervals of both, outcome by outcome."""
        pair = [find_job(request, one) for one in (job_id, other_id)]
        if unfinished := [job.pk for job in pair if job.result is None]:
            raise ValidationError(
                {"detail": f"simulation {unfinished[0]} has no answer yet; wait until it is done"}
            )
        first, second = (cast(dict[str, Any], job.result)["forecast"]["total"]["outcomes"] for job in pair)
        return Response({name: {"first": first[name], "second": second[name]} for name in first})


def find_job(request: Request, job_id: int, role: Role = Role.VIEWER) -> Job:
    """A simulation of the key's accounts, or a 404 that does not tell whether another team has it."""
    job = Job.objects.filter(kind=Job.Kind.REACH, pk=job_id, account__in=accounts_of(request, role)).first()
    if job is None:
        raise Http404(f"simulation {job_id} is none of this key's; GET /api/v1/merchant/reach lists them")
    return job
