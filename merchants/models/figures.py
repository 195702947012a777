"""Figures from imported files. Every row keeps the file it came from, so that undoing a file is exact.

Files that overlap keep a row each; `current()` takes, per key, the row of the latest file that is not undone.
"""

from typing import Any, ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from merchants.models.accounts import Account
from merchants.models.imports import ImportFile


class CurrentQuerySet(models.QuerySet[Any]):
    """Rows of imported files."""

    def current(self) -> Self:
        """One row per key: that of the latest import that is not undone."""
        key = self.model.KEY
        latest = self.filter(import_file__undone_at=None).order_by(*key, "-import_file_id").distinct(*key)
        return self.model.objects.filter(pk__in=latest.values("pk"))


class ImportedRow(models.Model):
    """A row with its origin. `KEY` names the fields in which rows of two files speak of the same thing."""

    KEY: ClassVar[tuple[str, ...]] = ()

    import_file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")

    objects = CurrentQuerySet.as_manager()

    class Meta:
        abstract = True


class DailyMetric(ImportedRow):
    """One figure of an account on one calendar day of its own zone, or in one hour of it."""

    KEY = ("account", "metric", "day", "hour")

    day = models.DateField()
    hour = models.SmallIntegerField(default=-1, help_text="0-23, -1 = the whole day")
    metric = models.CharField(max_length=32)
    value = models.DecimalField(max_digits=20, decimal_places=4, help_text="may be negative: taken back")

    class Meta:
        indexes = [
            models.Index(fields=["account", "metric", "day", "hour", "-import_file"], name="daily_metric_key")
        ]


class AudienceShare(ImportedRow):
    """Part of an account's followers on a day, by gender or country."""

    KEY = ("account", "kind", "day", "label")

    day = models.DateField(help_text="last day of the file")
    kind = models.CharField(max_length=16, help_text="gender or territory")
    label = models.CharField(max_length=32, help_text="female, male, other; ISO country or others")
    share = models.DecimalField(max_digits=14, decimal_places=12, help_text="0 to 1")

    class Meta:
        indexes = [models.Index(fields=["account", "kind", "day", "label"], name="audience_share_key")]


class VideoMetric(ImportedRow):
    """Figures of one video over a span of days, from one kind of file."""

    KEY = ("account", "source", "video_ref", "first_day", "last_day")

    source = models.CharField(max_length=16, help_text="studio, shop or download")
    video_ref = models.CharField(max_length=40, help_text="the platform's video id")
    first_day = models.DateField()
    last_day = models.DateField(help_text="lifetime totals: the day of the export")
    posted_on = models.DateField(null=True)
    title = models.TextField(blank=True)
    link = models.CharField(max_length=500, blank=True)
    products = models.TextField(blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217 of the amounts")
    values = models.JSONField(
        encoder=DjangoJSONEncoder, help_text="metric -> exact decimal as text; rates are fractions"
    )

    class Meta:
        indexes = [
            models.Index(fields=["account", "source", "video_ref", "last_day"], name="video_metric_key")
        ]


class ProductMetric(ImportedRow):
    """Figures of one product over a span of days."""

    KEY = ("account", "product_ref", "first_day", "last_day")

    product_ref = models.CharField(max_length=40, help_text="the platform's product id")
    first_day = models.DateField()
    last_day = models.DateField()
    title = models.TextField(blank=True)
    status = models.CharField(max_length=64, blank=True, help_text="listing status as written")
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217 of the amounts")
    values = models.JSONField(
        encoder=DjangoJSONEncoder, help_text="metric -> exact decimal as text; rates are fractions"
    )

    class Meta:
        indexes = [models.Index(fields=["account", "product_ref", "last_day"], name="product_metric_key")]


class Order(ImportedRow):
    """One product line of an order; nothing about the buyer."""

    KEY = ("account", "order_ref", "sku_ref", "line")

    order_ref = models.CharField(max_length=40, help_text="the platform's order id")
    sku_ref = models.CharField(max_length=40)
    line = models.PositiveSmallIntegerField(help_text="0, 1, ... among lines of the same order and SKU")
    status = models.CharField(max_length=16, blank=True, help_text="our word; empty = the text is not known")
    status_text = models.CharField(max_length=64, blank=True, help_text="as written")
    title = models.TextField(blank=True)
    variation = models.TextField(blank=True)
    seller_sku = models.TextField(blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217 of the amounts")
    created_on = models.DateField(help_text="calendar day in the account's zone")
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    values = models.JSONField(
        encoder=DjangoJSONEncoder, help_text="quantity and amounts, exact decimals as text"
    )

    class Meta:
        indexes = [
            models.Index(fields=["account", "created_on"], name="order_day"),
            models.Index(fields=["account", "order_ref", "sku_ref", "line"], name="order_key"),
        ]
