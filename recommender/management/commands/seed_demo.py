"""Fill an empty installation with a demo world, a login and an API key; a second run changes nothing."""

import json
import os
import secrets
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from recommender import engine
from recommender.api.permissions import SCOPES
from recommender.api.tokens import make_token
from recommender.management import demo_world
from recommender.models import ApiToken, Creator, EventBatch, Viewer

_USERNAME = "demo"
_BATCH_EVENTS = 1000


class Command(BaseCommand):
    """manage.py seed_demo: idempotent, and resumed where it was stopped"""

    help = "Fill an empty installation with a demo world, a login and an API key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Sizes, for tests and for larger demos."""
        size = demo_world.DemoSize().scale(settings.DEMO_SCALE)
        parser.add_argument("--creators", type=int, default=size.creators)
        parser.add_argument("--videos", type=int, default=size.videos)
        parser.add_argument("--viewers", type=int, default=size.viewers)

    def handle(self, *args: Any, **options: Any) -> None:
        """Catalogue, viewers, events; the login comes last and marks a finished world."""
        if not User.objects.filter(username=_USERNAME).exists():
            self._pour(options)
        self._make_login(Path(settings.VAR_DIR) / "demo_login.json")

    def _pour(self, options: dict[str, Any]) -> None:
        size = demo_world.DemoSize(options["creators"], options["videos"], options["viewers"])
        world = demo_world.make_demo_world(_find_anchor(), size)
        engine.publish_creators(demo_world.list_creators(world))
        engine.publish_videos(demo_world.list_videos(world))
        rows = demo_world.list_viewers(world)
        Viewer.objects.bulk_create([Viewer(**row) for row in rows], ignore_conflicts=True, batch_size=5000)
        shown = tqdm(
            demo_world.iterate_events(world), "Demo events", len(world.exposures.viewer), unit=" videos shown"
        )
        done = EventBatch.objects.filter(sender=demo_world.SENDER).count()
        for events in islice(_batch(shown), done, None):
            engine.record_event_dicts(events, demo_world.SENDER)
        while engine.roll_up():
            pass
        for creator_id, face in demo_world.iterate_faces(world):
            engine.keep_picture(creator_id, face)
        while engine.read_creators():
            pass
        engine.recompute_norms()
        self.stdout.write(
            f"Demo world: {size.creators} creators, {size.videos} videos, {size.viewers} viewers,"
            f" {len(world.exposures.viewer)} videos shown."
        )

    def _make_login(self, path: Path) -> None:
        """A superuser with a password and an API key of this installation alone, kept in a private file."""
        user = User.objects.filter(username=_USERNAME).first()
        if user is not None and path.exists():
            return
        password = secrets.token_urlsafe(9)
        user = user or User(username=_USERNAME, is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save()
        ApiToken.objects.filter(owner=user, name="demo", revoked_at=None).update(revoked_at=timezone.now())
        _, key = make_token("demo", user, list(SCOPES))
        login = {"username": _USERNAME, "password": password, "api_key": key}
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w") as file:
            json.dump(login, file)
        os.replace(draft, path)


def _find_anchor() -> float:
    """Where the world's time ends: when it was first poured, or now."""
    first = Creator.objects.filter(pk=demo_world.FIRST_CREATOR).values_list("created_at", flat=True).first()
    return (first or timezone.now()).timestamp()


def _batch(lists: Iterator[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Batches of at most `_BATCH_EVENTS` events; what belongs to one shown video stays together."""
    batch: list[dict[str, Any]] = []
    for events in lists:
        if len(batch) + len(events) > _BATCH_EVENTS:
            yield batch
            batch = []
        batch.extend(events)
    if batch:
        yield batch
