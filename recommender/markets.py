"""The eight countries where a video can carry a shopping cart, and the languages spoken there.

Shares are the part of the population that understands the language (they add up to more than one where
people speak several). `audience` is the number of adults the platform can reach, with date and source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

#: Languages a video or a viewer may have; the position is the code in every `language` column.
LANGUAGES: tuple[str, ...] = ("en", "id", "ms", "th", "vi", "fil", "zh", "ta", "es", "jv", "su")


@dataclass(frozen=True, slots=True)
class Market:
    """One cart country. `language_shares` are fractions of people who understand the language, 0 to 1."""

    code: str  # ISO 3166-1 alpha-2
    name: str
    currency: str  # ISO 4217
    time_zone: str  # the zone most people live in
    language_shares: tuple[tuple[str, float], ...]
    audience: int  # adults reachable on the platform
    audience_as_of: str
    audience_source: str
    audience_is_verified: bool
    cart_opened_on: date
    cart_closed: tuple[tuple[date, date], ...] = ()  # [first day without, first day with again)

    @property
    def main_language(self) -> str:
        return max(self.language_shares, key=lambda pair: pair[1])[0]

    def has_cart_on(self, day: date) -> bool:
        """Could a video carry a cart in this market on this local day?

        >>> MARKETS["ID"].has_cart_on(date(2023, 11, 1))
        False
        """
        if day < self.cart_opened_on:
            return False
        return not any(start <= day < end for start, end in self.cart_closed)

    def local_time(self, unix_seconds: float) -> datetime:
        """The wall clock of the market's main zone."""
        return datetime.fromtimestamp(unix_seconds, tz=UTC).astimezone(ZoneInfo(self.time_zone))


_CLDR = "Unicode CLDR 48 territory information, rounded"

_ALL = (
    Market(
        code="GB",
        name="United Kingdom",
        currency="GBP",
        time_zone="Europe/London",
        language_shares=(("en", 0.99),),
        audience=24_800_000,
        audience_as_of="2025-01",
        audience_source="DataReportal Digital 2025, quoted from memory",
        audience_is_verified=False,
        cart_opened_on=date(2021, 1, 1),
    ),
    Market(
        code="US",
        name="United States",
        currency="USD",
        time_zone="America/New_York",
        language_shares=(("en", 0.96), ("es", 0.13)),
        audience=135_790_000,
        audience_as_of="2025-02",
        audience_source="DataReportal advertising reach 18+, by way of Statista",
        audience_is_verified=True,
        cart_opened_on=date(2023, 9, 1),
    ),
    Market(
        code="ID",
        name="Indonesia",
        currency="IDR",
        time_zone="Asia/Jakarta",
        language_shares=(("id", 0.94), ("jv", 0.32), ("su", 0.12), ("en", 0.15)),
        audience=107_700_000,
        audience_as_of="2025-02",
        audience_source="DataReportal advertising reach 18+, by way of Statista",
        audience_is_verified=True,
        cart_opened_on=date(2021, 1, 1),
        cart_closed=((date(2023, 10, 4), date(2023, 12, 12)),),
    ),
    Market(
        code="MY",
        name="Malaysia",
        currency="MYR",
        time_zone="Asia/Kuala_Lumpur",
        language_shares=(("ms", 0.94), ("en", 0.62), ("zh", 0.23), ("ta", 0.06)),
        audience=19_300_000,
        audience_as_of="2025-01",
        audience_source="DataReportal Digital 2025, quoted from memory",
        audience_is_verified=False,
        cart_opened_on=date(2022, 1, 1),
    ),
    Market(
        code="TH",
        name="Thailand",
        currency="THB",
        time_zone="Asia/Bangkok",
        language_shares=(("th", 0.94), ("en", 0.27)),
        audience=34_000_000,
        audience_as_of="2025-01",
        audience_source="DataReportal Digital 2025, quoted from memory",
        audience_is_verified=False,
        cart_opened_on=date(2022, 1, 1),
    ),
    Market(
        code="VN",
        name="Viet Nam",
        currency="VND",
        time_zone="Asia/Ho_Chi_Minh",
        language_shares=(("vi", 0.97), ("en", 0.2)),
        audience=40_900_000,
        audience_as_of="2025-01",
        audience_source="DataReportal Digital 2025, second hand",
        audience_is_verified=False,
        cart_opened_on=date(2022, 1, 1),
    ),
    Market(
        code="SG",
        name="Singapore",
        currency="SGD",
        time_zone="Asia/Singapore",
        language_shares=(("en", 0.93), ("zh", 0.57), ("ms", 0.14), ("ta", 0.03)),
        audience=2_200_000,
        audience_as_of="2025-01",
        audience_source="DataReportal Digital 2025, quoted from memory",
        audience_is_verified=False,
        cart_opened_on=date(2022, 1, 1),
    ),
    Market(
        code="PH",
        name="Philippines",
        currency="PHP",
        time_zone="Asia/Manila",
        language_shares=(("fil", 0.87), ("en", 0.64)),
        audience=62_300_000,
        audience_as_of="2025-01",
        audience_source="DataReportal Digital 2025, second hand",
        audience_is_verified=False,
        cart_opened_on=date(2022, 1, 1),
    ),
)

#: Where the language shares come from.
LANGUAGE_SOURCE = _CLDR

MARKETS: dict[str, Market] = {market.code: market for market in _ALL}
#: The position is the code in every `market` column.
MARKET_CODES: tuple[str, ...] = tuple(MARKETS)

_MARKET_INDEX = {code: index for index, code in enumerate(MARKET_CODES)}
_LANGUAGE_INDEX = {code: index for index, code in enumerate(LANGUAGES)}


def get_market(code: str) -> Market:
    """The market of a country code.

    >>> get_market("FR")
    Traceback (most recent call last):
    ...
    ValueError: market 'FR' has no shopping cart; choose one of GB, US, ID, MY, TH, VN, SG, PH
    """
    try:
        return MARKETS[code]
    except KeyError:
        choices = ", ".join(MARKET_CODES)
        raise ValueError(f"market {code!r} has no shopping cart; choose one of {choices}") from None


def encode_market(code: str | None) -> int:
    """Position of a country code in `MARKET_CODES`, -1 for any other country."""
    return _MARKET_INDEX.get(code or "", -1)


def encode_language(tag: str | None) -> int:
    """Position of a language tag in `LANGUAGES`, -1 if it is none of them; region and script are ignored.

    >>> LANGUAGES[encode_language("zh-Hant-MY")]
    'zh'
    """
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return _LANGUAGE_INDEX.get({"tl": "fil", "in": "id"}.get(primary, primary), -1)


def local_clock(
    market: npt.NDArray[np.integer[Any]], happened_at: npt.NDArray[np.floating[Any]]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Wall clock of many moments: hour 0-23 and weekday 0 = Monday, each (n,) int32, -1 outside the eight.

    `market` is (n,) codes, `happened_at` (n,) unix seconds. All eight zones stand at whole hours.

    >>> hours, days = local_clock(np.array([6, -1]), np.array([1767200400.0, 0.0]))  # 17:00 UTC, Wednesday
    >>> hours.tolist(), days.tolist()
    ([1, -1], [3, -1])
    """
    hours = np.full(len(market), -1, dtype=np.int32)
    weekdays = np.full(len(market), -1, dtype=np.int32)
    whole_hours = (happened_at // 3600).astype(np.int64)
    for code, name in enumerate(MARKET_CODES):
        rows = np.flatnonzero(market == code)
        moments, inverse = np.unique(whole_hours[rows], return_inverse=True)
        clocks = [MARKETS[name].local_time(float(moment * 3600)) for moment in moments]
        hours[rows] = np.array([clock.hour for clock in clocks], dtype=np.int32)[inverse]
        weekdays[rows] = np.array([clock.weekday() for clock in clocks], dtype=np.int32)[inverse]
    return hours, weekdays
