"""When an event happened: rules for senders whose clocks are wrong and for events that come late.

1. Skew. A batch that says `sent_at` is corrected: happened_at = received_at - (sent_at - happened_at). The
   sender must stamp `sent_at` anew at each attempt. Without `sent_at` its clock is believed.
2. Ahead, after correction: up to 5 minutes is drift and stays; up to 24 hours is cut to `received_at` and
   flagged (`is_clamped`); more is refused.
3. Late: up to 400 days is counted on the day it happened; older is refused.

All times are whole microseconds since 1970 UTC: exact, and the precision PostgreSQL keeps.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recommender.events import limits

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND


def to_microseconds(moment: datetime | int) -> int:
    """Microseconds since 1970 UTC of an aware datetime or of unix milliseconds.

    >>> to_microseconds(1_500)
    1500000
    """
    if isinstance(moment, int):
        return moment * 1_000
    return (moment - EPOCH) // MICROSECOND


def to_datetime(microseconds: int) -> datetime:
    """Aware UTC datetime of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class Clock:
    """The two clocks of one batch, microseconds since 1970; `earliest` is the oldest time accepted."""

    received: int
    sent: int | None
    earliest: int

    @classmethod
    def for_batch(cls, received: int, sent: int | None) -> "Clock":
        """The rules of the live stream."""
        return cls(received, sent, received - limits.LATE_DAYS * DAY)

    @classmethod
    def for_archive(cls, received: int) -> "Clock":
        """The rules of an import: its clock is believed and nothing is late."""
        return cls(received, None, limits.ARCHIVE_EARLIEST_AT * SECOND)

    def settle(self, happened: int) -> tuple[int, bool]:
        """When it happened by our clock, and whether that was cut to now.

        Raises
        ------
        ValueError
            If the time lies too far ahead or back; the text names the value, the limit and the next step.
        """
        if self.sent is not None:
            happened += self.received - self.sent
        ahead = happened - self.received
        if ahead > limits.AHEAD_REFUSED_SECONDS * SECOND:
            raise ValueError(
                f"happened_at lies {ahead // SECOND} s ahead of this server's clock, the limit is "
                f"{limits.AHEAD_REFUSED_SECONDS} s; set the sender's clock, or send its time as sent_at"
            )
        if happened < self.earliest:
            behind_days = -ahead // DAY
            raise ValueError(
                f"happened_at lies {behind_days} days back, the limit is "
                f"{(self.received - self.earliest) // DAY} days; load older activity with import_events"
            )
        if ahead > limits.AHEAD_TOLERATED_SECONDS * SECOND:
            return self.received, True
        return happened, False
