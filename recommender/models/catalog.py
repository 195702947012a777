"""Creators, videos and viewers: what the platform consists of. Ids are the platform's own."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Stamped(models.Model):
    """Rows that know when they were made and when they last changed; engines refresh by `updated_at`."""

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), db_index=True)

    class Meta:
        abstract = True


class Creator(Stamped):
    """An account that publishes."""

    id = models.BigIntegerField(primary_key=True, help_text="the platform's account id")
    handle = models.CharField(max_length=64, db_index=True, help_text="what follows the @")
    nickname = models.CharField(max_length=128, blank=True)
    market = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 country of registration")
    language = models.CharField(max_length=8, blank=True, help_text="BCP 47 tag of the videos' language")
    follower_count = models.PositiveIntegerField(default=0)
    is_blocked = models.BooleanField(default=False, db_index=True, help_text="no feed shows this creator")

    def __str__(self) -> str:
        return f"@{self.handle}"


class Video(Stamped):
    """A published short video."""

    id = models.BigIntegerField(primary_key=True, help_text="the platform's video id")
    creator = models.ForeignKey(Creator, on_delete=models.CASCADE, related_name="videos")
    caption = models.TextField(blank=True, help_text="as published, hashtags included")
    hashtags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    topics = ArrayField(models.CharField(max_length=64), default=list, blank=True, help_text="what it shows")
    language = models.CharField(max_length=8, blank=True, help_text="BCP 47 tag")
    duration_seconds = models.FloatField(null=True, blank=True, help_text="seconds, empty = not known")
    sound_id = models.BigIntegerField(null=True, blank=True, help_text="empty = original sound")
    has_cart = models.BooleanField(default=False, help_text="a product is linked in the video")
    published_at = models.DateTimeField(db_index=True)
    is_blocked = models.BooleanField(default=False, db_index=True, help_text="no feed shows this video")
    attributes = models.JSONField(default=dict, blank=True, help_text="further integer codes, by name")

    class Meta:
        indexes = [GinIndex(fields=["topics"], name="video_topics_gin")]

    def __str__(self) -> str:
        return f"{self.id} {self.caption[:40]}".strip()


class Viewer(Stamped):
    """A person who watches; never a login."""

    id = models.BigIntegerField(primary_key=True, help_text="the platform's viewer id")
    market = models.CharField(max_length=2, blank=True, db_index=True, help_text="ISO 3166-1 country")
    language = models.CharField(max_length=8, blank=True, help_text="BCP 47 tag of the app")
    interests = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text="topics chosen at sign-up"
    )
    device = models.JSONField(default=dict, blank=True, help_text="os, model, network, app categories, ...")
    attributes = models.JSONField(default=dict, blank=True, help_text="further integer codes, by name")

    def __str__(self) -> str:
        return f"viewer {self.id}"
