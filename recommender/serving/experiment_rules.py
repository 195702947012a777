"""What an experiment must be before it may start, each fault with its field and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recommender.experiments.assignment import N_BUCKETS, find_slot
from recommender.experiments.overrides import Moment, OverrideError, check_overrides, needs_engine
from recommender.models import Arm, Experiment
from recommender.queries.experiments import METRICS

#: (field, sentence)
Fault = tuple[str, str]


class ExperimentError(ValueError):
    """An experiment cannot do what was asked; `faults` names each field and the way out."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(text for _, text in faults))
        self.faults = list(faults)


def find_faults(experiment: Experiment, arms: Sequence[Arm]) -> list[Fault]:
    """Everything that is wrong with a draft; arms in order of place, values put into their types."""
    return [*_check_promises(experiment), *_check_arms(experiment, arms)]


def _check_promises(experiment: Experiment) -> list[Fault]:
    faults: list[Fault] = []
    if experiment.primary_metric not in METRICS:
        faults.append(("primary_metric", _unknown_metric(experiment.primary_metric)))
    faults += _check_guards(experiment)
    ranges: tuple[tuple[str, float, float], ...] = (
        ("traffic_share", 0.001, 1.0),
        ("planned_effect", 0.001, 1.0),
        ("planned_days", 1, 90),
        ("slice_seconds", 600, 604_800),
    )
    for name, low, high in ranges:
        value = getattr(experiment, name)
        if not low <= value <= high:
            faults.append((name, f"{name} is {value}; choose {low:g} to {high:g}"))
    if experiment.learning == "isolated" and experiment.design != "viewer":
        faults.append(("learning", "only arms of viewers can learn alone; choose shared learning"))
    return faults


def _unknown_metric(name: object) -> str:
    return f"metric {name!r} is not known; choose one of {', '.join(METRICS)}"


def _check_guards(experiment: Experiment) -> list[Fault]:
    guards: Any = experiment.guards
    example = '[{"metric": "not_interested", "tolerance": 0.02}]'
    if not isinstance(guards, list) or not all(
        isinstance(one, dict) and set(one) == {"metric", "tolerance"} for one in guards
    ):
        return [("guards", f"guards are {guards!r}; give a list like {example}")]
    faults = []
    for one in guards:
        metric, tolerance = one["metric"], one["tolerance"]
        if metric not in METRICS:
            faults.append(("guards", _unknown_metric(metric)))
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance <= 0.5:
            faults.append(("guards", f"tolerance of {metric!r} is {tolerance!r}; choose 0 to 0.5"))
    if len({one["metric"] for one in guards}) < len(guards):
        faults.append(("guards", "a metric guards twice; name each once"))
    return faults


def _check_arms(experiment: Experiment, arms: Sequence[Arm]) -> list[Fault]:
    faults: list[Fault] = []
    if len(arms) < 2:
        faults.append(("arms", f"there are {len(arms)} arms; give a control and at least one more"))
    total = sum(arm.share or 0 for arm in arms)
    if arms and abs(total - 1) > 1e-6:
        faults.append(("arms", f"the shares of the arms add up to {total:g}; make them 1"))
    allowed: set[Moment] = {"request", "engine"}
    if experiment.learning == "isolated":
        allowed.add("fit")
    for arm in arms:
        try:
            arm.overrides = check_overrides(arm.overrides or {}, frozenset(allowed))
        except OverrideError as error:
            faults.append(("overrides", f"arm {arm.name!r}: {error}"))
            continue
        faults += [("arms", f"arm {arm.name!r}: {text}") for text in _check_arm(experiment, arm)]
    return faults


def _check_arm(experiment: Experiment, arm: Arm) -> list[str]:
    faults = []
    if arm.value_weights is not None and arm.value_weights.market:
        faults.append(f"weights {arm.value_weights} hold in one market; choose a version for all markets")
    if experiment.design == "creator":
        other = [path for path in arm.overrides if not path.startswith("value.")]
        if other or arm.model_version_id is not None:
            what = other[0] if other else "the model version"
            faults.append(f"{what} holds for a whole request; arms of creators change 'value.*' alone")
    if experiment.learning == "isolated" and experiment.state == "draft" and arm.model_version_id:
        faults.append("arms that learn alone get their models from their own fits; leave the version empty")
    return faults


def find_place(experiment: Experiment, running: Sequence[Experiment]) -> tuple[int, int]:
    """The buckets that the experiment gets in its layer.

    Raises ExperimentError where the layer is too full, holds another kind of unit, or another layer moves the
    same values.
    """
    neighbours = [one for one in running if one.layer == experiment.layer]
    for one in neighbours:
        if one.design != experiment.design:
            raise ExperimentError(
                [("layer", f"layer {one.layer!r} holds a {one.design} experiment; choose another layer")]
            )
    for one in running:
        if one.layer != experiment.layer and (both := _list_moved(experiment) & _list_moved(one)):
            text = f"{one.name!r} in layer {one.layer!r} moves {sorted(both)[0]} too"
            raise ExperimentError([("layer", f"{text}; choose its layer, so that they never share a unit")])
    width = round(experiment.traffic_share * N_BUCKETS)
    taken = [(one.first_bucket or 0, one.stop_bucket or 0) for one in neighbours]
    slot = find_slot(taken, width)
    if slot is None:
        held = ", ".join(f"{one.name} {one.traffic_share:.0%}" for one in neighbours)
        text = f"layer {experiment.layer!r} has no {experiment.traffic_share:.0%} left in one piece ({held})"
        raise ExperimentError([("traffic_share", f"{text}; take less, stop one, or choose another layer")])
    return slot


def _list_moved(experiment: Experiment) -> set[str]:
    moved: set[str] = set()
    for arm in experiment.arms.all():
        moved |= set(arm.overrides)
        if arm.value_weights_id is not None:
            moved.add("value weights")
        if arm.model_version_id is not None or needs_engine(arm.overrides):
            moved.add("the engine")
    if any(path.startswith("value.") for path in moved):
        moved.add("value weights")
    return moved | ({"the engine"} if experiment.learning == "isolated" else set())
