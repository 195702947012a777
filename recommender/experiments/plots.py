"""The picture of a readout: intervals on one scale, as places from 0 to 100 that a page draws.

Every line carries its numbers in words, so that the drawing and its table can never tell two stories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class IntervalLine:
    """One interval; places are 0 (left) to 100, as text without a locale."""

    label: str
    low: str
    width: str
    middle: str
    text: str  # "+1.2 % (-0.3 to +2.7 %)"
    tone: str  # "better", "worse" or "undecided"


@dataclass(frozen=True, slots=True)
class IntervalPlot:
    """Intervals of relative change around no change."""

    title: str
    zero: str  # place of no change
    lines: tuple[IntervalLine, ...]
    low_text: str
    high_text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a line shows; shares of the control's mean."""

    label: str
    middle: float
    low: float
    high: float
    tone: str


def draw_changes(title: str, changes: Sequence[Change]) -> IntervalPlot | None:
    """Intervals on a common scale that holds no change and every interval; None without an interval.

    >>> plot = draw_changes("t", [Change("a", 0.5, 0.0, 1.0, "better")])
    >>> plot.zero, plot.lines[0].low, plot.lines[0].width
    ('0.00', '0.00', '100.00')
    """
    if not changes:
        return None
    low = min(0.0, *(one.low for one in changes))
    high = max(0.0, *(one.high for one in changes))
    span = (high - low) or 1.0

    def place(value: float) -> str:
        return f"{100 * (value - low) / span:.2f}"

    lines = tuple(
        IntervalLine(
            one.label,
            place(one.low),
            f"{100 * (one.high - one.low) / span:.2f}",
            place(one.middle),
            f"{one.middle:+.2%} ({one.low:+.2%} to {one.high:+.2%})",
            one.tone,
        )
        for one in changes
    )
    return IntervalPlot(title, place(0.0), lines, f"{low:+.1%}", f"{high:+.1%}")


def draw_readout(readout: Mapping[str, Any]) -> list[IntervalPlot]:
    """One picture per treated arm, and one of the segments; metrics without a base are left to the table."""
    plots = []
    for arm in readout.get("arms", ()):
        changes = [
            Change(
                f"{one['metric']} ({one['role']})",
                one["relative"],
                one["relative_interval"][0],
                one["relative_interval"][1],
                one["verdict"],
            )
            for one in arm["metrics"]
            if one["relative"] is not None
        ]
        plots.append(draw_changes(f"{arm['arm']} beside the control", changes))
    segments = [
        Change(
            f"{one['segment']} {one['value']}, {one['arm']}",
            one["relative"],
            one["relative_interval"][0],
            one["relative_interval"][1],
            _read_tone(one),
        )
        for one in readout.get("segments", ())
        if one["relative"] is not None
    ]
    plots.append(draw_changes("primary metric by segment", segments))
    return [plot for plot in plots if plot is not None]


def _read_tone(segment: Mapping[str, Any]) -> str:
    if not segment["stands"]:
        return "undecided"
    return "better" if segment["relative"] > 0 else "worse"
