"""Creators, videos and viewers; block and unblock."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

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
    actions = ("reset_feeds", "bring_back")
    change_form_template = "recommender/admin/viewer.html"
    readonly_fields = ("created_at", "updated_at")

    @admin.action(description="Reset their feeds", permissions=["change"])
    def reset_feeds(self, request: HttpRequest, queryset: QuerySet[Viewer]) -> None:
        """Forget what the chosen viewers watched, liked and searched for."""
        self._each(request, queryset, engine.reset_feed, "begin anew")

    @admin.action(description="Take the reset of their feeds back", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: QuerySet[Viewer]) -> None:
        """Bring back what the last reset took."""
        self._each(request, queryset, engine.undo_reset, "are as they were")

    def _each(self, request: HttpRequest, queryset: QuerySet[Viewer], act: Any, text: str) -> None:
        done = 0
        for viewer in queryset:
            try:
                act(viewer.pk)
                done += 1
            except engine.UnknownViewerError as error:
                self.message_user(request, str(error), messages.WARNING)
        self.message_user(request, f"{done} feeds {text}.", messages.SUCCESS)

    def get_urls(self) -> list[Any]:
        """The table's addresses and that of the question why."""
        view = self.admin_site.admin_view(self.why)
        return [path("<int:pk>/why/", view, name="recommender_viewer_why"), *super().get_urls()]

    def why(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Why a video is, or is not, on this viewer's next page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked, trace, fault = request.GET.get("video", "").strip(), None, ""
        if asked.isdecimal() and len(asked) < 19:
            try:
                trace = engine.explain_video(pk, int(asked))
            except engine.UnknownViewerError as error:
                fault = str(error)
        elif asked:
            fault = f"'{asked}' is no video id; give a number"
        facts = {**self.admin_site.each_context(request), "pk": pk, "asked": asked, "fault": fault}
        return render(
            request, "recommender/admin/why.html", {**facts, "trace": trace, "title": "Why this video"}
        )
