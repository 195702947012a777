"""What every view of the merchant's API shares, and the accounts.

Errors leave as RFC 9457 problem+json by the project's exception handler; an account of another team is a 404.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from merchants.api.authentication import KeyAuthentication, accounts_of
from merchants.api.permissions import HasScope
from merchants.api.throttling import KeyThrottle
from merchants.figures.scope import Scope, ScopeError, make_scope
from merchants.models import Account, Role


class MerchantView(APIView):
    """Base of the merchant's API. Name the scope of each method in `required_scopes`."""

    authentication_classes = (KeyAuthentication,)
    permission_classes = (HasScope,)
    throttle_classes = (KeyThrottle,)
    required_scopes: ClassVar[dict[str, str]] = {}

    def find_account(self, request: Request, account_id: int, role: Role = Role.VIEWER) -> Account:
        """An account of the key's team, or a 404 that does not tell whether another team has it."""
        account = accounts_of(request, role).filter(pk=account_id).first()
        if account is None:
            raise Http404(
                f"account {account_id} is none of this key's; GET /api/v1/merchant/accounts lists them"
            )
        return account

    def find_scope(self, request: Request, account_id: int) -> Scope:
        """The account, range and market that a call asks for."""
        try:
            return make_scope(self.find_account(request, account_id), request.query_params)
        except ScopeError as error:
            raise ValidationError({error.field: [str(error)]}) from None


class MerchantAccountSerializer(serializers.Serializer[Any]):
    """A merchant's account."""

    id = serializers.IntegerField(source="pk")
    handle = serializers.CharField(help_text="what follows the @")
    nickname = serializers.CharField()
    market = serializers.CharField(help_text="ISO 3166-1 country, empty = not told")
    language = serializers.CharField(help_text="BCP 47 tag of the videos")
    niche = serializers.CharField()
    time_zone = serializers.CharField(source="zone_name", help_text="whose calendar days the figures are")
    is_sample = serializers.BooleanField()


class AccountsView(MerchantView):
    """The accounts of the key's team."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "figures:read"}

    @extend_schema(
        responses=MerchantAccountSerializer(many=True), summary="List the accounts", tags=["merchant"]
    )
    def get(self, request: Request) -> Response:
        """All accounts, by handle."""
        accounts = accounts_of(request).order_by("handle", "pk")
        return Response(MerchantAccountSerializer(accounts, many=True).data)
