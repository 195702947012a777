"""`manage.py roll_up`: bring the hourly counts up to date now, without waiting for the beat."""

from typing import Any

from django.core.management.base import BaseCommand

from recommender.events.rollups import roll_up


class Command(BaseCommand):
    """Count every batch that is not yet in the hourly rollups."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Roll up until nothing is left."""
        total = 0
        while n_batches := roll_up():
            total += n_batches
        self.stdout.write(f"{total} batches rolled up")
