"""`manage.py benchmark NAME --json OUT`: measure the product as it is served; each benchmark is a module."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from recommender.management.benchmarks import feed, ingest, niche

BENCHMARKS = {"feed": feed, "ingest": ingest, "niche": niche}


class Command(BaseCommand):
    """Run one benchmark."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """A sub-command per benchmark."""
        names = parser.add_subparsers(dest="name", required=True)
        for name, module in BENCHMARKS.items():
            sub = names.add_parser(name, help=(module.__doc__ or "").strip().splitlines()[0])
            sub.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
            module.add_arguments(sub)

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, print, write."""
        result = BENCHMARKS[options["name"]].run(options, self.stdout.write)
        if options["json"]:
            options["json"].write_text(json.dumps(result, indent=2) + "\n")
            self.stdout.write(f"written to {options['json']}")
