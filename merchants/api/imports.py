"""Importing files and undoing imports, for programs."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.authentication import accounts_of
from merchants.api.views import MerchantView
from merchants.imports.containers import MAX_FILE_BYTES
from merchants.imports.report import describe_result
from merchants.imports.storing import Answers, import_file, list_imports, preview_file, undo_import
from merchants.models import ImportFile, Role

#: What the command line prints: format, range, rows, sums, notes and problems.
_REPORT = {"type": "object", "additionalProperties": True}


class UploadSerializer(serializers.Serializer[Any]):
    """A file, and answers to what it leaves open."""

    file = serializers.FileField(help_text="CSV, XLSX, JSON or ZIP as the platform gave it, up to 64 MiB")
    preview = serializers.BooleanField(default=False, help_text="say what would be imported, store nothing")
    first_day = serializers.DateField(required=False, allow_null=True)
    last_day = serializers.DateField(required=False, allow_null=True)
    date_order = serializers.ChoiceField(["", "dmy", "mdy"], default="")


class ImportSerializer(serializers.Serializer[Any]):
    """One import of the history."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    format = serializers.CharField()
    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True)
    row_count = serializers.IntegerField()
    imported_at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)


class ImportsView(MerchantView):
    """The imports of an account."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "figures:read", "POST": "imports:write"}
    parser_classes = (MultiPartParser,)

    @extend_schema(responses=ImportSerializer(many=True), tags=["merchant"], summary="Import history")
    def get(self, request: Request, account_id: int) -> Response:
        """Newest first."""
        account = self.find_account(request, account_id)
        files = list_imports(cast(User, request.user)).filter(account=account)
        return Response(ImportSerializer(files, many=True).data)

    @extend_schema(
        request=UploadSerializer,
        responses={200: _REPORT, 422: _REPORT},
        tags=["merchant"],
        summary="Import a file",
    )
    def post(self, request: Request, account_id: int) -> Response:
        """All of a file or nothing; 422 with file, row and column where it is refused."""
        account = self.find_account(request, account_id, Role.EDITOR)
        asked = UploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        answers = Answers(told.get("first_day"), told.get("last_day"), told["date_order"])
        upload = (told["file"].name, told["file"].read(MAX_FILE_BYTES + 1))
        if told["preview"]:
            result = preview_file(account, *upload, answers)
        else:
            result = import_file(account, cast(User, request.user), *upload, answers)
        code = status.HTTP_422_UNPROCESSABLE_ENTITY if result.is_refused else status.HTTP_200_OK
        return Response(describe_result(result, account, is_preview=told["preview"]), code)


class UndoImportView(MerchantView):
    """Taking an import back."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "imports:write"}

    @extend_schema(request=None, responses=ImportSerializer, tags=["merchant"], summary="Undo an import")
    def post(self, request: Request, import_id: int) -> Response:
        """What the file had overridden counts again; a second time changes nothing."""
        if not ImportFile.objects.filter(pk=import_id, account__in=accounts_of(request)).exists():
            raise Http404(f"import {import_id} is none of this key's")
        return Response(ImportSerializer(undo_import(cast(User, request.user), import_id)).data)
