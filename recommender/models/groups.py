"""Labels of viewers, in versions."""

from django.db import models
from django.db.models.functions import Now


class GroupVersion(models.Model):
    """One clustering of all viewers; ids and names are matched to the version before."""

    KINDS = [("engagement", "by what they do"), ("interest", "by what they watch")]
    kind = models.CharField(max_length=12, choices=KINDS)
    number = models.PositiveIntegerField(help_text="1, 2, ... per kind")
    created_at = models.DateTimeField(db_default=Now())
    viewer_count = models.PositiveIntegerField(help_text="viewers with a label")
    stability = models.FloatField(
        null=True, help_text="adjusted Rand index against the version before, 1 = the same; empty = the first"
    )
    groups = models.JSONField(help_text="per group: id, traits that set it apart, size, centre")
    is_live = models.BooleanField(default=False, help_text="the version in force")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="group_version_once"),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(is_live=True), name="one_live_group_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.number}"


class ViewerGroup(models.Model):
    """The labels of one viewer in force; -1 = too little is known."""

    viewer_id = models.BigIntegerField(primary_key=True)
    engagement = models.SmallIntegerField(default=-1, db_index=True, help_text="group id")
    interest = models.SmallIntegerField(default=-1, db_index=True, help_text="group id")
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"viewer {self.viewer_id}: {self.engagement}/{self.interest}"
