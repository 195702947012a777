"""Counts of an account's activity on the platform, per calendar day of its own zone and one facet."""

from typing import ClassVar

from django.db import models

from merchants.models.accounts import Account


class Facet(models.TextChoices):
    """What a row's `key` names."""

    HOUR = "hour", "hour 0-23 on the viewers' wall clock"
    SOURCE = "source", "where viewers met the video"
    LANGUAGE = "language", "viewers' app language"
    DEVICE = "device", "viewers' phones"
    GROUP = "group", "viewers' group by engagement, -1 = none"
    VIDEO = "video", "id of the video"
    VIDEO_MONTH = "month", "id of the video; day is the first of a month, all markets together"


class ActivityDay(models.Model):
    """Events of one account on one day, in one market, by one facet. Each facet adds up to the same sums."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    facet = models.CharField(max_length=8, choices=Facet.choices)
    day = models.DateField(help_text="calendar day in the account's zone; facet hour: in the market's zone")
    market = models.CharField(max_length=2, blank=True, help_text="of the viewers; empty = elsewhere")
    key = models.CharField(max_length=24)
    impressions = models.BigIntegerField()
    views = models.BigIntegerField()
    for_you_views = models.BigIntegerField(help_text="of the views, those that For You brought")
    watch_ms = models.BigIntegerField(help_text="milliseconds")
    finishes = models.BigIntegerField()
    likes = models.BigIntegerField()
    comments = models.BigIntegerField()
    shares = models.BigIntegerField()
    follows = models.BigIntegerField()
    cart_clicks = models.BigIntegerField()
    orders = models.BigIntegerField()
    order_value_minor = models.BigIntegerField(help_text="in the market's minor unit")

    MEASURES: ClassVar[tuple[str, ...]] = (
        "impressions",
        "views",
        "for_you_views",
        "watch_ms",
        "finishes",
        "likes",
        "comments",
        "shares",
        "follows",
        "cart_clicks",
        "orders",
        "order_value_minor",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "facet", "day", "market", "key"], name="activity_day_key"
            )
        ]
        indexes = [models.Index(fields=["account", "facet", "key", "day"], name="activity_by_key")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day} {self.facet} {self.market} {self.key}"
