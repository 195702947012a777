"""Reports that leave by e-mail on their own."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from merchants.models.accounts import Account


class Cadence(models.TextChoices):
    """How often a report leaves, at eight in the morning of the account's zone."""

    DAILY = "daily", "every day"
    WEEKLY = "weekly", "every Monday"
    MONTHLY = "monthly", "on the first of the month"


class ReportSchedule(models.Model):
    """A report of one account: to whom, how often, in which language."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="report_schedules")
    name = models.CharField(max_length=80)
    cadence = models.CharField(max_length=8, choices=Cadence.choices, default=Cadence.WEEKLY)
    recipients = ArrayField(models.EmailField(), help_text="up to 20 addresses")
    language = models.CharField(max_length=10, default="en")
    is_paused = models.BooleanField(default=False)
    next_at = models.DateTimeField(help_text="when the next one is due")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ReportDelivery(models.Model):
    """One report that was due; sent once, and never silently dropped."""

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="deliveries")
    due_at = models.DateTimeField()
    attempt_count = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="empty = sent, or given up")
    sent_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=300, blank=True, help_text="what failed last, or is missing in it")

    class Meta:
        verbose_name_plural = "report deliveries"
        constraints = [models.UniqueConstraint(fields=["schedule", "due_at"], name="report_once")]

    def __str__(self) -> str:
        return f"{self.schedule} due {self.due_at:%Y-%m-%d}"
