"""Experiments: what is tried on whom, what was promised before the start, and how it ended."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from recommender.models.catalog import Stamped


class Experiment(Stamped):
    """One question put to the feed. What it is about is frozen by the start: the database refuses."""

    class State(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        STOPPED = "stopped"
        ENDED = "ended"

    class Design(models.TextChoices):
        VIEWER = "viewer", "viewers: each viewer stays in one arm"
        CREATOR = "creator", "creators: each creator's videos stay in one arm"
        SWITCHBACK = "switchback", "switchback: everybody changes arms from slice to slice of time"

    class Learning(models.TextChoices):
        SHARED = "shared", "shared: every arm's events teach the same live model"
        ISOLATED = "isolated", "isolated: each arm's model learns from its own viewers alone"

    name = models.CharField(max_length=40, unique=True)
    hypothesis = models.TextField(help_text="what is expected to change, by how much, and why")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    design = models.CharField(max_length=12, choices=Design, default=Design.VIEWER)
    learning = models.CharField(max_length=12, choices=Learning, default=Learning.SHARED)
    layer = models.CharField(
        max_length=40, default="feed", help_text="experiments of one layer never share a viewer"
    )
    traffic_share = models.FloatField(default=1.0, help_text="0-1, of the layer's units")
    salt = models.CharField(max_length=64, blank=True, help_text="spreads the units; empty = the name")
    slice_seconds = models.PositiveIntegerField(default=3600, help_text="seconds of a switchback slice")
    primary_metric = models.CharField(max_length=32, default="long_watches")
    guards = models.JSONField(
        default=list, blank=True, help_text='[{"metric": "not_interested", "tolerance": 0.02}], relative'
    )
    planned_effect = models.FloatField(default=0.02, help_text="smallest change worth finding, relative")
    planned_days = models.PositiveSmallIntegerField(default=14, help_text="days")
    planned_units = models.PositiveIntegerField(
        default=0, help_text="units an arm; 0 = calculated from the past at the start"
    )
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT, db_index=True, editable=False)
    first_bucket = models.PositiveIntegerField(null=True, editable=False, help_text="of the layer's 10,000")
    stop_bucket = models.PositiveIntegerField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    stop_reason = models.TextField(blank=True, editable=False)
    conclusion = models.TextField(blank=True, editable=False, help_text="what was learnt from it")
    readout = models.JSONField(null=True, editable=False, help_text="as it stood at the end")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="experiment_traffic_is_a_share", condition=Q(traffic_share__gt=0, traffic_share__lte=1)
            ),
            models.CheckConstraint(
                name="running_experiment_has_a_slot",
                condition=~Q(state="running")
                | Q(started_at__isnull=False, first_bucket__lt=F("stop_bucket"), stop_bucket__lte=10_000),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Arm(models.Model):
    """One way of serving within an experiment; the first is the control."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    name = models.CharField(max_length=20)
    place = models.PositiveSmallIntegerField(default=0, help_text="0 = the control")
    share = models.FloatField(help_text="0-1, of the experiment's units; all arms add up to 1")
    overrides = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"rerank.diversity": 0.3, "value.like": 5, "mix.trending": 2}; see the list of values',
    )
    value_weights = models.ForeignKey(
        "recommender.ValueWeights",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="a stored version of the value weights; empty = those in force",
    )
    model_version = models.ForeignKey(
        "recommender.ModelVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="empty = the live version of the moment",
    )
    stopped_at = models.DateTimeField(null=True, editable=False, help_text="its viewers get the control")
    stop_reason = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["experiment", "place"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "place"], name="arm_place_once"),
            models.UniqueConstraint(fields=["experiment", "name"], name="arm_name_once"),
            models.CheckConstraint(name="arm_share_is_a_share", condition=Q(share__gt=0, share__lt=1)),
        ]

    def __str__(self) -> str:
        return f"{self.experiment}/{self.name}"


class FeedChoice(models.Model):
    """What one logged page was chosen from: the ground of off-policy answers; a sample of pages."""

    request_id = models.UUIDField()
    page = models.PositiveSmallIntegerField()
    viewer_id = models.BigIntegerField()
    served_at = models.DateTimeField(db_default=Now(), db_index=True)
    market = models.SmallIntegerField(help_text="position in markets.MARKET_CODES")
    scenario = models.JSONField(default=dict)
    video_ids = ArrayField(models.BigIntegerField(), help_text="the shortlist")
    expected = models.BinaryField(help_text="float32, videos x value terms: what was predicted of each")
    is_new = ArrayField(models.BooleanField(), help_text="may be drawn by exploration")
    last_creator = models.BigIntegerField(help_text="creator id of the video before the page, -1 = none")
    last_sound = models.BigIntegerField(help_text="sound of that video, -1 = none")
    policy = models.JSONField(help_text="value weights of the market and re-rank params of whoever chose")
    shown_ids = ArrayField(models.BigIntegerField(), help_text="the page")
    propensities = ArrayField(models.FloatField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request_id", "page"], name="choice_logged_once")]

    def __str__(self) -> str:
        return f"choice of {self.request_id} page {self.page}"
