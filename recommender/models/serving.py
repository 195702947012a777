"""What was served, and by which rules: feed pages, value weights, market rules."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from recommender.models.catalog import Stamped


class FeedPage(models.Model):
    """One page as it was served: the impressions log, one row a page, its arrays in step by position.

    `request_id` is the first page's id; a page asked for twice is answered from here.
    """

    request_id = models.UUIDField()
    page = models.PositiveSmallIntegerField(help_text="0-based")
    viewer_id = models.BigIntegerField()
    served_at = models.DateTimeField(db_default=Now())
    mode = models.CharField(max_length=16, help_text="personal, or fallback without a live model")
    model_version = models.IntegerField(null=True, help_text="ModelVersion id; empty = fallback")
    arm = models.CharField(max_length=64, help_text="experiment arm")
    exposed_arms = ArrayField(
        models.IntegerField(), default=list, db_default=[], help_text="arms that could make a difference here"
    )
    weights_version = models.CharField(max_length=200, help_text="versions of the value weights in force")
    market = models.SmallIntegerField(help_text="position in markets.MARKET_CODES")
    scenario = models.JSONField(default=dict)
    video_ids = ArrayField(models.BigIntegerField())
    propensities = ArrayField(models.FloatField())
    values = ArrayField(models.FloatField())
    reasons = models.JSONField(help_text="per position: source, contributions, rules")
    dropped = models.JSONField(default=dict, help_text="rule -> candidates removed")

    class Meta:
        indexes = [
            models.Index(fields=["viewer_id", "-served_at"], name="page_by_viewer"),
            models.Index(fields=["served_at"], name="page_by_time"),
        ]
        constraints = [models.UniqueConstraint(fields=["request_id", "page"], name="page_served_once")]

    def __str__(self) -> str:
        return f"page {self.page} of {self.request_id}"


class ValueWeights(Stamped):
    """What each predicted action is worth in a market; a change is a new version, the old ones stay."""

    market = models.CharField(
        max_length=2, blank=True, help_text="ISO country; empty = every market without its own"
    )
    version = models.PositiveIntegerField(editable=False)
    weights = models.JSONField(
        help_text='value term -> weight: the actions, "watch" (per expected second), "affinity"'
    )
    is_active = models.BooleanField(default=False, editable=False)
    note = models.CharField(max_length=200, blank=True, help_text="why it was changed")

    class Meta:
        verbose_name_plural = "value weights"
        constraints = [
            models.UniqueConstraint(fields=["market", "version"], name="weights_version_once"),
            models.UniqueConstraint(
                fields=["market"], condition=models.Q(is_active=True), name="one_active_weights_per_market"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market or 'all markets'} v{self.version}"


class MarketRule(Stamped):
    """Which videos a market's viewers may be shown, where it differs from the engine's own rule."""

    market = models.CharField(max_length=2, primary_key=True, help_text="one of the eight cart countries")
    languages = ArrayField(
        models.CharField(max_length=8),
        help_text="languages shown there; a video in another enters as a hit or where the viewer "
        "searched for it",
    )
    hit_quantile = models.FloatField(
        default=0.99, help_text="a video of another language is a hit above this quantile of trend, 0.5 to 1"
    )

    def __str__(self) -> str:
        return self.market
