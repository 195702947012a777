"""Progress of a fit that never runs backwards, how long each step took, and how long the rest will take.

The rest is told from the steps of an earlier fit alone: without one nobody knows, and nothing is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

#: Called with a fraction in [0, 1] and what is being done.
Progress = Callable[[float, str], None]


#: Share of the earlier fit's time that is believed before this fit's own pace is.
_TRUST = 0.05
#: Share of the time spent on a step that it is taken to need when it should have been done.
_OVERRUN = 0.1


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
        """Seconds that are left: the earlier fit's, at the pace of the steps done; None if not known."""
        *done, (current, began) = self.started
        if current not in self.expected:
            return None
        spent = self.seconds()
        behind = [text for text, _ in done if text in self.expected]
        trust = _TRUST * sum(self.expected.values())
        took, planned = (sum(table[text] for text in behind) for table in (spent, self.expected))
        pace = (trust + took) / max(trust + planned, 1e-9)
        here = self.clock() - began
        ahead = sum(seconds for text, seconds in self.expected.items() if text not in spent)
        return pace * ahead + max(pace * self.expected[current] - here, _OVERRUN * here)


def tell_time(seconds: float) -> str:
    """A length of time as people say it.

    >>> tell_time(20), tell_time(95), tell_time(5000)
    ('less than a minute', 'about 2 minutes', 'about 83 minutes')
    """
    minutes = round(seconds / 60)
    if seconds < 45:
        return "less than a minute"
    return "about a minute" if minutes <= 1 else f"about {minutes} minutes"
