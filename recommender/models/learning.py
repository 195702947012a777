"""What was learnt: training runs and the versions they made."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class TrainingRun(models.Model):
    """One retraining or update, from request to verdict. This row is the truth; Celery only wakes it.

    Whoever works on the run holds the lease until `lease_until` and proves it with `fencing_token`: every
    taking-over adds one, and a write with an older token is refused.
    """

    class Kind(models.TextChoices):
        FULL = "full", "full retraining"
        UPDATE = "update", "update of the live version"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PROMOTED = "promoted"
        REFUSED = "refused"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.FULL, db_index=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED, db_index=True)
    reason = models.TextField(blank=True, help_text="why it was promoted, refused or failed")
    trigger = models.CharField(max_length=16, help_text="nightly, beat, admin, api, command or first")
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
            # A second unfinished run of a kind is refused by the database itself.
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_unfinished_run_per_kind",
            )
        ]

    def __str__(self) -> str:
        return f"training run {self.pk} ({self.state})"


class ModelVersion(models.Model):
    """A set of model files, how it did, and whether it is live."""

    class State(models.TextChoices):
        LIVE = "live"
        SHADOW = "shadow"
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
    shadow_since = models.DateTimeField(
        null=True, blank=True, help_text="scores served pages since then without deciding"
    )
    taken_back_at = models.DateTimeField(
        null=True, blank=True, help_text="its live guard metrics fell, so the version before went live again"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="live"), name="one_live_version"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="shadow"), name="one_shadow_version"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.pk} ({self.state})"


class ShadowScore(models.Model):
    """One served page scored by two versions: the one in force and one that decides nothing.

    The arrays hold N_ACTIONS probabilities a video, video after video, in the order of `video_ids`.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="shadow_scores")
    live_version = models.IntegerField(help_text="ModelVersion id of what served the page")
    request_id = models.UUIDField()
    page = models.PositiveSmallIntegerField()
    viewer_id = models.BigIntegerField()
    market = models.SmallIntegerField(help_text="position in markets.MARKET_CODES, -1 elsewhere")
    served_at = models.DateTimeField()
    video_ids = ArrayField(models.BigIntegerField(), help_text="as served, then what the shadow would add")
    served_count = models.PositiveSmallIntegerField(help_text="how many of them were served")
    live_probability = ArrayField(models.FloatField())
    shadow_probability = ArrayField(models.FloatField())
    candidate_count = models.PositiveIntegerField(help_text="scored by both")
    overlap = models.FloatField(help_text="share of the ten most valuable that both agree on, 0 to 1")
    correlation = models.FloatField(help_text="of both values over all candidates, -1 to 1")
    scored_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "request_id", "page"], name="page_shadowed_once")
        ]
        indexes = [models.Index(fields=["version", "served_at"], name="shadow_by_version")]

    def __str__(self) -> str:
        return f"page {self.page} of {self.request_id} scored by version {self.version_id}"
