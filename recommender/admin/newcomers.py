"""New videos' stages, exposure of each market, groups of viewers, trust: facts, and the few things to do."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from recommender import engine
from recommender.admin.facts import FactAdmin
from recommender.models import ExposureHour, GroupVersion, VideoStage, ViewerTrust


@admin.register(VideoStage)
class VideoStageAdmin(FactAdmin):
    """Where each new video stands in each market, and by which evidence."""

    list_display = (
        "video_id", "market", "state", "pool", "shown_count", "target_count", "mean", "bar", "chance",
        "judged_at",
    )  # fmt: skip
    list_filter = ("state", "market", "pool")
    search_fields = ("=video__id", "=video__creator__handle")


@admin.register(ExposureHour)
class ExposureHourAdmin(FactAdmin):
    """Who is seen: shares by market and hour, with the floors that are not met."""

    list_display = (
        "hour_at", "market", "impression_count", "newcomers", "small_creators", "home_market", "coverage",
        "gini", "new_video_share", "owed_kept", "floors",
    )  # fmt: skip
    list_filter = ("market", "hour_at")
    search_fields = ("=market",)


@admin.register(GroupVersion)
class GroupVersionAdmin(FactAdmin):
    """Versions of the groups of viewers."""

    list_display = ("__str__", "is_live", "created_at", "viewer_count", "stability")
    list_filter = ("kind", "is_live")
    search_fields = ("kind",)


@admin.register(ViewerTrust)
class ViewerTrustAdmin(FactAdmin):
    """Viewers of whom something was found; who is pardoned counts like anybody."""

    list_display = ("viewer_id", "trust", "findings", "is_pardoned", "found_at", "judged_at")
    list_filter = ("is_pardoned", "found_at")
    search_fields = ("=viewer_id",)
    actions = ("pardon", "withdraw")

    @admin.action(description="Believe them all the same", permissions=["view"])
    def pardon(self, request: HttpRequest, queryset: QuerySet[ViewerTrust]) -> None:
        """Count the chosen viewers like anybody."""
        self._set(request, queryset, True)

    @admin.action(description="Withdraw the pardon", permissions=["view"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ViewerTrust]) -> None:
        """Judge the chosen viewers by what is found."""
        self._set(request, queryset, False)

    def _set(self, request: HttpRequest, queryset: QuerySet[ViewerTrust], is_pardoned: bool) -> None:
        if not request.user.has_perm("recommender.change_viewertrust"):
            self.message_user(request, "You may not change what is believed of viewers.", messages.ERROR)
            return
        count = engine.pardon_viewers([row.pk for row in queryset], is_pardoned)
        self.message_user(
            request, f"{count} changed; counts and feeds follow within a minute.", messages.SUCCESS
        )
