"""What leaves on its own: scheduled reports, webhooks and their deliveries, for programs."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.accounts.access import teams_for
from merchants.accounts.announcing import KINDS
from merchants.api.authentication import accounts_of
from merchants.api.pages import NewestFirst
from merchants.api.views import MerchantView
from merchants.models import (
    ApiKey,
    Cadence,
    ReportSchedule,
    Role,
    Team,
    WebhookDelivery,
    WebhookEndpoint,
)
from merchants.reports.forms import MAX_RECIPIENTS, ReportForm
from merchants.reports.scheduling import add_schedule, remove_schedule
from merchants.webhooks.forms import WebhookForm
from merchants.webhooks.sending import add_endpoint, remove_endpoint

_GONE = OpenApiResponse(description="it is gone")


class ReportSerializer(serializers.Serializer[Any]):
    """A scheduled report."""

    id = serializers.IntegerField(source="pk", read_only=True)
    name = serializers.CharField(max_length=80)
    cadence = serializers.ChoiceField(
        choices=Cadence.values, help_text="at eight in the morning of the account's zone"
    )
    language = serializers.CharField(help_text="en, zh-hans, id, ms, th, vi or fil")
    recipients = serializers.ListField(
        child=serializers.CharField(), min_length=1, max_length=MAX_RECIPIENTS, help_text="e-mail addresses"
    )
    is_paused = serializers.BooleanField(read_only=True)
    next_at = serializers.DateTimeField(read_only=True)


_REPORT = OpenApiExample(
    "every Monday, in Malay",
    {"name": "Monday", "cadence": "weekly", "language": "ms", "recipients": ["boss@example.com"]},
    request_only=True,
)


class ReportsView(MerchantView):
    """The scheduled reports of an account."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "reports:read", "POST": "reports:write"}

    @extend_schema(responses=ReportSerializer(many=True), tags=["merchant"], summary="Scheduled reports")
    def get(self, request: Request, account_id: int) -> Response:
        """Oldest first."""
        made = ReportSchedule.objects.filter(account=self.find_account(request, account_id)).order_by("pk")
        return Response(ReportSerializer(made, many=True).data)

    @extend_schema(
        request=ReportSerializer, responses={201: ReportSerializer}, examples=[_REPORT], tags=["merchant"],
        summary="Schedule a report",
    )  # fmt: skip
    def post(self, request: Request, account_id: int) -> Response:
        """It leaves from its next morning on; a wrong address or language is a 400 that names it."""
        account = self.find_account(request, account_id, Role.EDITOR)
        asked = ReportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        form = ReportForm({**told, "recipients": "\n".join(told["recipients"])})
        checked = check(form)
        made = add_schedule(cast(User, request.user), account, **checked)
        return Response(ReportSerializer(made).data, status.HTTP_201_CREATED)


class ReportView(MerchantView):
    """One scheduled report."""

    required_scopes: ClassVar[dict[str, str]] = {"DELETE": "reports:write"}

    @extend_schema(responses={204: _GONE}, tags=["merchant"], summary="Remove a scheduled report")
    def delete(self, request: Request, report_id: int) -> Response:
        """It leaves no more."""
        own = ReportSchedule.objects.filter(account__in=accounts_of(request, Role.EDITOR))
        found = own.select_related("account__team").filter(pk=report_id).first()
        if found is None:
            raise Http404(f"report {report_id} is none of this key's accounts'")
        remove_schedule(cast(User, request.user), found)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookSerializer(serializers.Serializer[Any]):
    """An address that is told what happens."""

    id = serializers.IntegerField(source="pk", read_only=True)
    url = serializers.CharField(max_length=500, help_text="a public https:// address")
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=list(KINDS)), min_length=1)
    is_paused = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class MadeWebhookSerializer(WebhookSerializer):
    """A new address, with the secret that signs what it is told."""

    secret = serializers.CharField(read_only=True, help_text="whsec_...: for Standard Webhooks libraries")


class DeliverySerializer(serializers.Serializer[Any]):
    """One message to one address."""

    id = serializers.UUIDField(source="message_id")
    webhook = serializers.IntegerField(source="endpoint_id")
    kind = serializers.CharField()
    payload = serializers.JSONField()
    attempt_count = serializers.IntegerField()
    next_at = serializers.DateTimeField(allow_null=True, help_text="null = arrived or given up")
    last_status = serializers.IntegerField(allow_null=True, help_text="HTTP status of the last try")
    last_fault = serializers.CharField()
    created_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)


_WEBHOOK = OpenApiExample(
    "tell of alerts",
    {"url": "https://hooks.example.com/ttok", "kinds": ["alert.fired", "report.sent"]},
    request_only=True,
)


class WebhooksView(MerchantView):
    """The addresses of the key's team; for owners, as on the page."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "webhooks:read", "POST": "webhooks:write"}

    @extend_schema(responses=WebhookSerializer(many=True), tags=["merchant"], summary="Webhooks")
    def get(self, request: Request) -> Response:
        """Oldest first."""
        own = WebhookEndpoint.objects.filter(team__in=_own_teams(request)).order_by("pk")
        return Response(WebhookSerializer(own, many=True).data)

    @extend_schema(
        request=WebhookSerializer, responses={201: MadeWebhookSerializer}, examples=[_WEBHOOK],
        tags=["merchant"], summary="Add a webhook",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """The answer holds the signing secret; an address inside a private network is a 400."""
        team = _own_teams(request).first()
        if team is None:
            raise Http404("the maker of this key owns its team no more; ask an owner for a key")
        asked = WebhookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = add_endpoint(cast(User, request.user), team, **check(WebhookForm(asked.validated_data)))
        return Response(MadeWebhookSerializer(made).data, status.HTTP_201_CREATED)


class WebhookView(MerchantView):
    """One address."""

    required_scopes: ClassVar[dict[str, str]] = {"DELETE": "webhooks:write"}

    @extend_schema(responses={204: _GONE}, tags=["merchant"], summary="Remove a webhook")
    def delete(self, request: Request, webhook_id: int) -> Response:
        """What was not delivered yet is dropped with it."""
        own = WebhookEndpoint.objects.filter(team__in=_own_teams(request)).select_related("team")
        found = own.filter(pk=webhook_id).first()
        if found is None:
            raise Http404(f"webhook {webhook_id} is none of this key's team's")
        remove_endpoint(cast(User, request.user), found)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["merchant"], summary="Deliveries of webhooks")
class DeliveriesView(MerchantView, ListAPIView[WebhookDelivery]):
    """What was sent to the team's addresses, newest first: outcome, tries, what went wrong."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "webhooks:read"}
    serializer_class = DeliverySerializer
    pagination_class = NewestFirst
    queryset = WebhookDelivery.objects.none()  # for the document alone

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        """Those of the key's team."""
        return WebhookDelivery.objects.filter(endpoint__team__in=_own_teams(self.request))


def _own_teams(request: Request) -> QuerySet[Team]:
    """The key's team where its maker still owns it."""
    return teams_for(request.user, Role.OWNER).filter(pk=cast(ApiKey, request.auth).team_id)


def check(form: Any) -> dict[str, Any]:
    """What a page's form makes of the same values: rules stand in one place.

    Raises
    ------
    ValidationError
        A 400 that names each field.
    """
    if not form.is_valid():
        raise ValidationError({name: [str(one) for one in errors] for name, errors in form.errors.items()})
    return dict(form.cleaned_data)
