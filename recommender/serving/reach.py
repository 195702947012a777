"""Reach questions answered by the live engine: its catalogue, counts, weights and rules of this moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recommender.serving.live import live_engine
from recommender.simulation.drafts import append_drafts
from recommender.simulation.reach import ReachRun
from recommender.simulation.reach import simulate_reach as run_simulation

Report = Callable[[float, str], None]


def simulate_reach(run: ReachRun, report: Report | None = None) -> dict[str, Any]:
    """The answer, as plain numbers (`simulation.reach`).

    Raises
    ------
    ValueError
        If a topic or language is not one the engine knows.
    """
    tell = report or (lambda fraction, step: None)
    tell(0.01, "building the engine with your video in it")
    loaded = live_engine.get()
    questions = (run.question, *run.variants)
    catalogue, rows = append_drafts(loaded.engine.catalogue, questions, run.question.published_at)
    engine = live_engine.build_over(catalogue, run.question.published_at)
    return run_simulation(engine, loaded.weights, rows, run, tell)
