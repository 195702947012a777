"""`evaluate experiments`: the experiment statistics against simulated runs of known truth; no server."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recommender.experiments import trials
from recommender.experiments.open_bandit import evaluate_open_bandit
from recommender.params import TrainingParams
from recommender.training.benchmark import describe_environment

needs_folder = False


def add_arguments(parser: ArgumentParser) -> None:
    """Fewer runs, for a quick look."""
    parser.add_argument("--runs", type=int, default=2000, help="simulated experiments (for experiments)")


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure, with its inputs. Raises ValueError for a number of runs that says nothing."""
    if options["runs"] < 100:
        raise ValueError(f"--runs {options['runs']} says nothing about 5 %; choose 100 or more")
    size, seed = trials.TrialSize(runs=options["runs"]), TrainingParams().seed
    say(f"{size.runs} A/A runs, looked at daily")
    figures: dict[str, Any] = {"same_arms": trials.run_same_arms(size, seed)}
    for name, line in figures["same_arms"].items():
        if isinstance(line, dict):
            say(f"  {name:20} {line['share']:.2%} false positives")
    say("planted effects")
    figures["power"] = trials.run_planted_effect(size, seed)
    figures["split_faults"] = trials.run_planted_faults(seed)
    say("off-policy estimates in worlds of known truth")
    figures["off_policy"] = {
        "worlds": trials.run_known_worlds(size, seed),
        "slates": trials.run_slate_worlds(size, seed),
        "refusals": trials.refuse_without_support(seed),
    }
    folder = Path(os.environ.get("TTOK_DATA_DIR", "")) / "open-bandit"
    if "TTOK_DATA_DIR" in os.environ and folder.is_dir():
        figures["off_policy"]["logged_bandit"] = evaluate_open_bandit(folder)
    else:
        say("no logged bandit: TTOK_DATA_DIR names no folder with open-bandit/")
    return figures | {"inputs": asdict(size) | {"seed": seed}, "environment": describe_environment(seed)}
