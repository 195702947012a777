"""Numbers as people and platforms write them: counts, money, percentages, in any of our locales.

Refuses what could mean two numbers rather than guess; `undefined` and `--` mean "not known", never zero.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from merchants.imports.rows import CellError

#: What the platform writes where it has no figure.
UNKNOWN = frozenset({"", "-", "--", "—", "–", "undefined", "n/a", "na", "null", "none", "nan"})

#: Symbols and codes as they stand in headers and cells -> ISO 4217. `$` alone depends on the market.
CURRENCIES = {
    "£": "GBP", "GBP": "GBP", "US$": "USD", "USD": "USD", "$": "USD", "S$": "SGD", "SGD": "SGD",
    "RP": "IDR", "IDR": "IDR", "RM": "MYR", "MYR": "MYR", "฿": "THB", "THB": "THB", "₫": "VND", "Đ": "VND",
    "VND": "VND", "₱": "PHP", "PHP": "PHP", "€": "EUR", "EUR": "EUR", "¥": "JPY", "JPY": "JPY", "CNY": "CNY",
    "R$": "BRL", "BRL": "BRL", "MX$": "MXN", "MXN": "MXN", "ZAR": "ZAR", "RMB": "CNY", "A$": "AUD",
}  # fmt: skip
#: Currencies whose amounts are written with a point between thousands.
_POINT_GROUPS = frozenset({"IDR", "VND"})

_MINUS = str.maketrans({"−": "-", "–": "-", "‐": "-", "﹣": "-"})
_GROUP_MARKS = re.compile(r"[\s'’_]")
_SHAPE = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def find_currency(text: str) -> str:
    """ISO code of a symbol or code such as `S$` or `Rp`, or '' where it is none that we know."""
    return CURRENCIES.get(unicodedata.normalize("NFKC", text).strip().rstrip(".").upper(), "")


def is_unknown(text: str) -> bool:
    """Does the cell say that there is no figure?"""
    return text.strip().casefold() in UNKNOWN


def normalise_digits(text: str) -> str:
    """Digits of any script as 0-9, full-width forms as plain ones, invisible marks gone."""
    plain = unicodedata.normalize("NFKC", text).translate(_MINUS)
    return "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in plain
        if unicodedata.category(sign) != "Cf"
    ).strip()


def parse_count(text: str) -> Decimal | None:
    """A whole number (negative allowed: deleted comments are taken off), or None where it is not known."""
    if is_unknown(text):
        return None
    plain = _GROUP_MARKS.sub("", normalise_digits(text))
    if _SHAPE.fullmatch(plain):
        bare = plain.lstrip("+-")
        if _GROUPED.fullmatch(bare) and len({sign for sign in bare if sign in ".,"}) == 1 and bare[0] != "0":
            plain = plain.replace(",", "").replace(".", "")
        whole, _, decimals = plain.replace(",", ".").partition(".")
        if decimals.strip("0") == "" and "." not in decimals:
            return Decimal(whole)
    raise CellError(f"{text!r} is not a whole number; correct the cell or download the file again")


def parse_money(text: str, currency: str = "") -> Decimal | None:
    """An amount, with or without its symbol; the thousands mark follows `currency` where that is unclear."""
    if is_unknown(text):
        return None
    plain = _GROUP_MARKS.sub("", _strip_symbol(normalise_digits(text)))
    if not _SHAPE.fullmatch(plain):
        raise CellError(f"{text!r} is not an amount; correct the cell or download the file again")
    marks = [sign for sign in plain if sign in ".,"]
    if len(set(marks)) == 2:
        decimal_mark = marks[-1]
        if marks.count(decimal_mark) > 1 or not _GROUPED.fullmatch(plain.lstrip("+-").split(decimal_mark)[0]):
            raise CellError(f"{text!r} mixes points and commas; correct the cell")
        return Decimal(plain.replace("." if decimal_mark == "," else ",", "").replace(",", "."))
    if marks and _marks_thousands(plain.lstrip("+-"), marks, currency):
        return Decimal(plain.replace(marks[0], ""))
    if len(marks) > 1:
        raise CellError(f"{text!r} is not an amount; correct the cell or download the file again")
    return Decimal(plain.replace(",", "."))


def _marks_thousands(bare: str, marks: list[str], currency: str) -> bool:
    if not _GROUPED.fullmatch(bare) or bare[0] == "0":
        return False
    return len(marks) > 1 or marks[0] == "," or currency in _POINT_GROUPS


def _strip_symbol(text: str) -> str:
    sign, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    bare = bare.strip()
    for symbol in sorted(CURRENCIES, key=len, reverse=True):
        if bare.upper().startswith(symbol):
            return sign + bare[len(symbol) :].lstrip(". ")
        if bare.upper().endswith(symbol):
            return sign + bare[: -len(symbol)].rstrip()
    return sign + bare


def parse_rates(texts: list[str]) -> list[Decimal | CellError | None]:
    """Fractions of one column: `12.30%`, `12,3 %`, 0.05 and 5.2 may all stand for a rate.

    Bare numbers are percentages where any of them in the column is above 1, fractions otherwise: one
    column is written one way.
    """
    parsed = [_parse_rate(text) for text in texts]
    bare = [value for value, has_sign in parsed if isinstance(value, Decimal) and not has_sign]
    divisor = Decimal(100) if any(value > 1 for value in bare) else Decimal(1)
    return [
        value / (Decimal(100) if has_sign else divisor) if isinstance(value, Decimal) else value
        for value, has_sign in parsed
    ]


def _parse_rate(text: str) -> tuple[Decimal | CellError | None, bool]:
    if is_unknown(text):
        return None, False
    plain = normalise_digits(text)
    has_sign = "%" in plain
    bare = plain.replace("%", "").strip()
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?(?:[eE]-?\d+)?", bare):
        return Decimal(bare.replace(",", ".")), has_sign
    return CellError(f"{text!r} is not a percentage; correct the cell or download the file again"), False
