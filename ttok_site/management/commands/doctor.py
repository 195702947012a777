"""`manage.py doctor`: tell what is wrong with an installation, in sentences."""

import contextlib
import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ttok_site import doctor, services
from ttok_site.places import PlaceError
from ttok_site.servers import ServerError

MARKS = {"ok": "ok      ", "note": "note    ", "problem": "PROBLEM "}


class Command(BaseCommand):
    """Print one sentence a check; exit code 1 where there is a problem."""

    help = "Tell what is wrong with this installation, in sentences. Exit code 1 where something is."
    requires_system_checks: list[str] = []  # a broken project must not stop the doctor

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare --json."""
        parser.add_argument("--json", action="store_true", help="print a list of {check, level, text}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine with the embedded servers up, or say why they will not start."""
        found: list[doctor.Finding] = []
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(services.running())
            except (ServerError, PlaceError) as error:
                found.append(doctor.Finding("servers", "problem", f"{error}."))
            found += doctor.examine()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in found], indent=1))
        else:
            for finding in found:
                self.stdout.write(f"{MARKS[finding.level]}{finding.check:<11} {finding.text}")
        if any(finding.level == "problem" for finding in found):
            sys.exit(1)
