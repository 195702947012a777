"""Share links and saved views, for programs."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.authentication import accounts_of
from merchants.api.sending import check
from merchants.api.views import MerchantView
from merchants.dashboard import keeping
from merchants.dashboard.forms import SavedViewForm
from merchants.models import Role, SavedView, ShareLink
from merchants.sharing.forms import LinkForm
from merchants.sharing.links import MAX_DAYS, make_link, revoke

_QUERY = "range, comparison and filters as a page's address has them: range=90&market=MY"


class LinkSerializer(serializers.Serializer[Any]):
    """A link to an account's overview."""

    id = serializers.IntegerField(source="pk", read_only=True)
    name = serializers.CharField(max_length=60, help_text="who it is for")
    prefix = serializers.CharField(read_only=True, help_text="the first characters of its secret")
    query = serializers.CharField(required=False, default="", allow_blank=True, help_text=_QUERY)
    has_password = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField(read_only=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)
    view_count = serializers.IntegerField(read_only=True)
    last_viewed_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_has_password(self, link: ShareLink) -> bool:
        """Its visitors are asked for one."""
        return bool(link.password)


class NewLinkSerializer(serializers.Serializer[Any]):
    """What a link is made of."""

    name = serializers.CharField(max_length=60, help_text="who it is for")
    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, default=30, help_text="until it ends")
    password = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        write_only=True,
        help_text="empty = none",
    )
    query = serializers.CharField(required=False, default="", allow_blank=True, help_text=_QUERY)


class MadeLinkSerializer(LinkSerializer):
    """A new link, with its address, which is told this once."""

    url = serializers.SerializerMethodField()

    def get_url(self, link: ShareLink) -> str:
        """Where it opens."""
        return str(self.context["url"])


_LINK = OpenApiExample(
    "90 days for the bank, behind a password",
    {"name": "The bank", "days": 30, "password": "open sesame", "query": "range=90"},
    request_only=True,
)


class LinksView(MerchantView):
    """The share links of an account."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "links:read", "POST": "links:write"}

    @extend_schema(responses=LinkSerializer(many=True), tags=["merchant"], summary="Share links")
    def get(self, request: Request, account_id: int) -> Response:
        """Newest first, those that ended among them."""
        made = ShareLink.objects.filter(account=self.find_account(request, account_id)).order_by("-pk")
        return Response(LinkSerializer(made, many=True).data)

    @extend_schema(
        request=NewLinkSerializer, responses={201: MadeLinkSerializer}, examples=[_LINK], tags=["merchant"],
        summary="Make a share link",
    )  # fmt: skip
    def post(self, request: Request, account_id: int) -> Response:
        """The answer holds the address; only its fingerprint is kept."""
        account = self.find_account(request, account_id, Role.EDITOR)
        asked = NewLinkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        link, token = make_link(cast(User, request.user), account, **check(LinkForm(asked.validated_data)))
        url = request.build_absolute_uri(reverse("shared", args=[token]))
        return Response(MadeLinkSerializer(link, context={"url": url}).data, status.HTTP_201_CREATED)


class LinkView(MerchantView):
    """One share link."""

    required_scopes: ClassVar[dict[str, str]] = {"DELETE": "links:write"}

    @extend_schema(responses=LinkSerializer, tags=["merchant"], summary="Revoke a share link")
    def delete(self, request: Request, link_id: int) -> Response:
        """It opens no more; it stays in the list, and a second time changes nothing."""
        own = ShareLink.objects.filter(account__in=accounts_of(request, Role.EDITOR))
        link = own.select_related("account__team").filter(pk=link_id).first()
        if link is None:
            raise Http404(f"link {link_id} is none of this key's accounts'")
        revoke(cast(User, request.user), link)
        link.refresh_from_db()
        return Response(LinkSerializer(link).data)


class SavedViewSerializer(serializers.Serializer[Any]):
    """A page with its range and filters, under a name; of the key's maker alone."""

    id = serializers.IntegerField(source="pk", read_only=True)
    name = serializers.CharField(max_length=60)
    page = serializers.ChoiceField(choices=["overview", "videos"])
    query = serializers.CharField(required=False, default="", allow_blank=True, help_text=_QUERY)


_VIEW = OpenApiExample(
    "videos that recall limits",
    {"name": "Found by few", "page": "videos", "query": "stage=recall&sort=-views"},
    request_only=True,
)


class SavedViewsView(MerchantView):
    """The saved views of an account."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "figures:read", "POST": "views:write"}

    @extend_schema(responses=SavedViewSerializer(many=True), tags=["merchant"], summary="Saved views")
    def get(self, request: Request, account_id: int) -> Response:
        """By name."""
        account = self.find_account(request, account_id)
        own = SavedView.objects.filter(maker=cast(User, request.user), account=account).order_by("name")
        return Response(SavedViewSerializer(own, many=True).data)

    @extend_schema(
        request=SavedViewSerializer, responses={201: SavedViewSerializer}, examples=[_VIEW],
        tags=["merchant"], summary="Save a view",
    )  # fmt: skip
    def post(self, request: Request, account_id: int) -> Response:
        """The same name again replaces it; what is no range or filter is dropped from `query`."""
        account = self.find_account(request, account_id)
        asked = SavedViewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        checked = check(SavedViewForm(asked.validated_data))
        view = keeping.save_view(cast(User, request.user), str(account.pk), **checked)
        return Response(SavedViewSerializer(view).data, status.HTTP_201_CREATED)


class SavedViewView(MerchantView):
    """One saved view."""

    required_scopes: ClassVar[dict[str, str]] = {"DELETE": "views:write"}

    @extend_schema(
        responses={204: OpenApiResponse(description="it is gone")}, tags=["merchant"],
        summary="Remove a saved view",
    )  # fmt: skip
    def delete(self, request: Request, view_id: int) -> Response:
        """A view of another person's is a 404."""
        user = cast(User, request.user)
        if not SavedView.objects.filter(pk=view_id, maker=user, account__in=accounts_of(request)).exists():
            raise Http404(f"view {view_id} is none of this key's maker's")
        keeping.remove_view(user, view_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
