"""Stacks of this run: one state folder on which the product has been started once, and stacks upon it."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ttok_site.running_stack import FIRST_START_SECONDS, STOP_SECONDS, RunningStack
from tests.ttok_site.waiting import list_processes, wait_until


@pytest.fixture(scope="session")
def prepared_var_dir() -> Iterator[Path]:
    """A state folder on which the product has been started once."""
    folder = Path(tempfile.mkdtemp(prefix="ttok-stack-", dir="/tmp"))
    folder.chmod(0o711)
    first = RunningStack(folder)
    try:
        first.wait_for("Ready after", FIRST_START_SECONDS)
        assert "Login" in first.output
    finally:
        first.process.send_signal(signal.SIGTERM)
    assert wait_until(first.is_gone, STOP_SECONDS), list_processes(folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run_stack(var_dir: Path) -> Iterator[RunningStack]:
    """The product, ready; killed at the end, which must leave nothing."""
    started = RunningStack(var_dir)
    started.wait_for("Ready after")
    yield started
    started.process.kill()
    assert wait_until(started.is_gone, STOP_SECONDS), list_processes(var_dir)


@pytest.fixture
def stack(prepared_var_dir: Path) -> Iterator[RunningStack]:
    """A stack of this test alone, which may end it."""
    yield from run_stack(prepared_var_dir)


@pytest.fixture(scope="module")
def shared_stack(prepared_var_dir: Path) -> Iterator[RunningStack]:
    """A stack for all tests of a file, none of which ends it."""
    yield from run_stack(prepared_var_dir)
