"""Which experiments a request takes part in, and what that changes: settled once a refresh.

A request is exposed to an experiment only where its arms would serve this market differently; who is merely
assigned tells nothing and would water the readout down. A stopped arm's units get the control and are not
logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from recommender import contracts as c
from recommender.contracts import UNKNOWN, ValueWeights
from recommender.experiments.assignment import Design, assign, assign_one
from recommender.experiments.overrides import (
    apply_to_fusion,
    apply_to_params,
    apply_to_weights,
    needs_engine,
)
from recommender.flow import Engine
from recommender.params import Params
from recommender.queries.experiments import ArmRow, RunningRow
from recommender.registry.artifacts import BrokenArtifactError
from recommender.rerank.value import value_terms

logger = logging.getLogger(__name__)

#: The arm of a request that no experiment claims.
BASELINE_ARM = "baseline"
#: Puts an engine of a model version (None = the live one) together with these params.
BuildEngine = Callable[[int | None, Params], Engine]


@dataclass(frozen=True, slots=True)
class ServedArm:
    """One arm as requests meet it."""

    arm_id: int
    label: str  # "experiment/arm"
    overrides: Mapping[str, Any]
    weights: ValueWeights | None  # stored version, None = those in force
    engine: Engine | None  # None = the live one
    version_id: int | None  # of its engine, None = the live version
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class ServedExperiment:
    """One running experiment, ready to be looked up."""

    row: RunningRow
    design: Design
    arms: tuple[ServedArm, ...]

    def find_arm(self, viewer_id: int, now: float) -> ServedArm | None:
        """The arm of this request; None outside the experiment."""
        is_by_time = self.row.design == "switchback"
        place = assign_one(self.design, int(now) // self.row.slice_seconds if is_by_time else viewer_id)
        return None if place == UNKNOWN else self.arms[place]

    def makes_difference(self, weights: ValueWeights, market: int) -> bool:
        """Would any two arms serve this market differently? Arms alike everywhere (A/A) always count."""
        if self._is_same_arms():
            return True
        first, *others = (self._describe(arm, weights, market) for arm in self.arms)
        return any(other != first for other in others)

    def _is_same_arms(self) -> bool:
        first, *others = ((arm.overrides, arm.weights, arm.model_version) for arm in self.row.arms)
        return all(other == first for other in others)

    def _describe(self, arm: ServedArm, weights: ValueWeights, market: int) -> tuple[Any, ...]:
        own = apply_to_weights(arm.weights or weights, arm.overrides, "")
        rest = {path: value for path, value in arm.overrides.items() if not path.startswith("value.")}
        return (own.for_market(market).tobytes(), sorted(rest.items()), arm.version_id)


@dataclass(frozen=True, slots=True)
class CreatorTreatment:
    """The arms of one creator-side experiment as value weights, by place."""

    design: Design
    weights: tuple[ValueWeights | None, ...]  # None = the request's own
    arm_ids: tuple[int, ...]  # of arms that count, UNKNOWN for a stopped one

    def revalue(
        self, creator_id: c.IntArray, predictions: c.Predictions, terms: c.FloatArray, market: int
    ) -> None:
        """Value, in place, the (n_candidates, ...) videos of treated creators by their arm's weights."""
        place = assign(self.design, creator_id)
        for arm, own in enumerate(self.weights):
            rows = place == arm
            if own is not None and rows.any():
                terms[rows] = value_terms(predictions, own, market)[rows]

    def list_arms(self, creator_id: c.IntArray) -> list[int]:
        """Ids of the arms that creators of a page are in, ascending."""
        places = {int(place) for place in assign(self.design, creator_id)} - {UNKNOWN}
        return sorted({self.arm_ids[place] for place in places} - {UNKNOWN})


@dataclass(frozen=True, slots=True)
class Setting:
    """What one request is served with, and what is logged of it."""

    engine: Engine
    version_id: int | None
    weights: ValueWeights
    label: str
    exposed_arms: tuple[int, ...]
    treatments: tuple[CreatorTreatment, ...] = ()


def prepare_experiments(
    rows: Iterable[RunningRow], live_version: int | None, build: BuildEngine
) -> tuple[ServedExperiment, ...]:
    """The running experiments with the engines of their arms; one whose files are broken serves nobody."""
    ready = []
    for row in rows:
        try:
            arms = tuple(_prepare_arm(row, arm, live_version, build) for arm in row.arms)
        except BrokenArtifactError as error:
            logger.error("experiment %s is not served: %s", row.name, error)
            continue
        shares = tuple(arm.share for arm in row.arms)
        design = Design(row.name, row.layer, row.first_bucket, row.stop_bucket, shares, row.salt)
        ready.append(ServedExperiment(row, design, arms))
    return tuple(ready)


def _prepare_arm(row: RunningRow, arm: ArmRow, live_version: int | None, build: BuildEngine) -> ServedArm:
    is_other = arm.model_version is not None and arm.model_version != live_version
    engine = None
    if (is_other or needs_engine(arm.overrides)) and not arm.is_stopped:
        engine = build(arm.model_version if is_other else None, apply_to_params(Params(), arm.overrides))
    return ServedArm(
        arm.id,
        f"{row.name}/{arm.name}",
        arm.overrides,
        arm.weights,
        engine,
        arm.model_version if is_other else None,
        arm.is_stopped,
    )


class Board:
    """The running experiments over one live engine; what a set of arms adds up to is worked out once."""

    def __init__(
        self,
        experiments: tuple[ServedExperiment, ...],
        engine: Engine,
        version_id: int | None,
        weights: ValueWeights,
    ) -> None:
        # Arms with an engine of their own come first: what the others replace then holds for it too.
        self.experiments = tuple(
            sorted(experiments, key=lambda one: all(arm.engine is None for arm in one.arms))
        )
        self._by_request = [one for one in self.experiments if one.row.design != "creator"]
        self._treatments = tuple(
            _treat_creators(one, weights) for one in self.experiments if one.row.design == "creator"
        )
        self._live = Setting(engine, version_id, weights, BASELINE_ARM, (), self._treatments)
        self._known: dict[tuple[Any, ...], Setting] = {}

    def choose(self, viewer_id: int, market: int, now: float) -> Setting:
        """The request's engine, weights and arms; the live ones where no experiment claims it."""
        if not self._by_request:
            return self._live
        arms = tuple(one.find_arm(viewer_id, now) for one in self._by_request)
        key = (market, *(UNKNOWN if arm is None else arm.arm_id for arm in arms))
        setting = self._known.get(key)
        if setting is None:
            setting = self._known[key] = self._combine(arms, market)
        return setting

    def _combine(self, arms: tuple[ServedArm | None, ...], market: int) -> Setting:
        live = self._live
        engine, version_id, weights = live.engine, live.version_id, live.weights
        labels: list[str] = []
        exposed: list[int] = []
        for experiment, arm in zip(self._by_request, arms, strict=True):
            if arm is None or not experiment.makes_difference(live.weights, market):
                continue
            if arm.is_stopped:
                arm = experiment.arms[0]
            else:
                labels.append(arm.label)
                exposed.append(arm.arm_id)
            engine, weights = _apply(arm, engine, weights)
            version_id = arm.version_id or version_id
        label = ",".join(labels)[:64] or BASELINE_ARM
        return Setting(engine, version_id, weights, label, tuple(exposed), live.treatments)


def _apply(arm: ServedArm, engine: Engine, weights: ValueWeights) -> tuple[Engine, ValueWeights]:
    base = arm.engine or engine
    params = apply_to_params(base.params, arm.overrides)
    if params != base.params or any(path.startswith("mix.") for path in arm.overrides):
        base = replace(
            base,
            params=params,
            recall=replace(base.recall, params=params.recall),
            fusion=apply_to_fusion(base.fusion, arm.overrides),
        )
    return base, apply_to_weights(arm.weights or weights, arm.overrides, arm.label)


def _treat_creators(experiment: ServedExperiment, weights: ValueWeights) -> CreatorTreatment:
    own = [
        None
        if arm.is_stopped or not (arm.overrides or arm.weights)
        else apply_to_weights(arm.weights or weights, arm.overrides, arm.label)
        for arm in experiment.arms
    ]
    ids = [UNKNOWN if arm.is_stopped else arm.arm_id for arm in experiment.arms]
    return CreatorTreatment(experiment.design, tuple(own), tuple(ids))
