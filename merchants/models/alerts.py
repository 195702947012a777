"""Rules that watch a figure, and the days on which they fired."""

from django.conf import settings
from django.db import models

from merchants.models.accounts import Account


class AlertKind(models.TextChoices):
    """What a rule watches for, on closed days alone."""

    DROP = "drop", "falls by more than"
    RISE = "rise", "rises by more than"
    BELOW = "below", "is below"
    ABOVE = "above", "is above"
    SILENCE = "silence", "has no figures for"


class AlertRule(models.Model):
    """One figure of an account, and when to speak up."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alert_rules")
    name = models.CharField(max_length=80)
    metric = models.CharField(max_length=32, help_text="views, orders, gmv, ...")
    kind = models.CharField(max_length=8, choices=AlertKind.choices)
    threshold = models.DecimalField(
        max_digits=20, decimal_places=4, help_text="percent of the usual, a figure, or days without any"
    )
    quiet_days = models.PositiveSmallIntegerField(default=3, help_text="days of silence after it fired")
    is_paused = models.BooleanField(default=False)
    checked_until = models.DateField(null=True, blank=True, help_text="last closed day that was judged")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class AlertFiring(models.Model):
    """A rule fired on a day; once, however often the day is judged."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="firings")
    day = models.DateField()
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True, help_text="empty = no figure")
    usual = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, help_text="what it was held against"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="when the e-mail left")
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "day"], name="alert_fires_once")]
        indexes = [models.Index(fields=["-created_at"], name="alert_newest")]

    def __str__(self) -> str:
        return f"{self.rule} on {self.day}"
