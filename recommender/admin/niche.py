"""Niche words with their versions, words that wait for a decision, and what names were read as."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from recommender import engine
from recommender.admin.facts import FactAdmin
from recommender.models import (
    CreatorPicture,
    NewNicheWord,
    NicheNorm,
    NicheProfile,
    SearchShown,
    TaxonomyVersion,
)


class TaxonomyForm(forms.ModelForm):
    """Words are checked before they can be used."""

    class Meta:
        model = TaxonomyVersion
        fields = ("content", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "content" in self.fields:  # absent where a version is only looked at
            self.initial.setdefault("content", engine.read_taxonomy_content())

    def clean_content(self) -> dict[str, Any]:
        """Refuse words that no reader could be built from."""
        content: dict[str, Any] = self.cleaned_data["content"]
        try:
            engine.check_taxonomy(content)
        except (AttributeError, TypeError, ValueError) as problem:
            raise forms.ValidationError(str(problem)) from problem
        return content


@admin.register(TaxonomyVersion)
class TaxonomyVersionAdmin(admin.ModelAdmin):
    """The niche words; saving makes a new version and takes effect within seconds."""

    form = TaxonomyForm
    list_display = ("__str__", "is_active", "note", "created_at")
    list_filter = ("is_active",)
    search_fields = ("note",)
    actions = ("activate",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A version stays as it was; add a new one instead."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Profiles name the words they were read with, so versions stay."""
        return False

    def save_model(self, request: HttpRequest, obj: TaxonomyVersion, form: forms.Form, change: bool) -> None:
        """Make the new version the active one."""
        saved = engine.save_taxonomy(obj.content, obj.note)
        obj.pk, obj.is_active = saved.pk, saved.is_active

    @admin.action(description="Return to this version", permissions=["add"])
    def activate(self, request: HttpRequest, queryset: QuerySet[TaxonomyVersion]) -> None:
        """Make the chosen version active; of several, the last one chosen stands."""
        for version in queryset:
            engine.activate_taxonomy(version)
            self.message_user(request, f"{version} is active.", messages.SUCCESS)


@admin.register(NewNicheWord)
class NewNicheWordAdmin(FactAdmin):
    """Words that names of a niche share and the taxonomy lacks: add them to a new version of the words."""

    list_display = ("word", "niche", "name_count", "share", "first_seen_at", "is_dismissed")
    list_filter = ("niche", "is_dismissed")
    search_fields = ("word",)
    actions = ("dismiss",)

    @admin.action(description="Do not show again", permissions=["view"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[NewNicheWord]) -> None:
        """Set words aside that say nothing."""
        queryset.update(is_dismissed=True)


@admin.register(NicheProfile)
class NicheProfileAdmin(FactAdmin):
    """What creators' names were read as."""

    list_display = ("creator", "niche", "probability", "language", "read_at")
    list_filter = ("niche", "language")
    list_select_related = ("creator",)
    search_fields = ("creator__handle", "creator__nickname")


@admin.register(CreatorPicture)
class CreatorPictureAdmin(FactAdmin):
    """Creators' avatars and what they show."""

    list_display = ("creator", "niche", "changed_at")
    list_filter = ("niche",)
    list_select_related = ("creator",)
    search_fields = ("creator__handle", "creator__nickname")
    exclude = ("image", "embedding")


@admin.register(NicheNorm)
class NicheNormAdmin(FactAdmin):
    """What the first accounts of a niche and market have in common."""

    list_display = (
        "niche",
        "market",
        "account_count",
        "name_share",
        "picture_count",
        "picture_share",
        "computed_at",
    )
    list_filter = ("market", "niche")
    search_fields = ("niche",)
    exclude = ("centre",)


@admin.register(SearchShown)
class SearchShownAdmin(FactAdmin):
    """What searches showed, and what was opened."""

    list_display = ("query", "market", "creator", "position", "is_clicked", "shown_at")
    list_filter = ("market", "is_clicked")
    list_select_related = ("creator",)
    search_fields = ("query",)
