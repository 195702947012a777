"""What happened: batches, events, refused events, rollups, and each viewer's state.

`Event` and `EventLedger` are partitioned in the database (see the migrations); Django reads and writes them
like any table.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class EventBatch(models.Model):
    """One delivery of events and its account: received = stored + duplicate + refused, always."""

    received_at = models.DateTimeField(db_default=Now(), db_index=True)
    sender = models.CharField(max_length=64, help_text="token prefix, or the import that sent it")
    received_count = models.PositiveIntegerField()
    stored_count = models.PositiveIntegerField()
    duplicate_count = models.PositiveIntegerField()
    refused_count = models.PositiveIntegerField()
    first_at = models.DateTimeField(null=True, help_text="oldest stored event; empty = none stored")
    last_at = models.DateTimeField(null=True, help_text="newest stored event")
    rolled_up_at = models.DateTimeField(null=True, blank=True, help_text="empty = not yet in the rollups")

    class Meta:
        verbose_name_plural = "event batches"
        indexes = [
            models.Index(
                fields=["id"], name="batch_to_roll_up", condition=models.Q(rolled_up_at__isnull=True)
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="batch_is_conserved",
                condition=models.Q(
                    received_count=models.F("stored_count")
                    + models.F("duplicate_count")
                    + models.F("refused_count")
                ),
            )
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"


class Event(models.Model):
    """One thing a viewer did. Partitioned by day of `happened_at`; never changed once written.

    The database's key is (happened_at, event_id), as partitions demand; the ledger makes `event_id` unique.
    """

    event_id = models.UUIDField(primary_key=True)
    happened_at = models.DateTimeField(help_text="corrected for the sender's clock")
    batch_id = models.BigIntegerField()
    viewer_id = models.BigIntegerField()
    video_id = models.BigIntegerField(null=True, help_text="empty for searches")
    creator_id = models.BigIntegerField(null=True)
    kind = models.SmallIntegerField(help_text="position in events.schema.KINDS")
    actions = models.IntegerField(help_text="bit mask over contracts.ACTIONS, as judged when it came in")
    market = models.SmallIntegerField(help_text="position in markets.MARKET_CODES, -1 elsewhere")
    source = models.SmallIntegerField(help_text="position in contracts.TRAFFIC_SOURCES")
    position = models.SmallIntegerField(null=True, help_text="0-based place in the page")
    watch_ms = models.IntegerField(null=True, help_text="milliseconds, loops included; empty = not known")
    loops = models.SmallIntegerField(null=True, help_text="full repeats")
    session_id = models.UUIDField(null=True)
    request_id = models.UUIDField(null=True, help_text="the feed page it came from")
    value_minor = models.BigIntegerField(null=True, help_text="order value in the market's minor unit")
    is_clamped = models.BooleanField(
        default=False, help_text="its time lay ahead of ours and was cut to ours"
    )
    details = models.JSONField(null=True, help_text="device, search words, product")

    class Meta:
        managed = False
        db_table = "recommender_event"


class EventLedger(models.Model):
    """Every event id ever accepted: what makes a retry, on whichever partition, count once."""

    event_id = models.UUIDField(primary_key=True)

    class Meta:
        managed = False
        db_table = "recommender_eventledger"


class RefusedEvent(models.Model):
    """An event that was not accepted, kept whole so that it can be replayed once its cause is mended."""

    batch = models.ForeignKey(EventBatch, on_delete=models.CASCADE, related_name="refused")
    index = models.PositiveIntegerField(help_text="0-based place in its batch")
    field = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    payload = models.JSONField()
    sent_at = models.DateTimeField(null=True, help_text="the sender's clock when the batch left")
    refused_at = models.DateTimeField(db_default=Now(), db_index=True)
    replayed_at = models.DateTimeField(null=True, blank=True)
    replay_outcome = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"refused event {self.pk}: {self.reason[:60]}"


class HourlyRollup(models.Model):
    """Counts of one video, in one market, from one source, within one hour (UTC)."""

    pk = models.CompositePrimaryKey("hour_at", "video_id", "market", "source")
    hour_at = models.DateTimeField()
    video_id = models.BigIntegerField()
    market = models.SmallIntegerField()
    source = models.SmallIntegerField()
    impression_count = models.BigIntegerField(default=0)
    watch_count = models.BigIntegerField(default=0)
    watch_ms = models.BigIntegerField(default=0, help_text="milliseconds: whole numbers add up exactly")
    finish_count = models.BigIntegerField(default=0)
    long_watch_count = models.BigIntegerField(default=0)
    swipe_count = models.BigIntegerField(default=0)
    like_count = models.BigIntegerField(default=0)
    unlike_count = models.BigIntegerField(default=0)
    comment_count = models.BigIntegerField(default=0)
    share_count = models.BigIntegerField(default=0)
    follow_count = models.BigIntegerField(default=0)
    profile_visit_count = models.BigIntegerField(default=0)
    cart_click_count = models.BigIntegerField(default=0)
    order_count = models.BigIntegerField(default=0)
    order_value_minor = models.BigIntegerField(default=0)
    not_interested_count = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["video_id", "hour_at"], name="rollup_by_video")]


class RollupRow(models.Model):
    """`HourlyRollup` under a key of one column, for pages that list rows: a view, read-only."""

    key = models.CharField(max_length=80, primary_key=True, help_text="hour / video / market / source")
    hour_at = models.DateTimeField()
    video_id = models.BigIntegerField()
    market = models.SmallIntegerField(help_text="position in markets.MARKET_CODES, -1 elsewhere")
    source = models.SmallIntegerField(help_text="position in contracts.TRAFFIC_SOURCES")
    impression_count = models.BigIntegerField()
    watch_count = models.BigIntegerField()
    watch_ms = models.BigIntegerField(help_text="milliseconds")
    finish_count = models.BigIntegerField()
    like_count = models.BigIntegerField()
    share_count = models.BigIntegerField()
    cart_click_count = models.BigIntegerField()
    order_count = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "recommender_rolluprow"
        verbose_name = "hourly count"

    def __str__(self) -> str:
        return self.key


class ViewerState(models.Model):
    """What the feed needs to know of one viewer, kept by ingest in the transaction that stores the events.

    Each group of arrays runs in step and is sorted by its time, oldest first. The `recent_*` arrays hold one
    place per video, actions merged into a bit mask over `contracts.ACTIONS`. A creator is either followed or
    blocked: the later word counts.
    """

    viewer_id = models.BigIntegerField(primary_key=True)
    recent_video_ids = ArrayField(models.BigIntegerField(), default=list)
    recent_happened_at = ArrayField(models.FloatField(), default=list, help_text="unix seconds")
    recent_actions = ArrayField(models.IntegerField(), default=list)
    recent_watch_seconds = ArrayField(
        models.FloatField(), default=list, help_text="longest watch in seconds, NaN = not known"
    )
    recent_like_at = ArrayField(
        models.FloatField(),
        default=list,
        help_text="unix seconds of the last like, negative = of the last unlike, 0 = neither",
    )
    followed_creator_ids = ArrayField(models.BigIntegerField(), default=list)
    followed_at = ArrayField(models.FloatField(), default=list, help_text="unix seconds")
    blocked_creator_ids = ArrayField(models.BigIntegerField(), default=list)
    blocked_at = ArrayField(models.FloatField(), default=list, help_text="unix seconds")
    searches = ArrayField(models.CharField(max_length=100), default=list, help_text="newest last")
    searched_at = ArrayField(models.FloatField(), default=list, help_text="unix seconds")
    seen_video_ids = ArrayField(
        models.BigIntegerField(), default=list, help_text="shown or watched, newest last"
    )
    seen_at = ArrayField(models.IntegerField(), default=list, help_text="unix seconds, whole")
    muted_creator_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    muted_sound_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    muted_words = ArrayField(models.CharField(max_length=40), default=list, db_default=[])
    before_reset = models.JSONField(null=True, help_text="what a reset took away, until it is undone")
    reset_at = models.DateTimeField(null=True, help_text="when the feed was last reset")
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"state of viewer {self.viewer_id}"
