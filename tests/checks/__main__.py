"""`make test`: every check in its order, then one table of what took how long and what failed.

With names as arguments it runs those steps alone: `python -m tests.checks lint types`.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from tests.checks import found_servers

PYTHON = sys.executable
CHECKED = ["ttok_site", "recommender", "merchants", "tests", "manage.py"]
PYTEST = [PYTHON, "-m", "pytest", "-q"]
#: Two workers, each with servers of its own; a file stays together, so its fixtures are made once.
IN_TWO = ["-n", "2", "--dist", "loadfile"]
#: import-linter has no `-m` door, and its script breaks when a clone is moved.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
#: pytest's exit code for "no test was selected".
NOTHING_SELECTED = 5


def run_command(*command: str, may_select_nothing: bool = False, **env: str) -> bool:
    """Run one command with its output shown; True where it succeeded."""
    done = subprocess.run(command, env={**os.environ, **env})
    return done.returncode == 0 or (may_select_nothing and done.returncode == NOTHING_SELECTED)


def check_deployment() -> bool:
    """Django's own deployment checks, with the environment of a real deployment."""
    with tempfile.TemporaryDirectory() as var_dir:
        return run_command(
            PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING",
            TTOK_HTTPS="1", TTOK_SECRET_KEY=secrets.token_urlsafe(64), TTOK_ALLOWED_HOSTS="www.example.org",
            TTOK_VAR_DIR=var_dir,
        )  # fmt: skip


def check_migrations() -> bool:
    """No model may differ from its migrations."""
    with tempfile.TemporaryDirectory() as var_dir:
        return run_command(
            PYTHON,
            "-W",
            "ignore",
            "manage.py",
            "makemigrations",
            "--check",
            "--dry-run",
            TTOK_VAR_DIR=var_dir,
        )


def run_on_found_servers() -> bool:
    """The integration part once more, against each set of servers that answers on this machine."""
    is_good = True
    for found in found_servers.find_sets():
        print(f"integration on {found.description}", flush=True)
        if found.env:
            # In one: queues of one broker are shared, and so is what two workers would ask of it.
            selected = f"{found.marker} and not browser and not processes"
            is_good &= run_command(*PYTEST, "-m", selected, **found.env)
            found.clean()
    return is_good


STEPS: dict[str, Callable[[], bool]] = {
    "format": lambda: run_command(PYTHON, "-m", "ruff", "format", "--check", *CHECKED),
    "lint": lambda: run_command(PYTHON, "-m", "ruff", "check", *CHECKED),
    "types": lambda: run_command(PYTHON, "-m", "mypy"),
    "imports": lambda: run_command(PYTHON, "-c", LINT_IMPORTS, "--no-cache"),
    "deployment": check_deployment,
    "migrations": check_migrations,
    "tests": lambda: run_command(*PYTEST, *IN_TWO, "-m", "not browser"),
    "doctests": lambda: run_command(
        *PYTEST, "--doctest-modules", "recommender", "ttok_site/ports.py", "--ignore=recommender/migrations"
    ),
    "integration": run_on_found_servers,
    "browser": lambda: run_command(*PYTEST, "-m", "browser", may_select_nothing=True),
}


def main(names: list[str]) -> int:
    """Run the named steps, or all; every step runs, also after one that failed."""
    if unknown := [name for name in names if name not in STEPS]:
        print(f"no step named {', '.join(unknown)}; the steps are {', '.join(STEPS)}")
        return 2
    results: list[tuple[str, bool, float]] = []
    for name in names or STEPS:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        results.append((name, STEPS[name](), time.monotonic() - started))
    print()
    for name, is_good, seconds in results:
        print(f"{'ok' if is_good else 'FAILED':<8} {name:<12} {seconds:7.1f} s")
    return 0 if all(is_good for _, is_good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
