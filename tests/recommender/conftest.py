"""The live engine under a test's own hand: refreshed when the test says so, by no thread."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recommender.serving import live as live_module
from recommender.serving.live import LiveEngine, live_engine


@pytest.fixture
def live(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveEngine]:
    """The process's engine, empty until `live.refresh()`; every refresh reads counts anew."""
    monkeypatch.setattr(live_module, "STATS_SECONDS", 0.0)
    live_engine.__init__()  # type: ignore[misc]
    live_engine._thread_pid = os.getpid()
    yield live_engine
    live_engine.__init__()  # type: ignore[misc]


@pytest.fixture
def artifact_dir(tmp_path: Path, settings: Any) -> Path:
    """Model files of this test alone."""
    settings.ARTIFACT_DIR = tmp_path
    return tmp_path
