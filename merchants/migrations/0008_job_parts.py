"""Pieces of one job that several workers may take."""

import django.db.models.deletion
from django.db import migrations, models

_STATES = [
    ("queued", "Queued"),
    ("running", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0007_activity_by_group"),
    ]

    operations = [
        migrations.CreateModel(
            name="JobPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.PositiveSmallIntegerField(help_text="0-based; results are joined in this order"),
                ),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="of what the job's worker sees; only who sees the same may work on it",
                        max_length=64,
                    ),
                ),
                ("state", models.CharField(choices=_STATES, default="queued", max_length=12)),
                ("result", models.JSONField(help_text="what the piece adds, in plain numbers", null=True)),
                ("reason", models.TextField(blank=True, help_text="why it failed")),
                ("progress", models.FloatField(default=0, help_text="0 to 1")),
                ("step", models.CharField(blank=True, help_text="what it is doing", max_length=120)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fencing_token", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("worker", models.CharField(blank=True, help_text="who holds the lease", max_length=120)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="merchants.job",
                    ),
                ),
            ],
            options={
                "ordering": ["job_id", "number"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=["id"],
                        name="job_part_unfinished",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("job", "number"), name="job_part_once")],
            },
        ),
    ]
