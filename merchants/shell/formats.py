"""Numbers, money, shares and days as a reader of each language writes them. Exact values in, text out."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from babel import Locale, numbers
from babel import dates as babel_dates
from django.utils.translation import get_language

#: What stands where a figure is not known.
UNKNOWN = "–"

Number: TypeAlias = int | float | Decimal


@cache
def find_locale(language: str | None) -> Locale:
    """Babel's locale of one of our languages."""
    return Locale.parse((language or "en").replace("-", "_"))


def current_locale() -> Locale:
    """The locale of the page that is being made."""
    return find_locale(get_language())


def round_to(value: Number, places: int) -> Decimal:
    """Half up, as people round; exact."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def find_places(currency: str) -> int:
    """Digits after the point of a currency: 2 for GBP, 0 for VND."""
    return numbers.get_currency_precision(currency) if currency else 2


def format_count(value: Number | None) -> str:
    """1,234,567"""
    if value is None:
        return UNKNOWN
    return numbers.format_decimal(round_to(value, 0), format="#,##0", locale=current_locale())


def format_compact(value: Number | None) -> str:
    """1.2M, 120万; below 10,000 every digit."""
    if value is None:
        return UNKNOWN
    if -10_000 < value < 10_000:
        return format_count(value)
    return numbers.format_compact_decimal(Decimal(str(value)), locale=current_locale(), fraction_digits=1)


def format_decimal(value: Number | None, places: int = 1) -> str:
    """12.3"""
    if value is None:
        return UNKNOWN
    pattern = "#,##0." + "0" * places if places else "#,##0"
    return numbers.format_decimal(round_to(value, places), format=pattern, locale=current_locale())


def format_percent(value: Number | None, places: int = 1) -> str:
    """A fraction as 12.3%"""
    if value is None:
        return UNKNOWN
    pattern = "#,##0." + "0" * places + "%" if places else "#,##0%"
    return numbers.format_percent(round_to(value, places + 2), format=pattern, locale=current_locale())


def format_money(value: Number | None, currency: str) -> str:
    """£1,234.50, Rp 45.000"""
    if value is None:
        return UNKNOWN
    if not currency:
        return format_decimal(value, 2)
    exact = round_to(value, find_places(currency))
    return numbers.format_currency(exact, currency, locale=current_locale())


def format_money_compact(value: Number | None, currency: str) -> str:
    """£1.2M; below 10,000 every digit."""
    if value is None or -10_000 < value < 10_000 or not currency:
        return format_money(value, currency)
    exact = Decimal(str(value))
    return numbers.format_compact_currency(exact, currency, locale=current_locale(), fraction_digits=1)


def format_day(value: date | None, style: str = "medium") -> str:
    """5 Jan 2026; `style` may also be short, long, or a CLDR skeleton such as MMMd."""
    if value is None:
        return UNKNOWN
    if style in ("short", "medium", "long", "full"):
        return babel_dates.format_date(value, style, locale=current_locale())
    return babel_dates.format_skeleton(style, value, locale=current_locale())


def format_moment(value: datetime | None, zone: str = "UTC") -> str:
    """A moment on the wall clock of a zone."""
    if value is None:
        return UNKNOWN
    return babel_dates.format_datetime(value, "medium", tzinfo=ZoneInfo(zone), locale=current_locale())


def format_market(code: str) -> str:
    """Malaysia, 马来西亚"""
    return current_locale().territories.get(code, code) if code else UNKNOWN


def format_language(tag: str) -> str:
    """Malay, 马来语"""
    return current_locale().languages.get(tag, tag) if tag else UNKNOWN
