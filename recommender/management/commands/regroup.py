"""`manage.py regroup`: label all viewers anew by what they did in the last weeks."""

from typing import Any

from django.core.management.base import BaseCommand

from recommender import engine


class Command(BaseCommand):
    """Group viewers by engagement and by interest; ids stay what they were."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Regroup and say what came of it."""
        if engine.regroup() is None:
            self.stdout.write("Nobody was grouped: nothing happened lately, or a worker is at it.")
        for group in engine.list_groups():
            stability = "first version" if group.stability is None else f"stability {group.stability:.2f}"
            traits = ", ".join(group.traits) or "like everybody"
            self.stdout.write(f"{group.kind} {group.id}: {group.size} viewers, {traits} ({stability})")
