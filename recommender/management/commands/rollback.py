"""Make the version that was live before live again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender import engine


class Command(BaseCommand):
    """manage.py rollback [--to VERSION] --reason TEXT"""

    help = "Make an earlier model version live; web processes follow within seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which version, and why."""
        parser.add_argument("--to", type=int, help="version id; without it, the one live before")
        parser.add_argument("--reason", default="rolled back by command", help="kept in the registry")

    def handle(self, *args: Any, **options: Any) -> None:
        """Roll back."""
        try:
            if options["to"] is not None:
                version = engine.promote(options["to"], options["reason"])
            else:
                version = engine.roll_back(options["reason"])
        except engine.RegistryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Version {version.pk} is live.")
