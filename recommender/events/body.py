"""From the bytes of a request to single events: two size limits, gzip, JSON, and nothing believed.

A body that is no batch at all is refused whole; everything else is judged event by event.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from recommender.events import limits
from recommender.events.clock import to_microseconds
from recommender.events.schema import Moment


class BodyRefused(Exception):
    """A body that is no batch: `status` 400 (unreadable) or 413 (too large) and what to do about it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]
    sent_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class RawBatch:
    """`events` are JSON bytes, one event each; `sent` is the sender's clock in microseconds since 1970."""

    events: Sequence[bytes]
    sent: int | None


_DECODER = msgspec.json.Decoder(_Envelope)
_SHAPE = 'send {"sent_at": "...", "events": [...]}'


def inflate(body: bytes, encoding: str) -> bytes:
    """The body without its Content-Encoding; stops at `limits.MAX_INFLATED_BYTES`.

    Raises
    ------
    BodyRefused
        415 for an encoding other than gzip, 400 for broken data, 413 for too large a body before or after.
    """
    if len(body) > limits.MAX_BODY_BYTES:
        raise BodyRefused(413, _too_large(len(body), limits.MAX_BODY_BYTES, "as sent"))
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise BodyRefused(415, f"Content-Encoding '{encoding[:40]}' is not known; send gzip or none")
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, limits.MAX_INFLATED_BYTES + 1)
    except zlib.error as error:
        raise BodyRefused(400, f"the body is not gzip: {error}; compress it again") from None
    if len(inflated) > limits.MAX_INFLATED_BYTES:
        raise BodyRefused(413, _too_large(len(inflated), limits.MAX_INFLATED_BYTES, "or more once inflated"))
    if not inflater.eof or inflater.unused_data:
        raise BodyRefused(400, "the gzip body is cut short or holds more than one part; compress it again")
    return inflated


def _too_large(size: int, limit: int, where: str) -> str:
    return f"the body has {size} bytes {where}, the limit is {limit}; send smaller batches"


def read_batch(body: bytes) -> RawBatch:
    """The batch in a JSON body.

    A body with NaN or Infinity (which some JSON writers let through) is still read: the value becomes text
    and is refused in its own event.

    Raises
    ------
    BodyRefused
        400 if the body is no batch, 413 if it holds more than `limits.MAX_BATCH_EVENTS` events.
    """
    try:
        envelope = _DECODER.decode(body)
        batch = RawBatch(envelope.events, _settle_sent(envelope.sent_at))
    except msgspec.ValidationError as error:
        raise BodyRefused(400, f"the body is no batch: {error}; {_SHAPE}") from None
    except (msgspec.DecodeError, RecursionError):
        batch = _read_lenient(body)
    if not batch.events:
        raise BodyRefused(400, f"the batch holds no event; {_SHAPE} with 1 to {limits.MAX_BATCH_EVENTS}")
    if len(batch.events) > limits.MAX_BATCH_EVENTS:
        raise BodyRefused(
            413,
            f"the batch holds {len(batch.events)} events, the limit is {limits.MAX_BATCH_EVENTS}; split it",
        )
    return batch


def _read_lenient(body: bytes) -> RawBatch:
    """The batch as Python's more forgiving reader sees it; odd constants become text, odd letters '?'."""
    try:
        content = json.loads(body, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise BodyRefused(400, f"the body is not JSON: {error}; {_SHAPE}") from None
    if not isinstance(content, dict) or not isinstance(content.get("events"), list):
        raise BodyRefused(400, f"the body is no batch; {_SHAPE}")
    if extra := set(content) - {"events", "sent_at"}:
        raise BodyRefused(400, f"the body has the unknown field '{min(extra)[:40]}'; {_SHAPE}")
    try:
        sent = msgspec.convert(content.get("sent_at"), Moment | None)
        events = [
            json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") for event in content["events"]
        ]
    except (msgspec.ValidationError, RecursionError) as error:
        raise BodyRefused(400, f"the body is no batch: {error}; {_SHAPE}") from None
    return RawBatch(events, _settle_sent(sent))


def _settle_sent(sent_at: datetime | int | None) -> int | None:
    """Microseconds of the sender's clock, refused outside the years 2000 to 2100."""
    if sent_at is None:
        return None
    sent = to_microseconds(sent_at)
    if not 946_684_800_000_000 <= sent <= 4_102_444_800_000_000:
        raise BodyRefused(
            400, f"sent_at {sent_at} lies outside the years 2000 to 2100; send RFC 3339 or unix milliseconds"
        )
    return sent
