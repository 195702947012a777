"""From an event as it was sent to the row that is stored: codes for words, our clock, what the video tells.

Refuses what only the database can know to be wrong: a video or creator that nobody published.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from recommender.contracts import TRAFFIC_SOURCES
from recommender.events import limits
from recommender.events.clock import Clock, to_microseconds
from recommender.events.countries import COUNTRIES
from recommender.events.schema import KIND_INDEX, EventIn, Order, Refusal
from recommender.events.signals import derive_actions
from recommender.markets import MARKETS, encode_market

SOURCE_INDEX = {name: index for index, name in enumerate(TRAFFIC_SOURCES)}
#: Digits after the point of each market's currency (ISO 4217); 2 for every currency not named.
CURRENCY_DIGITS = {"VND": 0, "JPY": 0, "KRW": 0}


@dataclass(frozen=True, slots=True)
class References:
    """What the database knows of the ids in a batch."""

    videos: Mapping[int, tuple[int, float | None]]  # video id -> creator id, duration in seconds
    creators: frozenset[int] = frozenset()  # of those named without a video
    viewer_markets: Mapping[int, str] = field(default_factory=dict)  # of viewers whose event names none


@dataclass(slots=True)
class EventRow:
    """One accepted event, ready to be stored; `happened` in microseconds since 1970."""

    event_id: UUID
    happened: int
    viewer_id: int
    video_id: int | None
    creator_id: int | None
    kind: int
    actions: int
    market: int
    source: int
    watch_ms: int | None = None
    position: int | None = None
    loops: int | None = None
    session_id: UUID | None = None
    request_id: UUID | None = None
    value_minor: int | None = None
    is_clamped: bool = False
    details: bytes | None = None  # JSON
    query: str | None = None
    market_code: str = ""
    language: str = ""
    device: bytes | None = None  # JSON, for a viewer met for the first time


def build_row(event: EventIn, references: References, clock: Clock) -> EventRow:
    """The row of an event.

    Raises
    ------
    Refusal
        For a time beyond the rules of `events.clock`, an unknown video, creator or country, a wrong currency.
    """
    try:
        happened, is_clamped = clock.settle(to_microseconds(event.happened_at))
    except ValueError as error:
        raise Refusal("happened_at", str(error)) from None
    creator_id, duration_seconds = _find_owner(event, references)
    market_code = _find_market(event, references)
    watch_seconds = event.watch_seconds
    device = event.device
    return EventRow(
        event_id=event.event_id,
        happened=happened,
        viewer_id=event.viewer_id,
        video_id=event.video_id,
        creator_id=creator_id,
        kind=KIND_INDEX[event.kind],
        actions=derive_actions(event.kind, watch_seconds, duration_seconds),
        market=encode_market(market_code),
        source=SOURCE_INDEX[event.source],
        watch_ms=None if watch_seconds is None else round(watch_seconds * 1_000),
        position=event.position,
        loops=event.loops,
        session_id=event.session_id,
        request_id=event.request_id,
        value_minor=_count_minor(event.order, market_code) if event.order else None,
        is_clamped=is_clamped,
        details=_pack_details(event),
        query=event.query,
        market_code=market_code,
        language=_read_language(device.locale) if device and device.locale else "",
        device=msgspec.json.encode(device) if device else None,
    )


def _find_owner(event: EventIn, references: References) -> tuple[int | None, float | None]:
    """The creator an event is about and the duration of its video."""
    if event.video_id is not None:
        try:
            return references.videos[event.video_id]
        except KeyError:
            raise Refusal(
                "video_id",
                f"video_id {event.video_id} is not known; publish it with POST /api/v1/videos first",
            ) from None
    if event.creator_id is not None and event.creator_id not in references.creators:
        raise Refusal(
            "creator_id",
            f"creator_id {event.creator_id} is not known; publish it with POST /api/v1/creators first",
        )
    return event.creator_id, None


def _find_market(event: EventIn, references: References) -> str:
    if event.market is None:
        return references.viewer_markets.get(event.viewer_id, "")
    if event.market not in COUNTRIES:
        raise Refusal(
            "market",
            f"market {event.market[:20]!r} is no country; send an ISO 3166-1 code such as 'US'",
        )
    return event.market


def _count_minor(order: Order, market_code: str) -> int:
    """The order's value in the currency's smallest unit; exact, never a float."""
    market = MARKETS.get(market_code)
    if market is not None and order.currency != market.currency:
        raise Refusal(
            "order.currency",
            f"order.currency {order.currency} is not the currency of market {market_code}; convert the value "
            f"to {market.currency}",
        )
    if not order.value.is_finite() or not 0 <= order.value <= limits.MAX_ORDER_VALUE:
        raise Refusal(
            "order.value",
            f"order.value {str(order.value)[:30]} is outside 0 to {limits.MAX_ORDER_VALUE}; send whole units",
        )
    return int((order.value * 10 ** CURRENCY_DIGITS.get(order.currency, 2)).to_integral_value())


def _read_language(locale: str) -> str:
    """The language of a locale as stored with a viewer: `zh-Hant-MY` and `zh_TW` are both `zh`."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if len(language) <= 8 else ""


def _pack_details(event: EventIn) -> bytes | None:
    """Device, search words and product as JSON; None if there is nothing to say."""
    if event.device is None and event.query is None and event.order is None:
        return None
    details: dict[str, Any] = {}
    if event.device is not None:
        details["device"] = event.device
    if event.query is not None:
        details["query"] = event.query
    if event.order is not None:
        details["quantity"] = event.order.quantity
        details["currency"] = event.order.currency
        if event.order.product is not None:
            details["product"] = event.order.product
    return msgspec.json.encode(details)
