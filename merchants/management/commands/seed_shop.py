"""Give the demo login a team with a sample shop; a second run changes nothing."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandParser

from merchants.onboarding.welcome import prepare_first_visit


class Command(BaseCommand):
    """manage.py seed_shop: what a newcomer gets, for the login of `seed_demo`"""

    help = "Give the demo login a team with a sample shop."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("--username", default="demo")

    def handle(self, *args: Any, **options: Any) -> None:
        """Once, and only where the login exists and has nothing yet."""
        user = User.objects.filter(username=options["username"]).first()
        if user is not None and not user.memberships.exists():
            team = prepare_first_visit(user)
            self.stdout.write(f"Sample shop: a year of figures for {user.username}, in team {team.name!r}.")
