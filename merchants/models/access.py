"""Keys with which a merchant's own programs call the API."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from merchants.models.accounts import Team


class ApiKey(models.Model):
    """A key of a team, acting as the person who made it. Only its hash is kept; the key is shown once."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="api_keys")
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="merchant_keys",
        help_text="the key may do what this person may; it ends with the membership",
    )  # fmt: skip
    name = models.CharField(max_length=80, help_text="which program uses it")
    prefix = models.CharField(max_length=12, unique=True, editable=False, help_text="to tell keys apart")
    key_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=20), help_text="figures:read, imports:write, ...")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="after this it is refused")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="to the minute")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"
