"""Wait for something to become true, and look at the processes of one installation."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil


def wait_until(is_true: Callable[[], bool], seconds: float = 25.0) -> bool:
    """Poll until it is true; False after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def list_processes(var_dir: Path) -> list[str]:
    """Every living process, however it came about, that works on this state folder."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            is_ours = str(var_dir) in command or process.environ().get("TTOK_VAR_DIR") == str(var_dir)
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {command[:120]}")
        except psutil.Error:
            continue
    return found
