"""Pieces of one job that several workers may take. Each is claimed by lease, like the job itself."""

from django.db import models

from merchants.models.jobs import Job


class JobPart(models.Model):
    """One piece of a running job; its rows go once the job is finished."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField(help_text="0-based; results are joined in this order")
    fingerprint = models.CharField(
        max_length=64, help_text="of what the job's worker sees; only who sees the same may work on it"
    )
    state = models.CharField(max_length=12, choices=Job.State, default=Job.State.QUEUED)
    result = models.JSONField(null=True, help_text="what the piece adds, in plain numbers")
    reason = models.TextField(blank=True, help_text="why it failed")
    progress = models.FloatField(default=0, help_text="0 to 1")
    step = models.CharField(max_length=120, blank=True, help_text="what it is doing")
    attempts = models.PositiveSmallIntegerField(default=0)
    fencing_token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True, help_text="who holds the lease")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["job_id", "number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="job_part_once")]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["queued", "running"]),
                name="job_part_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of job {self.job_id} ({self.state})"
