"""`manage.py import_events kuairand DIR`: load an archive of real activity; stop and run it again at will."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from recommender.events.archive_import import Import, ImportResult, import_kuairand
from recommender.events.kuairand import ArchiveError
from recommender.markets import MARKET_CODES


class Command(BaseCommand):
    """Load creators, videos, viewers and events; stored once however often it runs."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The archive, its folder, and what it does not tell."""
        parser.add_argument("archive", choices=["kuairand"])
        parser.add_argument("folder", type=Path, help="folder with the archive's files, CSV or parquet")
        parser.add_argument(
            "--market",
            choices=MARKET_CODES,
            help="country of everyone (the archive tells none); default: spread over the eight",
        )
        parser.add_argument("--limit-viewers", type=int, metavar="N", help="only the first N viewers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load with a progress bar per file."""
        limit = options["limit_viewers"]
        if limit is not None and limit < 1:
            raise CommandError(f"--limit-viewers is {limit}; give 1 or more, or leave it out for all")
        task = Import(options["folder"], options["market"], limit)
        self.stdout.write(
            f"the archive tells no country: everyone lives in {task.market}"
            if task.market
            else "the archive tells no country: viewers and creators are spread over the eight by a hash of "
            "their id, each with the main language there (--market puts all into one)"
        )
        start = time.monotonic()
        bars = _Bars(quiet=options["verbosity"] == 0)
        try:
            result = import_kuairand(task, bars.report)
        except ArchiveError as error:
            raise CommandError(str(error)) from None
        finally:
            bars.close()
        self.stdout.write(_describe(result, time.monotonic() - start))


class _Bars:
    """One progress bar at a time, with the time that remains."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._step = ""

    def report(self, step: str, n_done: int, n_total: int) -> None:
        """Move the bar of a step; a new step starts a new bar."""
        if step != self._step:
            self.close()
            self._step = step
            self._bar = tqdm(total=n_total, desc=step, unit="row", disable=self._quiet, mininterval=0.5)
        self._bar.update(n_done - self._bar.n)

    def close(self) -> None:
        """Leave the last bar as it stands."""
        if self._bar is not None:
            self._bar.close()


def _describe(result: ImportResult, seconds: float) -> str:
    kinds = ", ".join(
        f"{count} {kind}" for kind, count in sorted(result.kinds.items(), key=lambda kv: -kv[1])
    )
    return (
        f"{result.n_creators} creators, {result.n_videos} videos, {result.n_viewers} viewers; "
        f"{result.stored} events stored, {result.duplicate} duplicates, {result.refused} refused; "
        f"{result.skipped_chunks} parts were loaded before; {seconds:.0f} s"
        + (f" ({kinds})" if kinds else "")
    )
