"""Figures of alerts: `{% load alerts %}`."""

from __future__ import annotations

from decimal import Decimal

from django import template

from merchants.figures.metrics import METRICS
from merchants.figures.reading import find_currency
from merchants.models import AlertRule
from merchants.shell.tables import Column

register = template.Library()


@register.simple_tag
def alert_value(rule: AlertRule, value: Decimal | None) -> str:
    """A figure of the rule's metric."""
    metric = METRICS[rule.metric]
    return Column("value", metric.title, metric.kind, find_currency(rule.account)).show({"value": value})
