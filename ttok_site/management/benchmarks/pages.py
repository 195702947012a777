"""`benchmark pages`: server time and queries of each page of a large shop, beside a count of its events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from recommender.management.benchmarks.database import own_database
from ttok_site.prepare import collect_static

#: The aim: 95 of 100 answers within this many milliseconds of server time.
AIM_MS = 300.0
#: What the child runs: its models can be imported only once Django is set up on the other database.
_MEASURE = (
    "import django; django.setup(); from ttok_site.management.benchmarks import pages_world as world;"
    " world.measure_from_input()"
)


def add_arguments(parser: CommandParser) -> None:
    """How large a shop, how often each page is asked for."""
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--videos", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=1_095)
    parser.add_argument("--repeats", type=int, default=40, help="requests of each page")


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; the JSON document.

    Raises
    ------
    CommandError
        A page did not answer 200.
    """
    collect_static()  # the pages name their files by hash
    size = {name: options[name] for name in ("events", "videos", "days", "repeats")}
    with own_database("ttok_pages") as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "CACHE_URL": str(settings.CACHES["default"]["LOCATION"]),
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "DJANGO_SETTINGS_MODULE": "ttok_site.settings",
        }
        say(f"filling {size['events']} events of {size['videos']} videos over {size['days']} days ...")
        command = [sys.executable, "-c", _MEASURE]
        done = subprocess.run(
            command, env=environment, input=json.dumps(size).encode(), stdout=subprocess.PIPE
        )
        if done.returncode:
            raise CommandError("the measurement failed; read its messages above")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for row in result["pages"]:
        say(f"{row['p95_ms']:8.1f} ms p95  {row['queries']:3d} queries  {row['path']}")
    slow = [row["path"] for row in result["pages"] if row["p95_ms"] > AIM_MS]
    say(f"slower than {AIM_MS:.0f} ms: {', '.join(slow) or 'none'}")
    return {"benchmark": "pages", "cores": os.cpu_count(), "options": size, "aim_p95_ms": AIM_MS, **result}
