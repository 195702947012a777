"""`manage.py benchmark NAME --json OUT`: measure the product as it is served; each benchmark is a module."""

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser

from recommender.management.benchmarks import feed, freshness, ingest, niche, reach, recall, training

BENCHMARKS = {
    "feed": feed,
    "freshness": freshness,
    "ingest": ingest,
    "niche": niche,
    "reach": reach,
    "recall": recall,
    "training": training,
}


def find_benchmarks() -> dict[str, Any]:
    """Our benchmarks, and those of apps above us: modules `APP.management.benchmarks.NAME`."""
    found: dict[str, Any] = dict(BENCHMARKS)
    for config in apps.get_app_configs():
        folder = Path(config.path) / "management" / "benchmarks"
        if config.name == "recommender" or not folder.is_dir():
            continue
        for module in iter_modules([str(folder)]):
            loaded = import_module(f"{config.name}.management.benchmarks.{module.name}")
            if hasattr(loaded, "add_arguments"):
                found[module.name] = loaded
    return found


class Command(BaseCommand):
    """Run one benchmark."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """A sub-command per benchmark."""
        names = parser.add_subparsers(dest="name", required=True)
        for name, module in find_benchmarks().items():
            sub = names.add_parser(name, help=(module.__doc__ or "").strip().splitlines()[0])
            sub.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
            module.add_arguments(sub)

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, print, write."""
        result = find_benchmarks()[options["name"]].run(options, self.stdout.write)
        if options["json"]:
            options["json"].write_text(json.dumps(result, indent=2) + "\n")
            self.stdout.write(f"written to {options['json']}")
