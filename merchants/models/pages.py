"""What people keep of pages: notes on days, views they come back to, and links for others."""

from django.conf import settings
from django.db import models

from merchants.models.accounts import Account


class Annotation(models.Model):
    """A note on a day of an account, drawn on every chart of it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="annotations")
    day = models.DateField()
    text = models.CharField(max_length=120)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["account", "day"], name="annotation_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.text}"


class SavedView(models.Model):
    """A page with its range and filters, under a name; one person's own."""

    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    page = models.CharField(max_length=20, help_text="name of the page's address")
    query = models.CharField(max_length=1000, blank=True, help_text="range, comparison and filters")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["maker", "account", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name


class ShareLink(models.Model):
    """The overview of one account, for whoever has the link. Only the link's hash is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="share_links")
    name = models.CharField(max_length=60)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=8, editable=False, help_text="to tell links apart")
    password = models.CharField(max_length=128, blank=True, editable=False, help_text="hashed; empty = none")
    query = models.CharField(max_length=1000, blank=True, help_text="range and market it is limited to")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    view_count = models.PositiveIntegerField(default=0)
    last_viewed_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"
