"""A `make run` under test: start it, read what it prints, call its API, find its processes."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.ttok_site.waiting import list_processes, wait_until
from ttok_site import processes, services
from ttok_site.places import BASE_DIR

FIRST_START_SECONDS, STOP_SECONDS = 300.0, 15.0
#: A demo world just large enough for a first model.
DEMO_SCALE = "0.15"
COMMAND = [sys.executable, "-m", "ttok_site.stack"]


class RunningStack:
    """A stack under test and what it has printed so far."""

    def __init__(self, var_dir: Path, *, command: list[str] | None = None, port: int = 18_000) -> None:
        self.var_dir = var_dir
        env = {name: value for name, value in os.environ.items() if name not in services.REPLACED_BY.values()}
        env |= {
            "TTOK_VAR_DIR": str(var_dir),
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "ttok_site.settings",
            "TTOK_DEMO_SCALE": DEMO_SCALE,
        }
        self.process = subprocess.Popen(
            command or COMMAND,
            cwd=BASE_DIR,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def wait_for(self, text: str, seconds: float = 60.0) -> None:
        """Wait until it has printed `text`."""
        assert wait_until(lambda: text in self.output or self.process.poll() is not None, seconds), (
            self.output
        )
        self._reader.join(timeout=0.2)
        assert text in self.output, self.output

    @property
    def address(self) -> str:
        """Where it says that the site is."""
        found = re.search(r"Site +(http://\S+/)", self.output)
        assert found, self.output
        return found.group(1)

    def read_record(self, name: str) -> processes.Record:
        """The living process of this name."""
        (record,) = processes.read_living(self.var_dir / "run", [name])
        return record

    def call_api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON answer of a call with the demo key."""
        key = json.loads((self.var_dir / "demo_login.json").read_text())["api_key"]
        request = urllib.request.Request(
            f"{self.address}api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def is_gone(self) -> bool:
        """True where no process of this installation is left."""
        self.process.poll()
        return list_processes(self.var_dir) == []


def answers(address: str) -> bool:
    """True where the web server answers without a failure of its own."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
