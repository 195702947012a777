"""`manage.py judge newcomers|trust`: a round over new videos, or over what viewers did, without the beat."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from recommender import engine


class Command(BaseCommand):
    """Promote new videos or let them go; judge whose doings count."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which round."""
        parser.add_argument("what", choices=["newcomers", "trust"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Go round once."""
        done = engine.judge_newcomers() if options["what"] == "newcomers" else engine.judge_trust()
        self.stdout.write(str(done) if done else "Another worker is at it.")
