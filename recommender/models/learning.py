"""What was learnt: training runs and the versions they made."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class TrainingRun(models.Model):
    """One retraining, from request to verdict. This row is the truth; Celery only wakes it.

    Whoever works on the run holds the lease until `lease_until` and proves it with `fencing_token`: every
    taking-over adds one, and a write with an older token is refused.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PROMOTED = "promoted"
        REFUSED = "refused"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (State.QUEUED, State.RUNNING)

    state = models.CharField(max_length=12, choices=State, default=State.QUEUED, db_index=True)
    reason = models.TextField(blank=True, help_text="why it was promoted, refused or failed")
    trigger = models.CharField(max_length=16, help_text="nightly, admin, api, command or first")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    arm = models.ForeignKey(
        "recommender.Arm",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="runs",
        help_text="of an experiment whose arms learn alone; empty = the live model",
    )
    data_until = models.DateTimeField(help_text="events from then on are not read")
    progress = models.FloatField(default=0, help_text="0 to 1")
    step = models.CharField(max_length=120, blank=True, help_text="what it is doing")
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
        constraints = [
            # One constant per unfinished run: a second one is refused by the database itself.
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(state__in=["queued", "running"]),
                name="one_unfinished_run",
            )
        ]

    def __str__(self) -> str:
        return f"training run {self.pk} ({self.state})"


class ModelVersion(models.Model):
    """A set of model files, how it did, and whether it is live."""

    class State(models.TextChoices):
        LIVE = "live"
        RETIRED = "retired"
        REFUSED = "refused"
        ARM = "arm", "serves an experiment's arm"

    run = models.OneToOneField(
        TrainingRun, null=True, on_delete=models.SET_NULL, related_name="version", help_text="what made it"
    )
    state = models.CharField(max_length=12, choices=State, db_index=True)
    folder = models.CharField(max_length=200, help_text="below the artifact folder")
    manifest_sha256 = models.CharField(max_length=64)
    trained_until = models.DateTimeField(help_text="no younger event was seen in training")
    metrics = models.JSONField(default=dict, help_text="on the held-out window, beside the version then live")
    reason = models.TextField(help_text="why it went live or did not")
    created_at = models.DateTimeField(db_default=Now())
    promoted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="live"), name="one_live_version"
            )
        ]

    def __str__(self) -> str:
        return f"version {self.pk} ({self.state})"
