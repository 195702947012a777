"""Reach questions answered by the live engine: its catalogue, counts, weights, rules and groups of now.

A run is one call (`simulate_reach`), or pieces that any worker may take (`open_run`, `work_on_part`) and one
that sums them (`close_run`); both give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from threadpoolctl import threadpool_limits

from recommender.contracts import IntArray, ValueWeights
from recommender.flow import Engine
from recommender.markets import MARKET_CODES
from recommender.niche.avatar import load_picture_reader
from recommender.niche.taxonomy import NONE
from recommender.queries.groups import read_live_versions
from recommender.serving.live import live_engine
from recommender.simulation.audience import GroupTastes
from recommender.simulation.drafts import append_drafts
from recommender.simulation.engine_view import close_parts, list_parts, read_sums, view_part
from recommender.simulation.reach import ReachRun, answer_reach, list_asked
from recommender.simulation.reach import simulate_reach as run_simulation

Report = Callable[[float, str], None]
#: Niches below this chance are not kept of a cover's reading.
_LEAST_CHANCE = 0.02


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run with the engine over a catalogue that holds its drafts."""

    run: ReachRun
    engine: Engine
    weights: ValueWeights
    rows: IntArray
    groups: GroupTastes | None


def simulate_reach(run: ReachRun, report: Report | None = None) -> dict[str, Any]:
    """The answer, as plain numbers (`simulation.reach`).

    Raises
    ------
    ValueError
        If a topic or language is not one the engine knows.
    """
    tell = report or (lambda fraction, step: None)
    tell(0.01, "building the engine with your video in it")
    opened = open_run(run)
    return run_simulation(opened.engine, opened.weights, opened.rows, run, tell, opened.groups)


def open_run(run: ReachRun) -> OpenRun:
    """The live engine with the run's drafts in it.

    Raises
    ------
    ValueError
        If a topic or language is not one the engine knows.
    """
    loaded = live_engine.get()
    names = loaded.engine.catalogue.topic_names
    asked = list_asked(run, names)
    catalogue, rows = append_drafts(loaded.engine.catalogue, asked, run.question.published_at)
    engine = live_engine.build_over(catalogue, run.question.published_at)
    return OpenRun(run, engine, loaded.weights, rows, read_group_tastes(names))


def fingerprint_run(opened: OpenRun) -> str:
    """Equal where two workers look at the same model, videos, counts and groups: only then do pieces fit."""
    engine, groups = opened.engine, opened.groups
    seen = hashlib.sha256(f"{engine.version} {groups.version if groups else None}".encode())
    for column in (engine.catalogue.video_id, engine.statistics.shown, engine.recall.popularity.total):
        seen.update(np.ascontiguousarray(column).tobytes())
    return seen.hexdigest()


def list_part_markets(run: ReachRun) -> list[str]:
    """The market that each piece of a run is about, in the order of their numbers."""
    return [part.market for part in list_parts(MARKET_CODES, run.params)]


def work_on_part(opened: OpenRun, number: int) -> dict[str, Any]:
    """What piece `number` of a run adds to its answer, as plain numbers."""
    run = opened.run
    part = list_parts(MARKET_CODES, run.params)[number]
    with threadpool_limits(1, "blas"):
        sums = view_part(
            opened.engine, opened.weights, opened.rows, part, run.question.published_at, run.params, run.seed,
            opened.groups,
        )  # fmt: skip
    return sums.to_dict()


def close_run(opened: OpenRun, found: Sequence[dict[str, Any]], report: Report) -> dict[str, Any]:
    """The answer of a run whose pieces are all there, in the order of their numbers."""
    parts = list_parts(MARKET_CODES, opened.run.params)
    views = close_parts(parts, [read_sums(told) for told in found], opened.run.params)
    return answer_reach(opened.engine, opened.run, views, report, opened.groups)


def read_group_tastes(topic_names: Sequence[str]) -> GroupTastes | None:
    """The groups by interest in force over the catalogue's topics; None where none is known."""
    version = read_live_versions().get("interest")
    if version is None or not topic_names:
        return None
    liking = np.array(
        [[group.get("liking", {}).get(name, 0.0) for name in topic_names] for group in version.groups]
    )
    if not liking.size or not liking.any():
        return None
    liking = liking + 1e-4  # every topic a little: tastes are known to a share, never to none
    size = np.array([float(group["size"]) for group in version.groups])
    return GroupTastes(size, liking / liking.sum(axis=1, keepdims=True), version.number)


def read_cover(picture: np.ndarray) -> list[tuple[str, float]]:
    """(niche, chance that the picture shows it), largest first; small chances are left out."""
    reader = load_picture_reader(settings.VAR_DIR / "models")
    chances = zip(reader.classes, reader.read([picture])[0].probability.tolist(), strict=True)
    kept = [(name, round(value, 4)) for name, value in chances if name != NONE and value >= _LEAST_CHANCE]
    return sorted(kept, key=lambda line: (-line[1], line[0]))
