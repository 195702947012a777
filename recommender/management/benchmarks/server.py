"""The product's web server as a process of its own, and what its processes weigh."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from django.conf import settings

#: Seconds the server may take to answer for the first time.
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on the loopback address."""

    port: int
    pid: int

    def weigh(self) -> list[dict[str, object]]:
        """Resident memory of each of its processes, in MB."""
        root = psutil.Process(self.pid)
        return [
            {
                "process": "server" if process.pid == self.pid else "worker",
                "rss_mb": round(_weigh(process), 1),
            }
            for process in [root, *root.children(recursive=True)]
        ]

    def read_cpu_seconds(self) -> float:
        """Processor time that its processes have used; what other programs do to the clock is not in it."""
        root = psutil.Process(self.pid)
        times = [process.cpu_times() for process in [root, *root.children(recursive=True)]]
        return float(sum(time.user + time.system for time in times))


def _weigh(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


@contextmanager
def serving(application: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """Start granian with an application (`module:name`) on a free port, and stop it at the end.

    `environment` comes on top of this process's own; processes and threads are those of the product's stack.
    """
    port = _find_port()
    command = [
        *(sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(port)),
        *(*settings.WEB_FLAGS, "--log-level", "warning", application),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **environment}
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)
    try:
        _wait_for(process, port)
        yield Server(port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}; read its messages above")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer on port {port} within {START_SECONDS} s")
