"""`evaluate exposure`: who is seen over 50 retrainings of a platform on its own feeds; no server."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from recommender.management.evaluations.poison import choose_fit
from recommender.params import Params, TrainingParams
from recommender.simulation.closed_loop import LoopSize, run_loop
from recommender.training.benchmark import describe_environment

needs_folder = False


def add_arguments(parser: ArgumentParser) -> None:
    """Fewer rounds, for a quick look."""
    parser.add_argument("--rounds", type=int, default=50, help="retrainings (for exposure)")


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """The loop with what is kept for newcomers and markets, and without; ValueError for too few rounds."""
    if options["rounds"] < 5:
        raise ValueError(f"--rounds {options['rounds']} shows no trend; choose 5 or more")
    seed = TrainingParams().seed
    size = replace(LoopSize(), rounds=options["rounds"])
    retrain = choose_fit(options)
    figures: dict[str, Any] = {}
    for name, is_kept in (("kept", True), ("by_value_alone", False)):
        found = run_loop(size, Params(), retrain, seed, is_kept)
        figures[name] = found
        worst = min(found["coverage_kept"].values())
        say(
            f"{name:15} gini {found['gini_first']:.3f} -> {found['gini_last']:.3f}, coverage kept at least "
            f"{worst:.0%}, first pools met {found['owed_met']:.0%}, never shown {found['never_shown']:.1%}"
        )
    return figures | {
        "inputs": asdict(size) | {"seed": seed, "retrain": retrain.__name__},
        "environment": describe_environment(seed),
    }
