"""Retrain the engine here and now, or leave it to a worker."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender import engine
from recommender.feedback.retrain import work_on
from recommender.management.run_bar import show_progress
from recommender.models import TrainingRun
from recommender.registry.versions import find_servable


class Command(BaseCommand):
    """manage.py retrain [--if-none] [--background]"""

    help = "Fit a new version, compare it with the live one on held-out time, promote or refuse it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """When to train, and where."""
        parser.add_argument("--if-none", action="store_true", help="only where no version can be served")
        parser.add_argument("--background", action="store_true", help="queue the run for a worker")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for a run and work on it."""
        live = find_servable() if options["if_none"] else None
        if live is not None:
            self.stdout.write(f"Version {live.pk} is live already.")
            return
        run, is_new = engine.request_training("command")
        if options["background"]:
            self.stdout.write(f"Run {run.pk} is {'queued' if is_new else run.state}; a worker takes it.")
            return
        with show_progress(f"Training run {run.pk}") as report:
            finished = work_on(run.pk, report)
        if finished is None:
            raise CommandError(f"run {run.pk} is being worked on by another process; see the admin")
        if finished.state == TrainingRun.State.FAILED:
            raise CommandError(f"run {finished.pk} failed: {finished.reason}")
        self.stdout.write(f"Run {finished.pk} {finished.state}: {finished.reason}")
