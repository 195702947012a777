"""Experiments from draft to conclusion: save, start, guard, stop, end; each one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from recommender.models import Arm, Experiment, ModelVersion, ValueWeights
from recommender.registry.artifacts import BrokenArtifactError
from recommender.registry.versions import read_version
from recommender.serving.experiment_readout import calculate_power, read_experiment, read_guards
from recommender.serving.experiment_rules import ExperimentError, find_faults, find_place

logger = logging.getLogger(__name__)


@transaction.atomic
def save_experiment(
    fields: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], owner_id: int | None
) -> Experiment:
    """A new draft with its arms, the first being the control.

    Raises ExperimentError naming every fault.
    """
    if Experiment.objects.filter(name=fields["name"]).exists():
        raise ExperimentError([("name", f"an experiment {fields['name']!r} exists; choose another name")])
    experiment = Experiment(owner_id=owner_id, **fields)
    rows = [Arm(experiment=experiment, place=place, **arm) for place, arm in enumerate(arms)]
    if faults := [*_check_references(rows), *find_faults(experiment, rows)]:
        raise ExperimentError(faults)
    experiment.save()
    for row in rows:
        row.experiment = experiment
    Arm.objects.bulk_create(rows)
    return experiment


def _check_references(arms: Sequence[Arm]) -> list[tuple[str, str]]:
    """Versions that do not exist; they are left out, so that the rest can be judged."""
    faults = []
    for arm in arms:
        for field, table in (("value_weights_id", ValueWeights), ("model_version_id", ModelVersion)):
            asked = getattr(arm, field)
            if asked is not None and not table._default_manager.filter(pk=asked).exists():
                faults.append((field, f"arm {arm.name!r}: version {asked} does not exist; choose another"))
                setattr(arm, field, None)
    return faults


@transaction.atomic
def start_experiment(experiment_id: int) -> Experiment:
    """Give a draft its place in its layer and serve it; from here on what it is about is frozen.

    Raises ExperimentError where something is wrong or the layer has no room.
    """
    # One start at a time: two that look for a free place at once must not find the same.
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('experiment-start'))")
    experiment = _lock(experiment_id, Experiment.State.DRAFT)
    arms = list(experiment.arms.select_related("value_weights", "model_version"))
    if faults := [*find_faults(experiment, arms), *_check_files(arms)]:
        raise ExperimentError(faults)
    running = Experiment.objects.filter(state=Experiment.State.RUNNING).prefetch_related("arms")
    first, stop = find_place(experiment, list(running))
    if not experiment.planned_units:
        power = calculate_power(
            experiment.design, experiment.primary_metric, experiment.planned_effect, len(arms),
            experiment.planned_days, experiment.slice_seconds,
        )  # fmt: skip
        experiment.planned_units = power.units_an_arm
    experiment.salt = experiment.salt or experiment.name
    experiment.first_bucket, experiment.stop_bucket = first, stop
    experiment.state, experiment.started_at = Experiment.State.RUNNING, timezone.now()
    experiment.save()
    return experiment


def _check_files(arms: Sequence[Arm]) -> list[tuple[str, str]]:
    return [
        ("arms", f"arm {arm.name!r}: {fault}")
        for arm in arms
        if arm.model_version is not None and (fault := _find_file_fault(arm.model_version))
    ]


def _find_file_fault(version: ModelVersion) -> str:
    try:
        read_version(version)
    except BrokenArtifactError as error:
        return f"{error}; choose another version"
    return ""


def _lock(experiment_id: int, *states: str) -> Experiment:
    found = Experiment.objects.select_for_update().filter(pk=experiment_id).first()
    if found is None:
        raise ExperimentError(
            [("id", f"experiment {experiment_id} does not exist; list them with GET /api/v1/experiments")]
        )
    if found.state not in states:
        raise ExperimentError(
            [("state", f"{found.name!r} is {found.state}; it must be {' or '.join(states)}")]
        )
    return found


@transaction.atomic
def stop_experiment(experiment_id: int, reason: str) -> Experiment:
    """Serve everybody the live setting again, and keep the readout as it stands.

    Raises ExperimentError if it does not run, or no reason is given.
    """
    if not reason.strip():
        raise ExperimentError([("reason", "say why it is stopped; the readout shows it")])
    experiment = _lock(experiment_id, Experiment.State.RUNNING)
    return _finish(experiment, Experiment.State.STOPPED, reason)


def _finish(experiment: Experiment, state: str, reason: str) -> Experiment:
    experiment.ended_at = timezone.now()
    experiment.readout = read_experiment(experiment)
    experiment.state, experiment.stop_reason = state, reason
    experiment.save()
    return experiment


@transaction.atomic
def conclude_experiment(experiment_id: int, conclusion: str) -> Experiment:
    """End an experiment, running or stopped, with what was learnt from it.

    Raises ExperimentError for a draft, one that is ended, or an empty conclusion.
    """
    if not conclusion.strip():
        raise ExperimentError([("conclusion", "say what was learnt; it stays with the readout")])
    states = Experiment.State
    experiment = _lock(experiment_id, states.RUNNING, states.STOPPED)
    experiment.conclusion = conclusion
    if experiment.state == states.STOPPED:
        experiment.state = states.ENDED
        experiment.save()
        return experiment
    return _finish(experiment, states.ENDED, experiment.stop_reason)


@transaction.atomic
def discard_experiment(experiment_id: int) -> None:
    """Throw a draft away. Raises ExperimentError once it has started: it stays on record."""
    _lock(experiment_id, Experiment.State.DRAFT).delete()


def check_guards() -> int:
    """Stop every arm whose guard is broken or whose model cannot be served; how many were stopped.

    Its viewers get the control from the next refresh on. With its last treated arm an experiment stops.
    """
    stopped = 0
    for experiment in Experiment.objects.filter(state=Experiment.State.RUNNING):
        try:
            stopped += _guard(experiment)
        except Exception:  # one broken experiment must not leave the others without a guard
            logger.exception("the guards of experiment %s could not be read", experiment.name)
    return stopped


def _guard(experiment: Experiment) -> int:
    reasons = read_guards(experiment)
    for arm in experiment.arms.filter(stopped_at=None).select_related("model_version"):
        if arm.model_version is not None and (fault := _find_file_fault(arm.model_version)):
            reasons[arm.pk] = fault
    for arm_id, reason in reasons.items():
        logger.warning("arm %s of %s is stopped: %s", arm_id, experiment.name, reason)
        Arm.objects.filter(pk=arm_id, stopped_at=None).update(stopped_at=timezone.now(), stop_reason=reason)
    arms = list(experiment.arms.all())
    is_over = all(arm.stopped_at for arm in arms[1:]) or bool(arms[0].stopped_at)
    if reasons and is_over:
        last = "; ".join(f"{arm.name}: {arm.stop_reason}" for arm in arms if arm.stopped_at)
        stop_experiment(experiment.pk, f"stopped by its guards: {last}")
    return len(reasons)
