"""What merchants set up for themselves: alerts, reports, links, webhooks, keys; and who did what."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from merchants.accounts.keys import revoke_key
from merchants.alerts.watching import check_rule
from merchants.models import (
    ActivityDay,
    AlertFiring,
    AlertRule,
    Annotation,
    ApiKey,
    AuditEntry,
    Invitation,
    ReportDelivery,
    ReportSchedule,
    ShareLink,
    WebhookDelivery,
    WebhookEndpoint,
)
from merchants.webhooks.sending import send_again


class FactAdmin(admin.ModelAdmin):
    """Rows that people read and never write."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds facts by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor changes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor deletes them."""
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may change rows of this kind may act on them."""
        return request.user.has_perm(f"merchants.change_{self.opts.model_name}")


@admin.register(AlertRule)
class AlertRuleAdmin(FactAdmin):
    """Rules, judged now where somebody asks."""

    list_display = ("name", "account", "metric", "kind", "threshold", "is_paused", "checked_until")
    list_filter = ("metric", "kind", "is_paused")
    list_select_related = ("account",)
    search_fields = ("name", "account__handle")
    actions = ("judge",)

    @admin.action(description="Judge the newest closed days now", permissions=["act"])
    def judge(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        """As the hourly task does."""
        fired = sum(len(check_rule(rule)) for rule in queryset.select_related("account__team"))
        self.message_user(request, f"{fired} new firings.", messages.SUCCESS)


@admin.register(AlertFiring)
class AlertFiringAdmin(FactAdmin):
    """What alerts said."""

    list_display = ("rule", "day", "value", "usual", "created_at", "sent_at", "seen_at")
    list_select_related = ("rule",)
    search_fields = ("rule__name", "rule__account__handle")
    date_hierarchy = "day"


@admin.register(ReportSchedule)
class ReportScheduleAdmin(FactAdmin):
    """Scheduled reports."""

    list_display = ("name", "account", "cadence", "language", "is_paused", "next_at")
    list_filter = ("cadence", "language", "is_paused")
    list_select_related = ("account",)
    search_fields = ("name", "account__handle", "recipients")


@admin.register(ReportDelivery)
class ReportDeliveryAdmin(FactAdmin):
    """Reports that left, or did not, and why."""

    list_display = ("schedule", "due_at", "sent_at", "attempt_count", "retry_at", "fault")
    list_filter = (("sent_at", admin.EmptyFieldListFilter),)
    list_select_related = ("schedule",)
    search_fields = ("schedule__name", "fault")
    actions = ("retry",)

    @admin.action(description="Try again now", permissions=["act"])
    def retry(self, request: HttpRequest, queryset: QuerySet[ReportDelivery]) -> None:
        """The next run of the task picks them up."""
        count = queryset.filter(sent_at=None).update(retry_at=timezone.now(), attempt_count=0)
        self.message_user(request, f"{count} will be tried again within a minute.", messages.SUCCESS)


@admin.register(ShareLink)
class ShareLinkAdmin(FactAdmin):
    """Links through which strangers see an account."""

    list_display = ("name", "account", "prefix", "expires_at", "revoked_at", "view_count", "last_viewed_at")
    list_select_related = ("account",)
    search_fields = ("name", "prefix", "account__handle")
    exclude = ("token_sha256", "password")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(FactAdmin):
    """Addresses that are told."""

    list_display = ("url", "team", "kinds", "is_paused", "created_at")
    list_select_related = ("team",)
    search_fields = ("url", "team__name")
    exclude = ("secret",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(FactAdmin):
    """Messages, and how they fared."""

    list_display = ("kind", "endpoint", "created_at", "attempt_count", "next_at", "last_status", "last_fault")
    list_filter = ("kind", "last_status")
    list_select_related = ("endpoint",)
    search_fields = ("=message_id", "endpoint__url", "last_fault")
    actions = ("again",)

    @admin.action(description="Send again", permissions=["act"])
    def again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Each under its own id."""
        for delivery in queryset:
            send_again(delivery)
        self.message_user(request, "They are on their way.", messages.SUCCESS)


@admin.register(ApiKey)
class ApiKeyAdmin(FactAdmin):
    """Keys of merchants' programs; one that leaked is revoked here."""

    list_display = ("name", "team", "maker", "prefix", "scopes", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("team", "maker")
    search_fields = ("name", "prefix", "team__name", "maker__username")
    exclude = ("key_sha256",)
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """At once."""
        for key in queryset:
            revoke_key(key)
        self.message_user(request, "Revoked.", messages.SUCCESS)


@admin.register(Invitation)
class InvitationAdmin(FactAdmin):
    """Places on teams that wait."""

    list_display = ("email", "team", "role", "created_at", "expires_at", "accepted_at")
    list_select_related = ("team",)
    search_fields = ("email", "team__name")
    exclude = ("token_sha256",)


@admin.register(AuditEntry)
class AuditEntryAdmin(FactAdmin):
    """Who did what."""

    list_display = ("happened_at", "team", "actor_name", "kind", "about")
    list_filter = ("kind",)
    list_select_related = ("team",)
    search_fields = ("actor_name", "about", "team__name")
    date_hierarchy = "happened_at"


@admin.register(Annotation)
class AnnotationAdmin(FactAdmin):
    """Notes on days."""

    list_display = ("day", "account", "text", "made_by")
    list_select_related = ("account", "made_by")
    search_fields = ("text", "account__handle")


@admin.register(ActivityDay)
class ActivityDayAdmin(FactAdmin):
    """Counts per account, day, market and facet."""

    list_display = (
        "account",
        "day",
        "facet",
        "market",
        "key",
        "impressions",
        "views",
        "cart_clicks",
        "orders",
    )
    list_filter = ("facet", "market")
    list_select_related = ("account",)
    search_fields = ("=account__handle", "=key")
