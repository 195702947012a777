"""API tokens: made here, shown once, revoked here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from recommender.api.permissions import SCOPES
from recommender.api.tokens import make_token
from recommender.models import ApiToken


class ApiTokenForm(forms.ModelForm):
    """Scopes by choice."""

    scopes = forms.MultipleChoiceField(
        choices=[(name, f"{name}: {meaning}") for name, meaning in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = ApiToken
        fields = ("name", "owner", "scopes", "expires_at")


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Keys for programs."""

    form = ApiTokenForm
    list_display = (
        "name",
        "prefix",
        "owner",
        "scopes",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "owner")
    search_fields = ("name", "prefix", "owner__username")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked and made anew, not changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A revoked token stays on record."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: forms.Form, change: bool) -> None:
        """Make the key, keep its hash, show the key once."""
        made, key = make_token(obj.name, obj.owner, obj.scopes, obj.expires_at)
        obj.pk = made.pk
        self.message_user(request, f"The key of {obj.name}, shown this once: {key}", messages.WARNING)

    @admin.action(description="Revoke", permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Refuse the chosen tokens from now on."""
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} revoked; refused within a second.", messages.SUCCESS)
