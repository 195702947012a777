"""Everything between an empty database and the first request; each step costs next to nothing when done.

`make run` calls it at every start. It changes nothing that a person made: tables are migrated, demo data and
a first model are added where there are none.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ttok_site.settings")

#: The one step without which the product still serves.
MODEL_STEP = "first model"


def main() -> None:
    """Run the steps in order, each with its name and seconds."""
    import django

    django.setup()
    from django.core.management import CommandError, call_command

    steps: list[tuple[str, Callable[[], object]]] = [
        ("database tables", lambda: call_command("migrate", verbosity=0, interactive=False)),
        ("static files", collect_static),
        ("demo world", lambda: call_command("seed_demo")),
        ("sample shop", lambda: call_command("seed_shop")),
        (MODEL_STEP, lambda: call_command("retrain", "--if-none")),
    ]
    for name, step in steps:
        started = time.monotonic()
        print(f"  {name:<18} ...", flush=True)
        try:
            step()
        except CommandError as error:
            if name != MODEL_STEP:
                sys.exit(f"error: {name}: {error}")
            print(
                f"  {error}\n  Feeds come from the fallback; try again with `manage.py retrain`.", flush=True
            )
        print(f"  {name:<18} {time.monotonic() - started:6.1f} s", flush=True)


def collect_static() -> None:
    """Collect the static files, unless the collected ones were made from exactly these."""
    from django.conf import settings
    from django.core.management import call_command

    stamp = Path(settings.STATIC_ROOT) / ".made_from"
    fingerprint = _fingerprint_static()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(fingerprint)


def _fingerprint_static() -> str:
    """A hash over path, size and time of every static file of the installed apps."""
    from django.contrib.staticfiles.finders import get_finders

    lines = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = os.stat(storage.path(path))
            lines.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


if __name__ == "__main__":
    main()
