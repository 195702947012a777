"""What changed between two spans, said honestly: no percentage of nothing, none where a figure is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Direction = Literal["up", "down", "flat", "new", "unknown"]


@dataclass(frozen=True, slots=True)
class Delta:
    """A change. `share` is a fraction of the earlier figure, None where there is nothing to divide by."""

    direction: Direction
    share: Decimal | None
    difference: Decimal | None

    @property
    def is_known(self) -> bool:
        """Is there anything to say?"""
        return self.direction != "unknown"


UNKNOWN = Delta("unknown", None, None)


def compare(now: Decimal | None, before: Decimal | None) -> Delta:
    """The change from `before` to `now`.

    >>> compare(Decimal(3), Decimal(2)).share
    Decimal('0.5')
    >>> compare(Decimal(3), Decimal(0)).direction
    'new'
    >>> compare(Decimal(0), Decimal(0)).direction
    'flat'
    >>> compare(None, Decimal(2)).direction
    'unknown'

    A figure below zero (comments that were taken back) has a difference and no share.
    """
    if now is None or before is None:
        return UNKNOWN
    difference = now - before
    if not difference:
        return Delta("flat", Decimal(0), difference)
    if before == 0:
        return Delta("new", None, difference)
    share = difference / before if before > 0 else None
    return Delta("up" if difference > 0 else "down", share, difference)
