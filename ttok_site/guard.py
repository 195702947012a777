"""The process that remains when everything above it was killed: it ends what would be left behind.

It sits in a session of its own and reads a pipe that only its starter holds open. The end of the pipe means
that the starter is gone, in order or not. It refuses to end a server that another process still uses.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from ttok_site import processes, services
from ttok_site.places import find_places

#: The processes of the stack, in the order in which they end.
STACK_NAMES = ("web", "beat", "worker", "prepare")
#: A killed process's children may hold its place for a moment; who stays longer has a guard of its own.
PATIENCE_SECONDS = 30.0


def stop_stack(run_dir: Path) -> list[str]:
    """End the processes of the stack; returns the names that had to be killed."""
    killed = processes.stop(processes.read_living(run_dir, ("web", "prepare")), run_dir)
    return killed + processes.stop(processes.read_living(run_dir, ("beat", "worker")), run_dir)


def main(arguments: list[str]) -> None:
    """Wait for the end of the pipe on standard input, then clean up."""
    var_dir = Path(arguments[0])
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 1):
        pass
    run_dir = find_places(var_dir).run_dir
    if not run_dir.exists():
        return
    if "--stack" in arguments:
        stop_stack(run_dir)
    services.stop_if_unused(var_dir, patience_seconds=PATIENCE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
