"""What every template may use: `{% load shell %}`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from merchants.shell import charts, formats
from merchants.shell.niches import name_niche

register = template.Library()

_ICONS = "merchants/vendor/lucide-1.62.0/icons.svg"


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """A picture of our set; decoration, so words must stand beside it or in an aria-label."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra, static(_ICONS), name,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def here(context: Mapping[str, Any], url_name: str, *args: Any) -> str:
    """The address of a name with this page's query, so that a card sees the same range and filters."""
    query = context["request"].META.get("QUERY_STRING", "")
    return reverse(url_name, args=args) + (f"?{query}" if query else "")


@register.simple_tag
def chart_locale() -> dict[str, Any]:
    """Names of months and days for charts."""
    return charts.describe_locale()


@register.simple_tag
def money(value: formats.Number | None, currency: str) -> str:
    """An amount with its currency."""
    return formats.format_money(value, currency)


@register.simple_tag
def money_compact(value: formats.Number | None, currency: str) -> str:
    """A large amount, short."""
    return formats.format_money_compact(value, currency)


@register.simple_tag
def share_of(part: int, whole: int) -> str:
    """A part as a percentage of a whole."""
    return formats.format_percent(Decimal(part) / whole if whole else None, 1)


@register.filter
def count(value: formats.Number | None) -> str:
    """A whole number."""
    return formats.format_count(value)


@register.filter
def compact(value: formats.Number | None) -> str:
    """A large number, short."""
    return formats.format_compact(value)


@register.filter
def decimal(value: formats.Number | None, places: int = 1) -> str:
    """A number with digits after the point."""
    return formats.format_decimal(value, places)


@register.filter
def percent(value: formats.Number | None, places: int = 1) -> str:
    """A fraction as a percentage."""
    return formats.format_percent(value, places)


@register.filter
def day(value: date | None, style: str = "medium") -> str:
    """A calendar day."""
    return formats.format_day(value, style)


@register.filter
def moment(value: datetime | None, zone: str = "UTC") -> str:
    """A moment on the wall clock of a zone."""
    return formats.format_moment(value, zone)


@register.filter
def market_name(code: str) -> str:
    """A country's name in the page's language."""
    return formats.format_market(code)


@register.filter
def niche_name(slug: str) -> str:
    """A niche's name in the page's language."""
    return name_niche(slug)


@register.filter
def language_name(tag: str) -> str:
    """A language's name in the page's language."""
    return formats.format_language(tag)


@register.filter
def is_check(field: BoundField) -> bool:
    """Is the field one box to tick?"""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def described(field: BoundField) -> SafeString:
    """The field's control, tied to its help and errors for those who cannot see them."""
    ids = [f"{field.auto_id}_error"] if field.errors else []
    ids += [f"{field.auto_id}_help"] if field.help_text else []
    attributes: dict[str, str | bool] = {"aria-describedby": " ".join(ids)} if ids else {}
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)
