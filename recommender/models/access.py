"""Who may call the API."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class ApiToken(models.Model):
    """A key for a program. Only its hash is kept; the key itself is shown once, when it is made."""

    name = models.CharField(max_length=80, help_text="which program uses it")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    prefix = models.CharField(
        max_length=12, unique=True, editable=False, help_text="first letters, to tell keys apart"
    )
    key_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=20),
        help_text="events:write, feed:read, catalog:write, training:control, ...",
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True, help_text="empty = never")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="to the minute")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"
