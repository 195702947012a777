"""The event stream: batches with their account, refused events with replay, hourly counts, viewer states."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from recommender import engine
from recommender.admin.facts import FactAdmin
from recommender.contracts import TRAFFIC_SOURCES
from recommender.events.schema import KINDS
from recommender.markets import MARKET_CODES
from recommender.models import Event, EventBatch, RefusedEvent, RollupRow, ViewerState


class CodeFilter(admin.SimpleListFilter):
    """Filters a column of codes by their names."""

    names: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One choice per name."""
        return [(str(code), name) for code, name in enumerate(self.names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows with the chosen code."""
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): int(value)}) if value else queryset


class MarketFilter(CodeFilter):
    """By market."""

    title, parameter_name, names = "market", "market", MARKET_CODES


class SourceFilter(CodeFilter):
    """By traffic source."""

    title, parameter_name, names = "source", "source", TRAFFIC_SOURCES


class KindFilter(CodeFilter):
    """By kind of event."""

    title, parameter_name, names = "kind", "kind", tuple(KINDS)


class CodeAdmin(FactAdmin):
    """Tables whose rows hold codes: the lists show their names."""

    @admin.display(description="market", ordering="market")
    def market_code(self, row: Any) -> str:
        """The country, or "elsewhere"."""
        return MARKET_CODES[row.market] if row.market >= 0 else "elsewhere"

    @admin.display(description="source", ordering="source")
    def source_name(self, row: Any) -> str:
        """The traffic source."""
        return TRAFFIC_SOURCES[row.source]


@admin.register(Event)
class EventAdmin(CodeAdmin):
    """The activity stream, newest first."""

    list_display = (
        "event_id", "happened_at", "kind_name", "viewer_id", "video_id", "market_code", "source_name",
        "watch_ms",
    )  # fmt: skip
    list_filter = (KindFilter, MarketFilter, SourceFilter, "is_clamped")
    search_fields = ("=event_id", "=viewer_id", "=video_id", "=request_id")
    ordering = ("-happened_at",)

    @admin.display(description="kind", ordering="kind")
    def kind_name(self, event: Event) -> str:
        """The kind of event."""
        return KINDS[event.kind]


@admin.register(RollupRow)
class RollupRowAdmin(CodeAdmin):
    """Counts per hour, video, market and source."""

    list_display = (
        "hour_at", "video_id", "market_code", "source_name", "impression_count", "watch_count",
        "finish_count", "like_count", "share_count", "cart_click_count", "order_count",
    )  # fmt: skip
    list_filter = (MarketFilter, SourceFilter, "hour_at")
    search_fields = ("=video_id",)
    ordering = ("-hour_at", "video_id")


@admin.register(EventBatch)
class EventBatchAdmin(FactAdmin):
    """Deliveries; the sums of all of them head the list."""

    change_list_template = "recommender/admin/event_batches.html"
    list_display = (
        "id", "received_at", "sender", "received_count", "stored_count", "duplicate_count", "refused_count",
        "rolled_up_at",
    )  # fmt: skip
    list_filter = ("received_at", ("rolled_up_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "sender")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list below the account of the whole stream."""
        return super().changelist_view(request, {**(extra_context or {}), "account": engine.read_account()})


@admin.register(RefusedEvent)
class RefusedEventAdmin(FactAdmin):
    """Events that were not accepted."""

    list_display = ("id", "refused_at", "field", "reason", "batch", "replayed_at", "replay_outcome")
    list_filter = ("field", "refused_at", ("replayed_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=batch__id", "reason", "field")
    actions = ("replay",)

    @admin.action(description="Replay: try them again by today's rules", permissions=["view"])
    def replay(self, request: HttpRequest, queryset: QuerySet[RefusedEvent]) -> None:
        """Try the chosen events again."""
        result = engine.replay_refused(list(queryset.values_list("pk", flat=True)))
        self.message_user(
            request,
            f"{result.accepted} accepted, {result.duplicate} known already, {result.refused} refused again.",
            messages.WARNING if result.refused else messages.SUCCESS,
        )


@admin.register(ViewerState)
class ViewerStateAdmin(FactAdmin):
    """What the feed knows of each viewer."""

    list_display = ("viewer_id", "updated_at", "searches")
    search_fields = ("=viewer_id",)
