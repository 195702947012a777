"""`manage.py recount`: compare the hourly counts with a fresh count of the events; print each difference."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommender.contracts import TRAFFIC_SOURCES
from recommender.events.metrics import count_events, read_account
from recommender.events.rollups import Difference, read_span, recount
from recommender.markets import MARKET_CODES


class Command(BaseCommand):
    """Exit status 1 if anything disagrees."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Optional first and last hour; without them everything is counted."""
        parser.add_argument("--first", type=_read_hour, help="first hour, UTC, such as 2026-05-01T00")
        parser.add_argument("--last", type=_read_hour, help="last hour, UTC, counted too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count again and report."""
        span = read_span()
        if span is None:
            self.stdout.write("no event is stored yet; nothing to compare")
            return
        differences = recount(options["first"] or span[0], options["last"] or span[1])
        for difference in differences:
            self.stdout.write(_describe(difference))
        account = read_account()
        n_events, n_ids = count_events()
        self.stdout.write(
            f"received {account.received} = stored {account.stored} + duplicate {account.duplicate} "
            f"+ refused {account.refused}; {n_events} events, {n_ids} ids in the ledger; "
            f"{account.pending_batches} batches not yet rolled up"
        )
        is_whole = account.is_conserved and n_events == n_ids == account.stored
        if differences or not is_whole:
            raise CommandError(
                f"{len(differences)} rollup rows differ; account is {'' if is_whole else 'not '}whole"
            )
        self.stdout.write("every hourly count agrees with its events")


def _read_hour(text: str) -> datetime:
    moment = datetime.fromisoformat(text if "T" in text else text + "T00")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _describe(difference: Difference) -> str:
    market = MARKET_CODES[difference.market] if difference.market >= 0 else "elsewhere"
    source = TRAFFIC_SOURCES[difference.source]
    measures = ", ".join(
        f"{name} {kept} != {counted}" for name, (kept, counted) in difference.measures.items()
    )
    hour = f"{difference.hour_at:%Y-%m-%dT%H}"
    return f"{hour} video {difference.video_id} {market} {source}: {measures} (kept != counted)"
