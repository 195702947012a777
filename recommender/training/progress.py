"""Progress of a fit that never runs backwards, how long each step took, and how long the rest will take.

The rest is told from the steps of an earlier fit alone: without one nobody knows, and nothing is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

#: Called with a fraction in [0, 1] and what is being done.
Progress = Callable[[float, str], None]


class Report:
    """One fit's progress.

    `expected` are the seconds of each step of an earlier fit, in order.
    """

    def __init__(
        self,
        progress: Progress,
        expected: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.progress = progress
        self.expected = dict(expected or {})
        self.clock = clock
        self.fraction = 0.0
        self.started: list[tuple[str, float]] = []

    def step(self, fraction: float, text: str) -> None:
        """Say what is being done now; an earlier fraction than the last keeps the last."""
        self.fraction = max(self.fraction, fraction)
        if not self.started or self.started[-1][0] != text:
            self.started.append((text, self.clock()))
        rest = self.remaining()
        self.progress(self.fraction, text if rest is None else f"{text}, {tell_time(rest)} left")

    def seconds(self) -> dict[str, float]:
        """Seconds per step, in order."""
        stops = [at for _, at in self.started[1:]] + [self.clock()]
        return {text: round(stop - at, 3) for (text, at), stop in zip(self.started, stops, strict=True)}

    def remaining(self) -> float | None:
        """Seconds that are left: the earlier fit's, at this fit's pace so far; None where it is not known.

        A step that takes longer than expected is taken to end soon, and slows the pace of those behind it.
        """
        spent = self.seconds()
        current = self.started[-1][0]
        if current not in self.expected:
            return None
        done = [text for text in spent if text != current and text in self.expected]
        ahead = sum(seconds for text, seconds in self.expected.items() if text not in spent)
        expected_here = self.expected[current]
        # A tenth of the whole is believed before the pace is.
        trust = 0.1 * sum(self.expected.values())
        took = sum(spent[text] for text in done) + max(spent[current], 0.0)
        planned = sum(self.expected[text] for text in done) + min(spent[current], expected_here)
        pace = (trust + took) / max(trust + planned, 1e-9)
        return pace * (ahead + max(expected_here - spent[current], 0.0))


def tell_time(seconds: float) -> str:
    """A length of time as people say it.

    >>> tell_time(20), tell_time(95), tell_time(5000)
    ('less than a minute', 'about 2 minutes', 'about 83 minutes')
    """
    minutes = round(seconds / 60)
    if seconds < 45:
        return "less than a minute"
    return "about a minute" if minutes <= 1 else f"about {minutes} minutes"
