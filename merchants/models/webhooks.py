"""Addresses of merchants' own systems that are told what happened."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from merchants.models.accounts import Team


class WebhookEndpoint(models.Model):
    """Where a team wants to be told, and of what."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=100, editable=False, help_text="signs every delivery")
    kinds = ArrayField(models.CharField(max_length=40), help_text="import.stored, alert.fired, ...")
    is_paused = models.BooleanField(default=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One message to one address, from when it was due until it arrived or was given up."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True, help_text="empty = arrived or given up")
    last_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status")
    last_fault = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(fields=["next_at"], name="webhook_due", condition=Q(next_at__isnull=False)),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"
