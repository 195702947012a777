"""From the impressions and events of an experiment to what it says; and what a new one would need."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from recommender.contracts import UNKNOWN
from recommender.experiments.analysis import (
    INTERFERENCE,
    LEARNING,
    Guard,
    Plan,
    Power,
    UnitTable,
    find_breach,
    plan_power,
    read_arm,
    read_segments,
    read_split,
)
from recommender.experiments.assignment import Design, assign
from recommender.experiments.params import ExperimentParams
from recommender.models import Arm, Experiment
from recommender.queries.experiments import (
    UnitRows,
    describe_experiment,
    read_creator_units,
    read_habits,
    read_slices,
    read_viewer_units,
)


def read_experiment(experiment: Experiment) -> dict[str, Any]:
    """The readout as plain data: split, arms, segments, notes. A finished one keeps the one it ended with."""
    if experiment.readout is not None:
        return dict(experiment.readout)
    if experiment.started_at is None:
        return {"notes": ["It has not started: there is nothing to read yet."], "arms": []}
    arms, plan = list(experiment.arms.all()), describe_plan(experiment)
    until = experiment.ended_at or timezone.now()
    table, n_crossed = read_table(experiment, arms, until)
    split = read_split(table, plan)
    readings = []
    for arm in arms[1:]:
        told = table
        if arm.stopped_at is not None:
            told, _ = read_table(experiment, arms, arm.stopped_at)
        reading = read_arm(told, plan, arm.place)
        if reading is not None:
            readings.append(asdict(reading) | {"stop_reason": arm.stop_reason})
    days = (until - experiment.started_at).total_seconds() / 86_400
    return _make_plain(
        {
            "read_at": timezone.now().isoformat(),
            "split": asdict(split),
            "n_crossed": n_crossed,
            "progress": {
                "units": min(split.counts),
                "planned_units": plan.planned_units,
                "days": days,
                "planned_days": experiment.planned_days,
                "is_complete": min(split.counts) >= plan.planned_units and days >= experiment.planned_days,
            },
            "arms": readings,
            "segments": [asdict(one) for one in read_segments(table, plan)],
            "notes": _write_notes(experiment, arms, split.is_sound, n_crossed),
        }
    )


def describe_plan(experiment: Experiment) -> Plan:
    """What was named before the start."""
    arms = list(experiment.arms.all())
    return Plan(
        arm_names=tuple(arm.name for arm in arms),
        shares=tuple(arm.share for arm in arms),
        primary=experiment.primary_metric,
        guards=tuple(Guard(one["metric"], float(one["tolerance"])) for one in experiment.guards),
        planned_units=experiment.planned_units,
    )


def read_table(experiment: Experiment, arms: list[Arm], until: datetime) -> tuple[UnitTable, int]:
    """Units of the experiment up to a moment, and how many were seen in two arms (and are left out)."""
    assert experiment.started_at is not None
    params = ExperimentParams()
    past, newcomer = params.covariate_days, params.newcomer_days
    if experiment.design == Experiment.Design.VIEWER:
        ids = [arm.pk for arm in arms]
        rows = read_viewer_units(ids, experiment.started_at, until, past, newcomer)
        place = {arm.pk: arm.place for arm in arms}
        arm = np.array([place[int(one)] for one in rows.arm_id], dtype=np.int64)
        _, inverse, counts = np.unique(rows.unit, return_inverse=True, return_counts=True)
        once = counts[inverse] == 1
        return _take(rows, arm, once), int((counts > 1).sum())
    if experiment.design == Experiment.Design.CREATOR:
        rows = read_creator_units(experiment.started_at, until, past, newcomer)
    else:
        rows = read_slices(experiment.started_at, until, experiment.slice_seconds, params.slice_washout, past)
    arm = assign(find_design(experiment), rows.unit).astype(np.int64)
    return _take(rows, arm, arm != UNKNOWN), 0


def find_design(experiment: Experiment) -> Design:
    """How the experiment spreads its units, as serving does."""
    row = describe_experiment(experiment)
    shares = tuple(arm.share for arm in row.arms)
    return Design(row.name, row.layer, row.first_bucket, row.stop_bucket, shares, row.salt)


def _take(rows: UnitRows, arm: Any, kept: Any) -> UnitTable:
    return UnitTable(
        arm=arm[kept],
        metrics={name: column[kept] for name, column in rows.sums.items()},
        past={name: column[kept] for name, column in rows.past.items()},
        segments={
            name: [label for label, inside in zip(labels, kept, strict=True) if inside]
            for name, labels in rows.segments.items()
        },
    )


def read_guards(experiment: Experiment) -> dict[int, str]:
    """Arm id -> the broken guard in words, of arms that still run; nothing while the split is not sound."""
    arms, plan = list(experiment.arms.all()), describe_plan(experiment)
    table, _ = read_table(experiment, arms, timezone.now())
    if not plan.guards or not read_split(table, plan).is_sound:
        return {}
    control = np.flatnonzero(table.arm == 0)
    found = {
        arm.pk: find_breach(
            table, plan, (control, np.flatnonzero(table.arm == arm.place)), ExperimentParams()
        )
        for arm in arms[1:]
        if arm.stopped_at is None
    }
    return {arm_id: reason for arm_id, reason in found.items() if reason}


def _write_notes(experiment: Experiment, arms: list[Arm], is_sound: bool, n_crossed: int) -> list[str]:
    is_pinned = experiment.learning == "shared" and all(arm.model_version_id for arm in arms)
    notes = [INTERFERENCE[experiment.design], LEARNING["pinned" if is_pinned else experiment.learning]]
    if not is_sound:
        notes.insert(
            0,
            "The split is broken: the arms are not as large as planned, so they differ in more than the "
            "setting. Nothing below is to be believed before the cause is found.",
        )
    if n_crossed:
        notes.append(f"{n_crossed} viewers were seen in two arms and are left out.")
    notes += [f"Arm {arm.name} was stopped: {arm.stop_reason}." for arm in arms if arm.stopped_at]
    return notes


def calculate_power(
    design: str, metric: str, effect: float, n_arms: int, days: int, slice_seconds: int
) -> Power:
    """Units an arm that an effect needs, by what units like these did in the past.

    Raises ValueError where the past tells nothing; the message says what to do.
    """
    now, params = timezone.now(), ExperimentParams()
    span = min(days, params.planning_days)
    if design == Experiment.Design.VIEWER:
        rows = read_habits(now, span, params.planning_viewers)
    elif design == Experiment.Design.CREATOR:
        rows = read_creator_units(now - span * _DAY, now, span, params.newcomer_days)
    else:
        rows = read_slices(now - span * _DAY, now, slice_seconds, params.slice_washout, params.covariate_days)
    return plan_power(rows.sums[metric], rows.past[metric], effect, n_arms)


_DAY = timedelta(days=1)


def _make_plain(value: Any) -> Any:
    """The same as JSON can hold it: tuples as lists, numbers that are none as null."""
    if isinstance(value, dict):
        return {name: _make_plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_make_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
