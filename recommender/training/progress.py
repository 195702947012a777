"""Progress of a fit that never runs backwards, and how long each step took."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Called with a fraction in [0, 1] and what is being done.
Progress = Callable[[float, str], None]


class Report:
    """One fit's progress."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.fraction = 0.0
        self.started: list[tuple[str, float]] = []

    def step(self, fraction: float, text: str) -> None:
        """Say what is being done now; an earlier fraction than the last keeps the last."""
        self.fraction = max(self.fraction, fraction)
        if not self.started or self.started[-1][0] != text:
            self.started.append((text, time.perf_counter()))
        self.progress(self.fraction, text)

    def seconds(self) -> dict[str, float]:
        """Seconds per step, in order."""
        stops = [at for _, at in self.started[1:]] + [time.perf_counter()]
        return {text: round(stop - at, 3) for (text, at), stop in zip(self.started, stops, strict=True)}
