"""Where new videos stand on their way to viewers, and who is seen in each market."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from recommender.models.catalog import Video


class VideoStage(models.Model):
    """One new video among one market's viewers: the pool it is in, and the evidence of the last decision."""

    STATES = [
        ("waiting", "waiting: this market opens once the video passes a pool at home"),
        ("trying", "in a pool: viewers are guaranteed"),
        ("passed", "passed all pools: it competes by its own record"),
        ("let_go", "let go: below its cohort, no more viewers are guaranteed"),
        ("expired", "the time of its pool is over"),
    ]
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="stages")
    market = models.CharField(max_length=2, help_text="country of the viewers")
    state = models.CharField(max_length=8, choices=STATES)
    pool = models.PositiveSmallIntegerField(help_text="pools passed")
    shown_count = models.FloatField(help_text="trusted impressions in this market")
    good_count = models.FloatField(help_text="those watched long, liked or better")
    target_count = models.FloatField(
        null=True, help_text="impressions at which the pool is full; empty = none"
    )
    mean = models.FloatField(null=True, help_text="posterior mean of the share of good impressions, 0-1")
    bar = models.FloatField(null=True, help_text="what its cohort asks, 0-1; empty = too few to compare with")
    chance = models.FloatField(null=True, help_text="posterior chance to be above the bar, 0-1")
    cohort = models.CharField(
        max_length=20, blank=True, help_text="how wide it was compared; empty = not yet"
    )
    need = models.FloatField(default=0, help_text="part of the pool still to meet, 0-1")
    entered_at = models.DateTimeField(db_default=Now(), help_text="first seen in this market's pools")
    decided_at = models.DateTimeField(null=True, help_text="when it was last promoted, let go or expired")
    judged_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["video", "market"], name="stage_once_per_market")]
        indexes = [models.Index(fields=["market", "state"], name="stage_by_market")]

    def __str__(self) -> str:
        return f"video {self.video_id} in {self.market}: {self.state}"


class ExposureHour(models.Model):
    """Who was seen by one market's viewers in the 24 hours before the end of an hour."""

    hour_at = models.DateTimeField(help_text="the hour in which it was measured")
    market = models.CharField(max_length=2, help_text="country of the viewers")
    impression_count = models.FloatField(help_text="in 24 hours")
    newcomers = models.FloatField(null=True, help_text="share of new videos, 0-1; empty = nothing shown")
    small_creators = models.FloatField(null=True, help_text="share of small creators' videos, 0-1")
    home_market = models.FloatField(null=True, help_text="share of the market's own creators, 0-1")
    coverage = models.FloatField(null=True, help_text="share of recent admitted videos shown at all, 0-1")
    gini = models.FloatField(null=True, help_text="inequality of impressions over videos, all markets, 0-1")
    new_video_share = models.FloatField(help_text="positions given to new videos from now on, 0-1")
    floors = models.JSONField(
        default=dict, help_text="floor that is not met -> share of positions drawn for it"
    )
    owed_kept = models.FloatField(
        null=True, help_text="share of the first pools that ended full among those that ended, 0-1"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour_at", "market"], name="exposure_once_per_hour")]
        ordering = ["-hour_at", "market"]

    def __str__(self) -> str:
        return f"{self.market} {self.hour_at:%Y-%m-%d %H}:00"


class ViewerTrust(models.Model):
    """A viewer of whom something was found; viewers without a row are believed."""

    viewer_id = models.BigIntegerField(primary_key=True)
    trust = models.FloatField(
        help_text="0-1; below the least trust nothing the viewer does counts for others"
    )
    findings = ArrayField(models.CharField(max_length=12), default=list)
    is_pardoned = models.BooleanField(default=False, help_text="an operator believes the viewer all the same")
    found_at = models.DateTimeField(db_default=Now())
    judged_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["trust"], name="trust_by_value")]
        verbose_name_plural = "viewer trust"

    def __str__(self) -> str:
        return f"viewer {self.viewer_id}: {self.trust:.2f}"


class DiscountedCount(models.Model):
    """What models and trends do not believe of an hour's counts: distrusted viewers, repeats, excess.

    The hourly counts themselves stay what happened; readers that teach or rank subtract these.
    """

    pk = models.CompositePrimaryKey("hour_at", "video_id", "market")
    hour_at = models.DateTimeField()
    video_id = models.BigIntegerField()
    market = models.SmallIntegerField(help_text="position in markets.MARKET_CODES, -1 elsewhere")
    impression_count = models.BigIntegerField(default=0)
    watch_count = models.BigIntegerField(default=0)
    watch_ms = models.BigIntegerField(default=0, help_text="milliseconds")
    finish_count = models.BigIntegerField(default=0)
    long_watch_count = models.BigIntegerField(default=0)
    like_count = models.BigIntegerField(default=0)
    comment_count = models.BigIntegerField(default=0)
    share_count = models.BigIntegerField(default=0)
    follow_count = models.BigIntegerField(default=0)
    cart_click_count = models.BigIntegerField(default=0)
    order_count = models.BigIntegerField(default=0)
    not_interested_count = models.BigIntegerField(default=0)
