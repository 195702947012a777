"""The readout of one experiment: is it to be believed, what changed, for whom, and what stands in between.

Arrays in, a plain record out. Every statement holds however often it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.experiments.params import ExperimentParams
from recommender.experiments.readout import (
    SPLIT_ALARM,
    Difference,
    check_split,
    compare_arms,
    correct_segments,
    plan_units,
    use_covariate,
)
from recommender.experiments.sequential import always_valid_p

#: Metrics of which less is better; of all others more is.
LOWER_IS_BETTER = frozenset({"not_interested", "swipes"})


@dataclass(frozen=True, slots=True)
class UnitTable:
    """What each unit did, everything in step: (n,) each."""

    arm: IntArray  # place of the arm, 0 = control
    metrics: Mapping[str, FloatArray]
    past: Mapping[str, FloatArray]  # the same before the start, NaN where nothing was known
    segments: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guard:
    """A metric that may not fall by more than `tolerance`, relative to the control."""

    metric: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What was named before the start."""

    arm_names: tuple[str, ...]  # by place
    shares: tuple[float, ...]
    primary: str
    guards: tuple[Guard, ...]
    planned_units: int  # an arm


@dataclass(frozen=True, slots=True)
class MetricReading:
    """One metric of one arm beside the control; `relative` numbers are shares of the control's mean."""

    metric: str
    role: str  # "primary", "guard" or "other"
    control_mean: float
    treatment_mean: float
    difference: float
    interval: tuple[float, float]  # holds at every look
    relative: float
    relative_interval: tuple[float, float]
    p_value: float  # holds at every look
    variance_kept: float
    verdict: str  # "better", "worse" or "undecided"


@dataclass(frozen=True, slots=True)
class ArmReading:
    """One treated arm beside the control."""

    arm: str
    n_control: int
    n_treatment: int
    metrics: tuple[MetricReading, ...]
    breach: str = ""  # the guard that is broken, in words


@dataclass(frozen=True, slots=True)
class SegmentReading:
    """The primary metric within one segment."""

    segment: str  # "market"
    value: str  # "MY"
    arm: str
    n_units: int
    relative: float
    relative_interval: tuple[float, float]
    p_value: float
    stands: bool  # after correction for all segments looked at


@dataclass(frozen=True, slots=True)
class Split:
    """Units per arm against the planned shares."""

    counts: tuple[int, ...]
    shares: tuple[float, ...]
    p_value: float
    is_sound: bool


def read_split(table: UnitTable, plan: Plan) -> Split:
    """Are the arms as large as planned? If not, nothing else is to be believed."""
    counts = np.bincount(table.arm, minlength=len(plan.shares))
    p_value = check_split(counts, np.array(plan.shares)) if counts.sum() else 1.0
    return Split(tuple(counts.tolist()), plan.shares, p_value, p_value >= SPLIT_ALARM)


def read_arm(
    table: UnitTable, plan: Plan, place: int, params: ExperimentParams | None = None
) -> ArmReading | None:
    """One arm against the control; None while either has fewer than two units."""
    params = params or ExperimentParams()
    control, treated = (np.flatnonzero(table.arm == one) for one in (0, place))
    if min(len(control), len(treated)) < 2:
        return None
    n_treatments = len(plan.arm_names) - 1
    names = dict.fromkeys([plan.primary, *(guard.metric for guard in plan.guards), *table.metrics])
    readings = tuple(
        _read_metric(table, plan, name, (control, treated), params.alpha / n_treatments) for name in names
    )
    breach = find_breach(table, plan, (control, treated), params)
    return ArmReading(plan.arm_names[place], len(control), len(treated), readings, breach)


def find_breach(
    table: UnitTable, plan: Plan, rows: tuple[IntArray, IntArray], params: ExperimentParams
) -> str:
    """The first guard that is broken beyond doubt, in words; "" if none is."""
    if min(len(rows[0]), len(rows[1])) < params.guard_min_units or not plan.guards:
        return ""
    # One-sided: of an interval for 2 alpha only the near end is looked at.
    alpha = 2 * params.guard_alpha / (len(plan.guards) * (len(plan.arm_names) - 1))
    for guard in plan.guards:
        found = _compare(table, plan, guard.metric, rows, alpha)
        limit = guard.tolerance * abs(found.control_mean)
        low, high = found.interval
        is_broken = low > limit if guard.metric in LOWER_IS_BETTER else high < -limit
        if is_broken:
            return (
                f"{guard.metric} changed by {low:+.4g} to {high:+.4g} a unit where the control has "
                f"{found.control_mean:.4g} and {guard.tolerance:.1%} is tolerated"
            )
    return ""


def read_segments(
    table: UnitTable, plan: Plan, params: ExperimentParams | None = None
) -> tuple[SegmentReading, ...]:
    """The primary metric of each large enough segment; what stands is corrected for how many were looked at
    (Benjamini and Hochberg)."""
    params = params or ExperimentParams()
    readings: list[SegmentReading] = []
    for segment, labels in table.segments.items():
        if len(set(labels)) < 2:
            continue  # the whole again
        told = np.asarray(labels, dtype=object)
        for value in sorted(set(labels)):
            inside = told == value
            for place in range(1, len(plan.arm_names)):
                rows = (
                    np.flatnonzero(inside & (table.arm == 0)),
                    np.flatnonzero(inside & (table.arm == place)),
                )
                if min(len(rows[0]), len(rows[1])) >= params.segment_min_units:
                    readings.append(_read_segment(table, plan, segment, value, place, rows, params.alpha))
    stands = correct_segments(np.array([one.p_value for one in readings]), params.alpha)
    return tuple(_mark(one, bool(good)) for one, good in zip(readings, stands, strict=True))


def _mark(one: SegmentReading, stands: bool) -> SegmentReading:
    return SegmentReading(
        one.segment, one.value, one.arm, one.n_units, one.relative, one.relative_interval, one.p_value, stands
    )


def _read_segment(
    table: UnitTable,
    plan: Plan,
    segment: str,
    value: str,
    place: int,
    rows: tuple[IntArray, IntArray],
    alpha: float,
) -> SegmentReading:
    found = _compare(table, plan, plan.primary, rows, alpha)
    base = abs(found.control_mean) or np.nan
    return SegmentReading(
        segment,
        value,
        plan.arm_names[place],
        len(rows[0]) + len(rows[1]),
        found.difference / base,
        (found.interval[0] / base, found.interval[1] / base),
        _find_p(found, plan),
        False,
    )


def _compare(
    table: UnitTable, plan: Plan, metric: str, rows: tuple[IntArray, IntArray], alpha: float
) -> Difference:
    values, past = table.metrics[metric], table.past.get(metric)
    covariates = None if past is None else (past[rows[0]], past[rows[1]])
    n_planned = max(2 * plan.planned_units, 100)
    return compare_arms(values[rows[0]], values[rows[1]], alpha, n_planned, covariates)


def _find_p(found: Difference, plan: Plan) -> float:
    n_seen = float(found.n_control + found.n_treatment)
    return always_valid_p(found.difference, found.variance, n_seen, max(2.0 * plan.planned_units, 100.0))


def _read_metric(
    table: UnitTable, plan: Plan, metric: str, rows: tuple[IntArray, IntArray], alpha: float
) -> MetricReading:
    found = _compare(table, plan, metric, rows, alpha)
    low, high = found.interval
    base = abs(found.control_mean) or np.nan
    verdict = "undecided"
    if low > 0 or high < 0:
        verdict = "better" if (low > 0) != (metric in LOWER_IS_BETTER) else "worse"
    is_guard = metric in {guard.metric for guard in plan.guards}
    return MetricReading(
        metric,
        "primary" if metric == plan.primary else "guard" if is_guard else "other",
        found.control_mean,
        found.treatment_mean,
        found.difference,
        found.interval,
        found.difference / base,
        (low / base, high / base),
        _find_p(found, plan),
        found.variance_kept,
        verdict,
    )


@dataclass(frozen=True, slots=True)
class Power:
    """How many units an effect needs."""

    units_an_arm: int
    mean: float  # of the metric a unit
    deviation: float  # what is left of it once the past is used
    variance_kept: float
    n_units: int  # looked at


def plan_power(
    metric: FloatArray, past: FloatArray, effect: float, n_arms: int, params: ExperimentParams | None = None
) -> Power:
    """Units an arm in which a relative `effect` is found with the planned power.

    Parameters
    ----------
    metric, past : (n,) of units like those to come, and the same of the span before.

    Raises
    ------
    ValueError
        if fewer than ten units are known, none of them did anything, or the effect is 0.
    """
    params = params or ExperimentParams()
    if len(metric) < 10 or metric.mean() == 0:
        raise ValueError(f"the past holds {len(metric)} units that did this; name planned_units yourself")
    if effect == 0:
        raise ValueError("an effect of 0 is never found; name the smallest change worth finding")
    adjusted, kept = use_covariate(metric, past)
    deviation = float(adjusted.std(ddof=1))
    change = abs(effect) * float(metric.mean())
    units = plan_units(max(deviation, 1e-9), change, params.alpha / (n_arms - 1), params.power)
    return Power(max(units, 2), float(metric.mean()), deviation, kept, len(metric))


#: What interference does to the answer, by design.
INTERFERENCE: dict[str, str] = {
    "viewer": "Viewers of both arms share creators and trends: what one arm takes from a creator or a "
    "trending list, the other gets too. Effects on viewers are read well; effects on creators and on what "
    "becomes popular are mixed and read too small.",
    "creator": "Treated and untreated creators compete for the same places: what one side wins, the other "
    "loses, so the difference is up to twice the effect of treating everybody. It says who gains, not what "
    "the platform gains.",
    "switchback": "Everybody changes arms together, so the arms do not compete; but what a slice does to "
    "viewers lasts into the next. The beginning of each slice is left out; effects that take days are not "
    "seen.",
}
#: What learning does to the answer.
LEARNING: dict[str, str] = {
    "shared": "The live model and the hourly counts learn from every arm's events: each arm also profits "
    "from what the other finds out, and the difference shrinks as the run goes on. It is the effect of the "
    "setting under a common model.",
    "isolated": "Each arm's model learns from its own viewers alone: the difference holds what the arm's "
    "model makes of its own data, and each learns from fewer events than the live model would. Hourly counts "
    "and trends stay common.",
    "pinned": "Every arm is served by a model version that does not change during the run: nothing learnt in "
    "one arm reaches the other through the model. Hourly counts and trends stay common.",
}
