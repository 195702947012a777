"""Long work that a merchant asked for. The row is the truth; Celery only wakes somebody to look."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from merchants.models.accounts import Account, Team


class Job(models.Model):
    """One piece of long work, from request to result.

    Whoever works on it holds the lease until `lease_until` and proves it with `fencing_token`: every
    taking-over adds one, and a write with an older token is refused (`recommender.feedback.leases`).
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Kind(models.TextChoices):
        REACH = "reach", "Reach simulation"

    UNFINISHED: ClassVar[tuple[str, ...]] = ("queued", "running")

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="jobs")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=16, choices=Kind)
    title = models.CharField(max_length=200, help_text="what the merchant calls it")
    request = models.JSONField(help_text="what was asked, complete: the same request gives the same result")
    request_key = models.CharField(
        max_length=64, help_text="one job per key and team: asked twice it runs once"
    )
    result = models.JSONField(null=True, help_text="the answer, with the version of its shape in `schema`")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True, help_text="why it failed or was called off")
    progress = models.FloatField(default=0, help_text="0 to 1")
    step = models.CharField(max_length=120, blank=True, help_text="what it is doing")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    fencing_token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True, help_text="who holds the lease")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["team", "request_key"], name="job_asked_once")]
        indexes = [
            models.Index(fields=["account", "kind", "-id"], name="job_history"),
            models.Index(
                fields=["id"], condition=models.Q(state__in=["queued", "running"]), name="job_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def is_finished(self) -> bool:
        """Nothing more will happen to it."""
        return self.state not in self.UNFINISHED
