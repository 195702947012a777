"""`benchmark training`: a whole fit on a long log read through memory maps: minutes, memory, steps."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recommender.management.benchmarks.training_world import count_world, open_log, write_log
from recommender.params import Params
from recommender.training.fit import fit_engine

_SEED = 20_261_125


def add_arguments(parser: CommandParser) -> None:
    """How long a log, and where it is written."""
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument(
        "--folder", type=Path, help="for the log, about 35 bytes an event; default: the temp folder"
    )


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; the JSON document."""
    n_events = options["events"]
    n_viewers, n_videos = count_world(n_events)
    with tempfile.TemporaryDirectory(prefix="training-", dir=options["folder"]) as folder:
        say(f"writing {n_events} events of {n_viewers} viewers over {n_videos} videos ...")
        write_log(Path(folder), n_events, _SEED)
        dataset = open_log(Path(folder), n_events, _SEED)
        before = _peak_mb(resource.RUSAGE_SELF)
        started = time.perf_counter()
        artifact = fit_engine(dataset, Params(), _tell(say, started))
        seconds = time.perf_counter() - started
    own, helper = _peak_mb(resource.RUSAGE_SELF), _peak_mb(resource.RUSAGE_CHILDREN)
    result = {
        "benchmark": "training",
        "cores": os.cpu_count(),
        "options": {"events": n_events, "viewers": n_viewers, "videos": n_videos},
        "fit_seconds": round(seconds, 1),
        "step_seconds": artifact.meta["seconds"],
        "learning_rows": artifact.meta["learning_rows"],
        "peak_mb": {
            "before_the_fit": before,
            "this_process": own,
            "largest_training_process": helper,
            "both_at_most": own + helper,
        },
    }
    say(f"fit: {seconds / 60:.1f} minutes, at most {(own + helper) / 1024:.1f} GB")
    return result


def _tell(say: Callable[[str], None], started: float) -> Callable[[float, str], None]:
    """A line whenever another step begins."""
    told = ""

    def tell(fraction: float, text: str) -> None:
        nonlocal told
        step = text.partition(",")[0]
        if step != told:
            told = step
            peak = _peak_mb(resource.RUSAGE_SELF)
            say(f"{time.perf_counter() - started:7.1f} s  {fraction:4.0%}  {peak:6d} MB  {text}")

    return tell


def _peak_mb(whose: int) -> int:
    return resource.getrusage(whose).ru_maxrss // 1024
