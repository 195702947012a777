"""Month names of the languages that the app speaks, for dates such as `8 de marzo`.

From CLDR by way of Babel, which is kept up to date by others; Vietnamese month words, which the platform
writes and CLDR lacks (it has `tháng 8`), stand here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from babel import Locale

#: The more common ones first: the first that can read a whole file is tried first.
LANGUAGES = (
    "en", "id", "ms", "th", "vi", "fil", "es", "pt", "ru", "fr", "de", "it", "nl", "tr", "ar", "pl",
    "uk", "ro", "cs", "sv", "hu", "el", "he", "fi", "da", "nb", "bn", "hi", "ur", "my", "km", "ta",
    "te", "mr", "gu", "pa", "ceb", "jv", "uz", "kk", "bg", "sk", "hr", "sr", "sl", "et", "lv", "lt",
    "ca", "ga", "is", "af", "sw", "az", "lo", "ne", "si", "kn", "ml", "fa",
)  # fmt: skip

#: Countries that write some months of a language differently: `Sept` in Britain, `sep` in Mexico.
_REGIONS = {
    "en": ("en_GB", "en_AU", "en_CA"), "es": ("es_MX", "es_419", "es_PE"), "pt": ("pt_PT",),
    "fr": ("fr_CA",), "de": ("de_AT",), "ar": ("ar_MA", "ar_IQ", "ar_DZ"), "ms": ("ms_ID",), "nb": ("nn",),
}  # fmt: skip

_VIETNAMESE = (
    ("một", "giêng"), ("hai",), ("ba",), ("tư", "bốn"), ("năm",), ("sáu",), ("bảy",), ("tám",), ("chín",),
    ("mười",), ("mười một",), ("mười hai", "chạp"),
)  # fmt: skip

_CONTEXTS, _WIDTHS = ("format", "stand-alone"), ("wide", "abbreviated")


def fold_text(text: str) -> str:
    """Case, full-width forms, letters and invisible marks made alike; digits of any script as 0-9."""
    plain = "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in unicodedata.normalize("NFKC", text)
        if unicodedata.category(sign) != "Cf"
    )
    return " ".join(unicodedata.normalize("NFKC", plain.casefold()).split())


@cache
def find_months(language: str) -> dict[str, int]:
    """Folded month names and abbreviations of a language -> 1..12; names with digits are left out."""
    months: dict[str, int] = {}
    for region in (language, *_REGIONS.get(language, ())):
        widths = Locale.parse(region).months
        for names in (widths[context][width] for context in _CONTEXTS for width in _WIDTHS):
            for number, name in names.items():
                folded = fold_text(name).rstrip(".")
                if folded and not any(sign.isdigit() for sign in folded):
                    months.setdefault(folded, number)
    if language == "vi":
        for number, names in enumerate(_VIETNAMESE, start=1):
            months.update({f"tháng {name}": number for name in names})
    return months


@cache
def compile_months(language: str) -> re.Pattern[str]:
    """Finds the longest month name that stands by itself; Hebrew and Arabic put one letter in front."""
    names = sorted(find_months(language), key=len, reverse=True)
    if not names:
        return re.compile(r"(?!)")
    prefix = "[בو]?" if language in ("he", "ar") else ""
    return re.compile(
        rf"(?<![^\W\d_]){prefix}({'|'.join(map(re.escape, names))})(?![^\W\d_])",
    )
