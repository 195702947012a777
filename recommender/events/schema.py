"""The words of the activity stream: what an event may say, each field typed and limited.

One event is decoded at a time, so that a bad one never costs its neighbours. A field that is not listed here
is refused by name: a misspelt field that is silently dropped is data lost without a trace.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from recommender.events import limits

Kind = Literal[
    "impression",
    "watch",
    "swipe",
    "like",
    "unlike",
    "comment",
    "share",
    "follow",
    "profile_visit",
    "search",
    "cart_click",
    "order",
    "not_interested",
]
#: The position is the code in `Event.kind`.
KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]
KIND_INDEX = {name: index for index, name in enumerate(KINDS)}
Source = Literal["for_you", "following", "search", "profile", "shop", "other"]

#: Kinds that need no video; they name a creator, or nothing at all.
KINDS_WITHOUT_VIDEO = frozenset({"search", "profile_visit", "follow"})

Id = Annotated[int, Meta(ge=0, le=limits.MAX_ID)]
Text = Annotated[str, Meta(max_length=limits.MAX_TEXT_LETTERS)]
Moment = Annotated[datetime, Meta(tz=True)] | int


class Device(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What the viewer holds in their hand; every field may be left out."""

    os: Text | None = None
    model: Text | None = None
    app_version: Text | None = None
    network: Text | None = None
    locale: Text | None = None
    time_zone: Text | None = None
    app_categories: Annotated[list[Text], Meta(max_length=limits.MAX_APP_CATEGORIES)] | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A purchase: `value` in whole units of `currency` (ISO 4217), all pieces together."""

    value: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    quantity: Annotated[int, Meta(ge=1, le=limits.MAX_ORDER_QUANTITY)] = 1
    product: Text | None = None


class EventIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One event as a sender writes it.

    `happened_at` is RFC 3339 with a zone, or unix milliseconds. `watch_seconds` counts loops. `event_id` is
    the sender's own and makes a retry harmless; version 7 keeps the index compact.
    """

    event_id: UUID
    kind: Kind
    viewer_id: Id
    happened_at: Moment
    video_id: Id | None = None
    creator_id: Id | None = None
    watch_seconds: Annotated[float, Meta(ge=0, le=limits.MAX_WATCH_SECONDS)] | None = None
    loops: Annotated[int, Meta(ge=0, le=limits.MAX_LOOPS)] | None = None
    position: Annotated[int, Meta(ge=0, le=limits.MAX_POSITION)] | None = None
    session_id: UUID | None = None
    request_id: UUID | None = None
    source: Source = "other"
    market: str | None = None
    device: Device | None = None
    query: Annotated[str, Meta(min_length=1, max_length=limits.MAX_QUERY_LETTERS)] | None = None
    order: Order | None = None


class Refusal(Exception):
    """An event that is not accepted: the field at fault and a sentence a sender can act on."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


_DECODER = msgspec.json.Decoder(EventIn)
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_NAMED = re.compile(r"(?:unknown|required) field `([^`]*)`")
#: Fields without which an event of the kind says nothing.
_NEEDED = {"watch": "watch_seconds", "search": "query", "order": "order"}


def decode_event(raw: bytes) -> EventIn:
    """The event in some JSON bytes.

    Raises
    ------
    Refusal
        With the first field that is missing, unknown, of a wrong type or beyond its limit.
    """
    if len(raw) > limits.MAX_EVENT_BYTES:
        raise Refusal(
            "", f"the event has {len(raw)} bytes, the limit is {limits.MAX_EVENT_BYTES}; send fewer fields"
        )
    try:
        event = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(raw, error) from None
    if b"\\u0000" in raw and _has_nul(event):
        raise Refusal("", "a text holds the character U+0000, which cannot be stored; leave it out")
    _check_needs(event)
    return event


def _check_needs(event: EventIn) -> None:
    """Refuse an event that lacks what its kind is about."""
    needed = _NEEDED.get(event.kind)
    if needed is not None and getattr(event, needed) is None:
        raise Refusal(needed, f"{needed} is missing; a '{event.kind}' event needs it")
    if event.video_id is None:
        if event.kind not in KINDS_WITHOUT_VIDEO:
            raise Refusal("video_id", f"video_id is missing; a '{event.kind}' event needs it")
        if event.kind != "search" and event.creator_id is None:
            raise Refusal("creator_id", f"a '{event.kind}' event needs creator_id or video_id; name one")


def _has_nul(event: EventIn) -> bool:
    return "\\u0000" in re.sub(rb"\\\\", b"", msgspec.json.encode(event)).decode()


def _explain(raw: bytes, error: Exception) -> Refusal:
    """A decoder's complaint as a field and a sentence with the value in it."""
    message = str(error)
    path = _PATH.search(message)
    sentence = _PATH.sub("", message)
    named = _NAMED.search(sentence)
    parent = path.group(1) if path else ""
    field = ".".join(part for part in (parent, named.group(1) if named else "") if part)
    if "missing required" in sentence:
        return Refusal(field, f"{field} is missing; every event needs it")
    if "unknown field" in sentence:
        return Refusal(field, f"field '{field}' is not known; leave it out or mend its name")
    value = _find_value(raw, field)
    sentence = sentence[:1].lower() + sentence[1:]
    if not field:
        return Refusal("", f"the event cannot be read: {sentence}; send one JSON object per event")
    return Refusal(field, f"{field} {value} is not accepted: {sentence}; mend it and send the event again")


def _find_value(raw: bytes, field: str) -> str:
    """The value of a dotted field as short JSON text, for an error message."""
    try:
        value: Any = msgspec.json.decode(raw)
        for part in field.replace("[", ".[").split("."):
            if part.startswith("["):
                digits = part.strip("[]")
                value = value[int(digits)] if digits.isdigit() else value
            else:
                value = value[part]
        text = msgspec.json.encode(value).decode("utf-8", "replace")
    except (msgspec.MsgspecError, KeyError, IndexError, TypeError, ValueError, RecursionError):
        return "as sent"
    return text if len(text) <= 60 else text[:57] + "..."
