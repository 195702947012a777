"""Working together on a team: invitations, and who did what."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from merchants.models.accounts import Role, Team


class Invitation(models.Model):
    """A place on a team that waits for somebody. The link's secret is kept as a hash."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.VIEWER)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "email"], condition=Q(accepted_at=None), name="invitation_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"


class AuditEntry(models.Model):
    """One thing that somebody changed on a team; never edited."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="audit_entries")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+",
        help_text="empty = the system, or a person who is gone",
    )  # fmt: skip
    actor_name = models.CharField(max_length=254, help_text="as it was then")
    kind = models.CharField(max_length=40, help_text="member_invited, key_revoked, import_undone, ...")
    about = models.CharField(
        max_length=300, blank=True, help_text="what it was done to, as it was called then"
    )
    happened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["team", "-happened_at"], name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"
