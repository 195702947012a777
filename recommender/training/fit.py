"""Fit an artifact from a data set: sources, rates, predictor, fusion. Arrays and a JSON-able meta.

Everything a predictor learns from was known before the row it learns from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.build import build_engine
from recommender.contracts import ACTION_INDEX, ACTIONS, Dataset, FloatArray
from recommender.features.crosses import Cross
from recommender.markets import MARKET_CODES
from recommender.params import Params
from recommender.prediction.logistic import LinearPart
from recommender.training.belief import believe
from recommender.training.choice import Choices, collect_choices, fit_choice, fit_fusion
from recommender.training.delayed import still_to_come
from recommender.training.graphs import fit_graphs
from recommender.training.learn import fit_predictor
from recommender.training.online_params import ATTRIBUTION_SECONDS, MEAN_DELAY_SECONDS, OnlineParams
from recommender.training.progress import Progress, Report
from recommender.training.replay import keep_replay
from recommender.training.responses import fit_responses
from recommender.training.rows import LearningRows, describe_impressions
from recommender.training.sequence import fit_sequence
from recommender.training.sources import Arrays, fit_sources, measure_base_rate, plan_columns
from recommender.training.split import Cuts, floor_to_refresh, plan_cuts, split_by_time
from recommender.training.states import Timeline, build_timeline


@dataclass(frozen=True, slots=True)
class FittedArtifact:
    """What a fit leaves behind: arrays by name, and facts that go into the manifest."""

    arrays: dict[str, npt.NDArray[Any]]
    meta: dict[str, Any] = field(default_factory=dict)


def fit_engine(
    dataset: Dataset,
    params: Params | None = None,
    progress: Progress | None = None,
    warm_start: FittedArtifact | None = None,
) -> FittedArtifact:
    """Fit everything an engine needs.

    Parameters
    ----------
    dataset : what is known; the newest impressions decide the cuts.
    progress : called with a fraction in [0, 1], never falling, and what is being done.
    warm_start : the artifact before this one; its regression and its networks start the new ones, and the
        seconds of its steps tell how long the rest will take.

    Raises
    ------
    ValueError
        if there are too few impressions.
    """
    params = params or Params()
    report = Report(
        progress or (lambda part, text: None), warm_start.meta.get("seconds") if warm_start else {}
    )
    dataset = believe(dataset, params.trust)
    cuts = plan_cuts(dataset, params.training)
    timeline = build_timeline(dataset)
    crosses, base_rate = plan_columns(dataset), measure_base_rate(dataset)
    report.step(0.02, "response CNN")
    early = _take_start(warm_start, cuts)
    responses = fit_responses(split_by_time(dataset, cuts.learn_from)[0], params, early)
    report.step(0.15, "sources for the learning rows")
    learning = _describe_learning(timeline, cuts.learn_from, crosses, base_rate, responses, params, report)
    report.step(0.4, "logistic regression")
    start = _previous_actions(warm_start, learning.names)
    predictor, facts = fit_predictor(learning, start, params, report)
    report.step(0.65, "sources for the choices")
    before, _ = split_by_time(dataset, cuts.choose_at)
    cnn = fit_sequence(before, params.sequence.epochs, params, early)
    choices = _collect(timeline, before, base_rate, cnn | responses, params)
    choice, fusion = _fit_choices(choices, params, facts)
    report.step(0.8, "sources for serving")
    arrays, meta = _fit_serving(dataset, base_rate, cnn, warm_start, params)
    arrays |= responses | replace(predictor, choice=choice).to_arrays() | {"fusion/weights": fusion}
    arrays |= keep_replay(learning, predictor.watch_time, OnlineParams().replay_rows, params.training.seed)
    report.step(1.0, "done")
    meta |= _describe_data(dataset) | _describe_lessons(learning, crosses, cuts) | facts
    meta |= {"warm_start": warm_start is not None, "warm_networks": bool(early)}
    meta |= {"params": params.to_dict(), "seconds": report.seconds()}
    return FittedArtifact(arrays, meta)


def _describe_learning(
    timeline: Timeline,
    learn_from: float,
    crosses: tuple[Cross, ...],
    base_rate: FloatArray,
    responses: Arrays,
    params: Params,
    report: Report,
) -> LearningRows:
    """Impressions from `learn_from` on, described with sources fitted on what is older."""
    dataset = timeline.dataset
    before, rows = split_by_time(dataset, learn_from)
    arrays, meta = fit_sources(before, base_rate, params)
    early = build_engine(dataset.catalogue, arrays | responses, meta, params=params, now=learn_from)
    as_of = floor_to_refresh(rows.happened_at, params.training.state_refresh_seconds)
    text = "learning rows"
    described = describe_impressions(
        timeline, early, rows, as_of, crosses, params, lambda part: report.step(0.2 + 0.2 * part, text)
    )
    return _await_slow(described, base_rate, dataset.cut_at)


def _await_slow(learning: LearningRows, base_rate: FloatArray, until: float) -> LearningRows:
    """What takes hours or days to follow is no plain no before its window is over (training.delayed)."""
    labels, elapsed = learning.labels.copy(), until - learning.rows.happened_at
    for name, delay in MEAN_DELAY_SECONDS.items():
        place = ACTION_INDEX[name]
        is_open = (labels[:, place] <= 0) & (elapsed < ATTRIBUTION_SECONDS[name])
        base = np.full(int(is_open.sum()), base_rate[place])
        labels[is_open, place] = still_to_come(base, elapsed[is_open], delay)
    return replace(learning, labels=labels)


def _fit_serving(
    dataset: Dataset,
    base_rate: FloatArray,
    cnn: Arrays,
    warm_start: FittedArtifact | None,
    params: Params,
) -> tuple[Arrays, dict[str, Any]]:
    """Sources of all that is known, the CNN of the newest events, and the graphs they are searched by.

    The CNN as it was before stays beside it: tomorrow's fit goes on from that.
    """
    arrays, meta = fit_sources(dataset, base_rate, params, _take_tastes(warm_start, dataset))
    known = cnn | {"videos/id": dataset.catalogue.video_id}
    arrays |= fit_sequence(dataset, params.sequence.refresh_epochs if cnn else 0, params, known) or cnn
    arrays |= {f"early/{name}": array for name, array in cnn.items()}
    graphs, searched = fit_graphs(dataset, arrays, params)
    return arrays | graphs, meta | {"recall_index": searched}


def _describe_data(dataset: Dataset) -> dict[str, Any]:
    return {
        "actions": list(ACTIONS),
        "markets": list(MARKET_CODES),
        "impressions": len(dataset.impressions),
        "history_events": len(dataset.history),
        "videos": len(dataset.catalogue),
        "viewers": len(dataset.viewers),
    }


def _describe_lessons(learning: LearningRows, crosses: tuple[Cross, ...], cuts: Cuts) -> dict[str, Any]:
    return {
        "feature_names": list(learning.names),
        "crosses": [list(cross) for cross in crosses],
        "learning_rows": len(learning.rows),
        **asdict(cuts),
    }


def _take_start(warm_start: FittedArtifact | None, cuts: Cuts) -> Arrays:
    """Arrays that today's networks go on from: those of the earlier fit that saw nothing of today's lessons.

    The response CNN describes the learning rows and the sequence CNN the choices: one that had seen their
    outcomes would be trusted too much.
    """
    if warm_start is None or "videos/id" not in warm_start.arrays:
        return {}
    arrays, meta = warm_start.arrays, warm_start.meta
    start: Arrays = {"videos/id": arrays["videos/id"]}
    if meta.get("learn_from", np.inf) <= cuts.learn_from:
        start |= {name: array for name, array in arrays.items() if name.startswith("response/")}
    if meta.get("choose_at", np.inf) <= cuts.choose_at:
        early = {name: array for name, array in arrays.items() if name.startswith("early/")}
        start |= {name.removeprefix("early/"): array for name, array in early.items()}
    return start if len(start) > 1 else {}


def _take_tastes(warm_start: FittedArtifact | None, dataset: Dataset) -> Arrays:
    """The earlier fit's least-squares vectors in today's catalogue rows."""
    if warm_start is None or "tastes/covered" not in warm_start.arrays:
        return {}
    arrays = warm_start.arrays
    covered = dataset.catalogue.find_rows(np.asarray(arrays["videos/id"])[arrays["tastes/covered"]])
    here = covered >= 0
    return {"tastes/covered": covered[here], "tastes/video": np.asarray(arrays["tastes/video"])[here]}


def _previous_actions(warm_start: FittedArtifact | None, names: tuple[str, ...]) -> LinearPart | None:
    if warm_start is None or warm_start.meta.get("feature_names") != list(names):
        return None
    return LinearPart.from_arrays(warm_start.arrays, "actions")


def _collect(
    timeline: Timeline, before: Dataset, base_rate: FloatArray, cnn: Arrays, params: Params
) -> Choices | None:
    arrays, meta = fit_sources(before, base_rate, params)
    arrays, at = arrays | cnn, before.cut_at
    engine = build_engine(before.catalogue, arrays, meta, params=params, now=at)
    return collect_choices(engine, timeline, at, params, np.random.default_rng(params.training.seed))


def _fit_choices(
    choices: Choices | None, params: Params, facts: dict[str, Any]
) -> tuple[LinearPart | None, npt.NDArray[Any]]:
    if choices is None or len(choices.start) < params.recall.fusion_min_viewers:
        facts["fusion"] = "hand-set weights: too few viewers chose anything in the window"
        return None, np.asarray(params.recall.signal_weights, dtype=np.float32)
    facts["fusion"] = f"learned from {int(choices.chosen.sum())} choices of {len(choices.start)} viewers"
    part = fit_choice(
        choices.matrix,
        choices.chosen,
        choices.start,
        params.prediction.choice_l2,
        params.prediction.logistic_iterations,
    )
    return part, fit_fusion(choices, params)
