"""Work on a run of either kind: claim it, keep its lease, bring it to a verdict or to a reason."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

Report = Callable[[float, str], None]


class NothingToLearnError(Exception):
    """There are no events to learn from; the message says what to do."""


def join_reports(beat: Report, report: Report | None) -> Report:
    """Tell the run's own row and whoever watches."""

    def tell(fraction: float, step: str) -> None:
        beat(fraction, step)
        if report is not None:
            report(fraction, step)

    return tell
