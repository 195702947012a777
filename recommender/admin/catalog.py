"""Creators, videos and viewers; block and unblock."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from recommender import engine
from recommender.models import Creator, Video, Viewer


class BlockingAdmin(admin.ModelAdmin):
    """Tables whose rows can be kept out of every feed."""

    actions = ("block", "unblock")
    show_full_result_count = False

    @admin.action(description="Block: no feed shows them", permissions=["change"])
    def block(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Keep the chosen rows out of every feed."""
        count = engine.set_blocked(queryset, True)
        self.message_user(request, f"{count} blocked; feeds follow within seconds.", messages.SUCCESS)

    @admin.action(description="Unblock", permissions=["change"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let feeds show the chosen rows again."""
        count = engine.set_blocked(queryset, False)
        self.message_user(request, f"{count} unblocked; feeds follow within seconds.", messages.SUCCESS)


@admin.register(Creator)
class CreatorAdmin(BlockingAdmin):
    """Accounts that publish."""

    list_display = ("id", "handle", "nickname", "market", "language", "follower_count", "is_blocked")
    list_filter = ("market", "language", "is_blocked")
    search_fields = ("=id", "handle", "nickname")
    readonly_fields = ("created_at", "updated_at")


@admin.register(Video)
class VideoAdmin(BlockingAdmin):
    """Published videos."""

    list_display = (
        "id", "caption", "creator", "language", "duration_seconds", "has_cart", "published_at", "is_blocked",
    )  # fmt: skip
    list_filter = ("has_cart", "is_blocked", "language", "creator__market")
    search_fields = ("=id", "caption", "creator__handle")
    date_hierarchy = "published_at"
    autocomplete_fields = ("creator",)
    list_select_related = ("creator",)
    readonly_fields = ("created_at", "updated_at")


@admin.register(Viewer)
class ViewerAdmin(admin.ModelAdmin):
    """People who watch."""

    list_display = ("id", "market", "language", "interests", "created_at")
    list_filter = ("market", "language")
    search_fields = ("=id",)
    show_full_result_count = False
    readonly_fields = ("created_at", "updated_at")
