"""Niche consistency and search rank for a merchant's own programs: read, try, compare."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.views import MerchantView
from merchants.models import Account, Role
from merchants.niche import judging
from merchants.niche.forms import FaceForm
from merchants.search import ranks
from merchants.search.forms import RankForm
from recommender import engine
from recommender.markets import MARKETS


class TriedFaceSerializer(serializers.Serializer[Any]):
    """What is tried; a field left out stays as the account has it."""

    nickname = serializers.CharField(max_length=128, required=False)
    handle = serializers.CharField(max_length=64, required=False)
    bio = serializers.CharField(max_length=300, required=False, allow_blank=True)
    niche = serializers.CharField(required=False, help_text="a slug; an unknown one is refused with the list")
    market = serializers.ChoiceField(choices=sorted(MARKETS), required=False)
    avatar = serializers.FileField(required=False, help_text="PNG, JPEG or WebP, at most 5 MB (multipart)")


class FacePartSerializer(serializers.Serializer[Any]):
    """One part of the score and its evidence."""

    name = serializers.CharField(help_text="nickname, avatar, handle, bio or videos")
    points = serializers.FloatField()
    most_points = serializers.FloatField()
    fit = serializers.FloatField(help_text="0 to 1, to the declared niche")
    says = serializers.CharField(help_text="the niche it speaks for, or none")
    words = serializers.ListField(child=serializers.ListField(), help_text="[word, niche, strength]")


class NormSerializer(serializers.Serializer[Any]):
    """What the accounts that search shows first in this niche and market do."""

    account_count = serializers.IntegerField()
    name_share = serializers.FloatField(help_text="0 to 1, whose name says the niche")
    picture_count = serializers.IntegerField()
    picture_share = serializers.FloatField(help_text="0 to 1, of the pictures that show the niche")
    words = serializers.ListField(child=serializers.CharField())
    closeness = serializers.FloatField(allow_null=True, help_text="0 to 1: your picture to theirs")


class JudgementSerializer(serializers.Serializer[Any]):
    """How consistent an account is with its niche, and what would raise it."""

    score = serializers.FloatField(help_text="0 to 100")
    probability = serializers.FloatField(help_text="0 to 1, calibrated: it belongs to the niche")
    niche = serializers.CharField(help_text="the declared one")
    closest = serializers.CharField(help_text="the niche all parts together speak for, or none")
    is_disguised = serializers.BooleanField(help_text="letters that only look like Latin ones")
    parts = FacePartSerializer(many=True)
    suggestions = serializers.ListField(
        child=serializers.ListField(), help_text="[part, new value, score with it, gain], judged again"
    )
    norm = NormSerializer(allow_null=True, help_text="null while too few accounts are known")


class NicheView(MerchantView):
    """The account's consistency as it is, and as it would be."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "niche:read", "POST": "niche:write"}
    parser_classes = (JSONParser, MultiPartParser, FormParser)

    @extend_schema(responses=JudgementSerializer, summary="Niche consistency", tags=["merchant"])
    def get(self, request: Request, account_id: int) -> Response:
        """Judged now, from what the account says and shows."""
        account = self.find_account(request, account_id)
        shown = judging.judge_face(account, judging.fill_form(account))
        return Response(JudgementSerializer(shown).data)

    @extend_schema(
        request=TriedFaceSerializer, responses=JudgementSerializer, tags=["merchant"],
        summary="Try another name or picture",
        examples=[OpenApiExample("another name", {"nickname": "Gincu Siti"}, request_only=True)],
    )  # fmt: skip
    def post(self, request: Request, account_id: int) -> Response:
        """What the score would be; nothing is saved."""
        account = self.find_account(request, account_id, Role.EDITOR)
        shown = judging.judge_face(account, check_form(fill_face(account, request)))
        return Response(JudgementSerializer(shown).data)


class RankAskedSerializer(serializers.Serializer[Any]):
    """A query in a market, and what is tried."""

    query = serializers.CharField(max_length=80)
    market = serializers.ChoiceField(choices=sorted(MARKETS))
    new_name = serializers.CharField(max_length=128, required=False, allow_blank=True)
    new_picture = serializers.FileField(required=False, help_text="PNG, JPEG or WebP (multipart)")


class PlaceSerializer(serializers.Serializer[Any]):
    """A place among the results."""

    rank = serializers.IntegerField(allow_null=True, help_text=f"null below {engine.DEEPEST_RANK}")
    score = serializers.FloatField()
    is_found = serializers.BooleanField()


class AboveSerializer(serializers.Serializer[Any]):
    """One of the first results, and its evidence."""

    nickname = serializers.CharField()
    handle = serializers.CharField()
    niche = serializers.CharField()
    score = serializers.FloatField()
    relevance = serializers.FloatField()
    consistency = serializers.FloatField()
    words = serializers.ListField(child=serializers.CharField())


class RankSerializer(serializers.Serializer[Any]):
    """Where the account stands, who comes first, and where it would stand."""

    query = serializers.CharField()
    market = serializers.CharField()
    now = PlaceSerializer(source="told")
    tried = PlaceSerializer(source="tried.told", allow_null=True, default=None)
    first = AboveSerializer(source="found.lines", many=True)


class RankView(MerchantView):
    """The account's place in a search."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "niche:read"}
    parser_classes = (JSONParser, MultiPartParser, FormParser)

    @extend_schema(
        request=RankAskedSerializer, responses=RankSerializer, summary="Search rank", tags=["merchant"],
        examples=[OpenApiExample("gincu", {"query": "gincu", "market": "MY"}, request_only=True)],
    )  # fmt: skip
    def post(self, request: Request, account_id: int) -> Response:
        """Rank now, the ten first, and the rank of the name and picture that are tried."""
        account = self.find_account(request, account_id)
        form = RankForm(request.data, cast(Any, request.FILES))
        return Response(RankSerializer(ranks.rank(account, check_form(form))).data)


def fill_face(account: Account, request: Request) -> FaceForm:
    """The page's own form, filled with what the account has and what the call changes."""
    said = TriedFaceSerializer(data=request.data)
    said.is_valid(raise_exception=True)
    texts = {name: value for name, value in said.validated_data.items() if name != "avatar"}
    return FaceForm(judging.fill_form(account) | texts, cast(Any, request.FILES))


def check_form(form: FaceForm | RankForm) -> dict[str, Any]:
    """What a form holds, or its errors by field."""
    if not form.is_valid():
        raise ValidationError(
            {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        )
    return form.cleaned_data
