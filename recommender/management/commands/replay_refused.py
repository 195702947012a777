"""`manage.py replay_refused`: try refused events again, once what they lacked is there."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from recommender.events.replay import replay_refused


class Command(BaseCommand):
    """Replay refused events; each still counts once."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Optional ids; without them every refused event is tried."""
        parser.add_argument("ids", nargs="*", type=int, help="ids of refused events; none = all")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and report."""
        result = replay_refused(options["ids"] or None)
        self.stdout.write(
            f"{result.accepted} accepted, {result.duplicate} duplicates, {result.refused} refused again"
        )
