"""Update the live version here and now with what came in since, or leave it to a worker."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender import engine
from recommender.feedback.retrain import work_on
from recommender.management.run_bar import show_progress
from recommender.models import TrainingRun


class Command(BaseCommand):
    """manage.py update_model [--background]"""

    help = "Move the live version's weights by what came in since, compare, promote or refuse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to learn."""
        parser.add_argument("--background", action="store_true", help="queue the run for a worker")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for an update and work on it."""
        run, is_new = engine.request_update("command")
        if options["background"]:
            self.stdout.write(f"Run {run.pk} is {'queued' if is_new else run.state}; a worker takes it.")
            return
        with show_progress(f"Update run {run.pk}") as report:
            finished = work_on(run.pk, report)
        if finished is None:
            raise CommandError(f"run {run.pk} is being worked on by another process; see the admin")
        if finished.state == TrainingRun.State.FAILED:
            raise CommandError(f"run {finished.pk} failed: {finished.reason}")
        self.stdout.write(f"Run {finished.pk} {finished.state}: {finished.reason}")
