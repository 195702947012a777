"""Notes and alerts, for programs."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.views import MerchantView
from merchants.dashboard import keeping
from merchants.models import AlertFiring, Annotation, Role


class NoteSerializer(serializers.Serializer[Any]):
    """A note on a day."""

    id = serializers.IntegerField(source="pk", read_only=True)
    day = serializers.DateField()
    text = serializers.CharField(max_length=120)


class FiringSerializer(serializers.Serializer[Any]):
    """An alert that fired."""

    rule = serializers.CharField(source="rule.name")
    metric = serializers.CharField(source="rule.metric")
    day = serializers.DateField()
    value = serializers.FloatField(allow_null=True)
    usual = serializers.FloatField(allow_null=True)


class NotesView(MerchantView):
    """The notes of an account."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "figures:read", "POST": "imports:write"}

    @extend_schema(responses=NoteSerializer(many=True), tags=["merchant"], summary="Notes")
    def get(self, request: Request, account_id: int) -> Response:
        """Oldest day first."""
        notes = Annotation.objects.filter(account=self.find_account(request, account_id)).order_by(
            "day", "pk"
        )
        return Response(NoteSerializer(notes, many=True).data)

    @extend_schema(
        request=NoteSerializer, responses=NoteSerializer, tags=["merchant"], summary="Write a note"
    )
    def post(self, request: Request, account_id: int) -> Response:
        """The same note twice is one."""
        account = self.find_account(request, account_id, Role.EDITOR)
        asked = NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        note = keeping.add_note(cast(User, request.user), str(account.pk), **asked.validated_data)
        return Response(NoteSerializer(note).data, status.HTTP_201_CREATED)


class FiringsView(MerchantView):
    """What alerts said."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "figures:read"}

    @extend_schema(responses=FiringSerializer(many=True), tags=["merchant"], summary="Alerts that fired")
    def get(self, request: Request, account_id: int) -> Response:
        """Newest first, at most 200."""
        account = self.find_account(request, account_id)
        fired = (
            AlertFiring.objects.filter(rule__account=account).select_related("rule").order_by("-day", "-pk")
        )
        return Response(FiringSerializer(fired[:200], many=True).data)
