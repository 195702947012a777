"""Merchants for the operators: teams and accounts can be edited, imports are facts that can be undone."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from merchants.imports.storing import undo_import
from merchants.models import Account, ImportFile, Membership, Team


class MembershipInline(admin.TabularInline):
    """People of a team."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    """Merchants' companies."""

    list_display = ("name", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    """Merchants' creator accounts."""

    list_display = ("handle", "nickname", "team", "market", "niche", "creator_id", "is_sample", "created_at")
    list_filter = ("market", "is_sample")
    list_select_related = ("team",)
    search_fields = ("handle", "nickname", "team__name")
    autocomplete_fields = ("team",)


@admin.register(ImportFile)
class ImportFileAdmin(admin.ModelAdmin):
    """Imported files: read, and undone where they were wrong."""

    list_display = (
        "name", "account", "format", "first_day", "last_day", "row_count", "imported_by", "imported_at",
        "undone_at",
    )  # fmt: skip
    list_filter = ("format", ("undone_at", admin.EmptyFieldListFilter))
    list_select_related = ("account", "imported_by")
    search_fields = ("name", "account__handle", "sha256")
    date_hierarchy = "imported_at"
    actions = ("undo",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Files come in through the import page or the command line."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was imported is a fact."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An undone file stays in the history."""
        return False

    @admin.action(description="Undo: its figures no longer count", permissions=["undo"])
    def undo(self, request: HttpRequest, queryset: QuerySet[ImportFile]) -> None:
        """Take the chosen files' figures back."""
        for file in queryset.filter(undone_at=None):
            undo_import(None, file.pk, by=cast(User, request.user))
        self.message_user(request, "Undone; earlier figures count again.", messages.SUCCESS)

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Who may change imports may undo them."""
        return request.user.has_perm("merchants.change_importfile")
