"""Replay a log in time order: predict each row, then learn from it, at a chosen pace.

What a row may know ends with the last refresh before it, so a pace is honest for features and weights alike.
Sources and CNNs stay as the base fit left them, but in the full refits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.build import build_engine
from recommender.contracts import (
    ACTION_INDEX,
    ACTIONS,
    N_ACTIONS,
    BoolArray,
    Dataset,
    FloatArray,
    Impressions,
)
from recommender.params import Params
from recommender.prediction.hybrid import HybridPredictor
from recommender.training.delayed import FAST_SECONDS, weigh_labels
from recommender.training.fit import FittedArtifact, fit_engine
from recommender.training.histories import take_impressions
from recommender.training.metrics import auc, bootstrap_interval, gauc, log_loss, viewer_auc
from recommender.training.online import learn_online, teach_rows
from recommender.training.online_params import OnlineParams
from recommender.training.replay import read_replay, take_learning
from recommender.training.rows import LearningRows, describe_impressions
from recommender.training.states import build_timeline

Say = Callable[[str], None]
#: Name of a pace -> seconds between refreshes.
PACES: dict[str, float] = {"daily": 86_400.0, "hourly": 3600.0, "15_minutes": 900.0}
#: Actions that are measured: the first decides, the others are told.
TOLD: tuple[str, ...] = ("long_watch", "like", "comment", "follow", "share")

_COLUMNS = (
    "viewer", "video", "happened_at", "actions", "watch_seconds", "source", "position", "propensity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replay:
    """A log with what was known before it, and the fit that the replay starts from."""

    dataset: Dataset  # everything: what was known, then the stream
    known: Dataset  # before the stream
    stream: Impressions
    base: FittedArtifact
    params: Params


def start_replay(known: Dataset, stream: Impressions, params: Params, say: Say) -> Replay:
    """Fit on what is known; the stream is predicted and learnt afterwards."""
    say(f"fitting on {len(known.impressions)} rows")
    base = fit_engine(known, params)
    joined = _join(known.impressions, stream)
    everything = replace(known, impressions=joined, cut_at=float(stream.happened_at[-1]) + 1)
    return Replay(everything, known, stream, base, params)


def floor_to_pace(happened_at: FloatArray, start: float, pace: float) -> FloatArray:
    """The last refresh at or before each moment, refreshes counted from `start`, the first of them.

    >>> floor_to_pace(np.array([0.0, 5.0, 10.0]), 0.0, 4.0).tolist()
    [0.0, 4.0, 8.0]
    """
    floored: FloatArray = start + np.maximum(np.floor((happened_at - start) / pace), 0.0) * pace
    return floored


def describe_stream(
    replay: Replay,
    as_of: FloatArray,
    base: FittedArtifact | None = None,
    rows: Impressions | None = None,
    is_honest: bool = True,
) -> LearningRows:
    """The stream's rows (or some of them) by what was known at each `as_of`.

    An honest description knows nothing of the row's own moment and later; the other kind plants a fault.
    """
    base, dataset = base or replay.base, replay.dataset
    rows = replay.stream if rows is None else rows
    engine = build_engine(
        dataset.catalogue, base.arrays, base.meta, params=replay.params, now=float(base.meta["cut_at"])
    )
    return describe_impressions(
        build_timeline(dataset),
        engine,
        rows,
        np.minimum(as_of, rows.happened_at) if is_honest else as_of,
        engine.statistics.crosses,
        replay.params,
        lambda part: None,
    )


def predict_then_learn(
    replay: Replay, described: LearningRows, pace: float, online: OnlineParams | None
) -> tuple[FloatArray, dict[str, Any]]:
    """(n, N_ACTIONS) probability of each row by the weights in force at its moment, and what it took.

    `online` None leaves the weights as they are. A row teaches once its attribution window is over.
    """
    predictor = HybridPredictor.from_arrays(replay.base.arrays)
    older, n_learnt = read_replay(replay.base.arrays), int(replay.base.meta["learning_rows"])
    happened = described.rows.happened_at
    start = float(replay.known.cut_at)
    probability = np.empty((len(happened), N_ACTIONS), dtype=np.float32)
    seconds: list[float] = []
    since, done = start - FAST_SECONDS, 0
    for number, until in enumerate(np.arange(start, float(happened[-1]) + pace, pace)):
        if number and online is not None:
            began = time.perf_counter()
            predictor = _learn(predictor, described, older, (since, float(until)), n_learnt, online, number)
            seconds.append(time.perf_counter() - began)
        since = float(until)
        stop = int(np.searchsorted(happened, until + pace, side="left"))
        if stop > done:
            rows = take_learning(described, np.arange(done, stop))
            probability[done:stop], _ = predictor.predict_rows(
                rows.matrix, rows.slots, rows.read(slice(None)), rows.market
            )
        done = max(done, stop)
    took = {
        "updates": len(seconds),
        "seconds_per_update": float(np.mean(seconds)) if seconds else 0.0,
        "longest_update_seconds": float(max(seconds, default=0.0)),
    }
    return probability, took


def _learn(
    predictor: HybridPredictor,
    described: LearningRows,
    older: Any,
    span: tuple[float, float],
    n_learnt: int,
    online: OnlineParams,
    number: int,
) -> HybridPredictor:
    happened = described.rows.happened_at
    first, last = np.searchsorted(happened, (span[0] - FAST_SECONDS, span[1]))
    if last <= first:
        return predictor
    rows = take_learning(described, np.arange(first, last))
    probability, _ = predictor.predict_rows(rows.matrix, rows.slots, rows.read(slice(None)), rows.market)
    nothing: BoolArray = np.zeros(probability.shape, dtype=np.bool_)
    targets = weigh_labels(rows.rows.happened_at, rows.labels[:, :N_ACTIONS], nothing, probability, *span)
    taught = teach_rows(rows, targets.label, targets.weight, predictor.watch_time)
    return learn_online(predictor, taught, older, n_learnt, online, number)


def refit_daily(replay: Replay, say: Say) -> tuple[FloatArray, dict[str, Any]]:
    """Predict each day by a full fit on everything before it."""
    happened, start = replay.stream.happened_at, float(replay.known.cut_at)
    probability = np.empty((len(happened), N_ACTIONS), dtype=np.float32)
    seconds: list[float] = []
    for until in np.arange(start, float(happened[-1]), PACES["daily"]):
        first, last = np.searchsorted(happened, (until, until + PACES["daily"]))
        if until == start:
            first, artifact = 0, replay.base
        else:
            say("  a full refit")
            began = time.perf_counter()
            rows = replay.dataset.impressions
            n_before = int(np.searchsorted(rows.happened_at, until, side="left"))
            before = take_impressions(rows, slice(0, n_before))
            artifact = fit_engine(replace(replay.known, impressions=before, cut_at=until), replay.params)
            seconds.append(time.perf_counter() - began)
        part = take_impressions(replay.stream, slice(int(first), int(last)))
        if not len(part):
            continue
        described = describe_stream(replay, np.full(len(part), until), artifact, part)
        predictor = HybridPredictor.from_arrays(artifact.arrays)
        probability[first:last], _ = predictor.predict_rows(
            described.matrix, described.slots, described.read(slice(None)), described.market
        )
    return probability, {"fits": 1 + len(seconds), "seconds_per_fit": [round(s, 1) for s in seconds]}


def measure(replay: Replay, probability: FloatArray, draws: int, seed: int) -> dict[str, Any]:
    """AUC, GAUC and log loss of each told action over the whole stream."""
    figures: dict[str, Any] = {}
    for name in TOLD:
        label, p = replay.stream.label(name).astype(np.float32), probability[:, ACTION_INDEX[name]]
        areas, weights = viewer_auc(label, p, replay.stream.viewer)
        figures[name] = {
            "auc": auc(label, p),
            "gauc": gauc(label, p, replay.stream.viewer),
            "gauc_interval": list(bootstrap_interval(areas, draws, seed, weights)),
            "logloss": log_loss(label, p),
        }
    return figures


def compare_losses(
    replay: Replay, ours: FloatArray, theirs: FloatArray, draws: int, seed: int
) -> dict[str, Any]:
    """Summed log loss of all actions that ours takes off theirs, with its interval over viewers."""
    losses = [
        sum(
            -(
                label * np.log(np.clip(p[:, place], 1e-7, 1))
                + (1 - label) * np.log(np.clip(1 - p[:, place], 1e-7, 1))
            )
            for place, label in enumerate(replay.stream.label(name) for name in ACTIONS)
        )
        for p in (theirs.astype(np.float64), ours.astype(np.float64))
    ]
    gain = np.asarray(losses[0]) - np.asarray(losses[1])
    _, place = np.unique(replay.stream.viewer, return_inverse=True)
    count = np.bincount(place)
    mean = np.bincount(place, weights=gain) / count
    low, high = bootstrap_interval(mean, draws, seed, count.astype(np.float64))
    return {"gain": float(gain.mean()), "interval": [low, high], "before": float(np.mean(losses[0]))}


def _join(first: Impressions, second: Impressions) -> Impressions:
    columns = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in _COLUMNS}
    extra = {name: np.concatenate([first.extra[name], second.extra[name]]) for name in first.extra}
    order = np.argsort(columns["happened_at"], kind="stable")
    return Impressions(
        **{name: column[order] for name, column in columns.items()},
        extra={name: column[order] for name, column in extra.items()},
    )
