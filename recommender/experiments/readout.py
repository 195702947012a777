"""What an experiment says: is the split sound, what is the difference, how sure are we.

Every unit counts once, whatever it did; units are what was assigned (a viewer, a creator, a slice of time).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.stats

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.experiments.sequential import always_valid_radius

#: A split whose counts are this unlikely is broken, and nothing else of the readout is to be believed
#: (Fabijan et al., KDD 2019).
SPLIT_ALARM = 0.001


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment minus control of one metric."""

    control_mean: float
    treatment_mean: float
    difference: float
    variance: float  # of the difference
    n_control: int
    n_treatment: int
    interval: tuple[float, float]  # holds at every look at once
    fixed_interval: tuple[float, float]  # holds for one look alone
    variance_kept: float  # share of the variance left after the covariate was used, 1 without one


def check_split(counts: IntArray, shares: FloatArray) -> float:
    """Chance of counts at least as uneven as these under the planned shares (chi-square).

    >>> bool(check_split(np.array([5000, 5000]), np.array([0.5, 0.5])) == 1.0)
    True
    """
    expected = np.asarray(shares) * np.sum(counts)
    return float(scipy.stats.chisquare(counts, expected).pvalue)


def use_covariate(metric: FloatArray, covariate: FloatArray) -> tuple[FloatArray, float]:
    """The metric less what the time before the experiment tells of it, and the share of variance left.

    Formula: y - theta (x - mean x), theta = cov(x, y) / var(x) over all units (CUPED, Deng et al., WSDM
    2013). A unit without a past (NaN) keeps its metric.
    """
    known = np.isfinite(covariate)
    if known.sum() < 3 or np.var(covariate[known]) == 0:
        return metric, 1.0
    theta = np.cov(covariate[known], metric[known])[0, 1] / np.var(covariate[known], ddof=1)
    adjusted = metric.astype(np.float64).copy()
    adjusted[known] -= theta * (covariate[known] - covariate[known].mean())
    before = float(np.var(metric))
    return adjusted, float(np.var(adjusted) / before) if before > 0 else 1.0


def compare_arms(
    control: FloatArray,
    treatment: FloatArray,
    alpha: float = 0.05,
    n_planned: int = 10_000,
    covariates: tuple[FloatArray, FloatArray] | None = None,
) -> Difference:
    """The difference of two arms' means, each unit's metric once.

    Parameters
    ----------
    covariates : what each unit of control and treatment did before the experiment, NaN where nothing.
    n_planned : units at which the always-valid interval is to be narrowest.

    Raises
    ------
    ValueError
        if an arm has fewer than two units.
    """
    if min(len(control), len(treatment)) < 2:
        raise ValueError(
            f"the arms have {len(control)} and {len(treatment)} units; a difference needs two in each"
        )
    kept = 1.0
    if covariates is not None:
        joined, kept = use_covariate(np.concatenate([control, treatment]), np.concatenate(covariates))
        control, treatment = joined[: len(control)], joined[len(control) :]
    variance = float(np.var(control, ddof=1) / len(control) + np.var(treatment, ddof=1) / len(treatment))
    difference = float(treatment.mean() - control.mean())
    n_seen = len(control) + len(treatment)
    radius = float(always_valid_radius(np.array(variance), np.array(float(n_seen)), alpha, float(n_planned)))
    fixed = float(scipy.stats.norm.isf(alpha / 2) * np.sqrt(variance))
    return Difference(
        float(control.mean()),
        float(treatment.mean()),
        difference,
        variance,
        len(control),
        len(treatment),
        (difference - radius, difference + radius),
        (difference - fixed, difference + fixed),
        kept,
    )


def correct_segments(p_values: FloatArray, rate: float = 0.05) -> BoolArray:
    """(n,) bool: segments that stand with false ones held at `rate` (Benjamini and Hochberg, 1995).

    >>> correct_segments(np.array([0.001, 0.2, 0.03, 0.5])).tolist()
    [True, False, False, False]
    """
    order = np.argsort(p_values)
    passed = p_values[order] <= rate * np.arange(1, len(p_values) + 1) / max(len(p_values), 1)
    stands = np.zeros(len(p_values), dtype=np.bool_)
    stands[order[: int(np.flatnonzero(passed).max()) + 1 if passed.any() else 0]] = True
    return stands


def plan_units(deviation: float, effect: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Units per arm at which a true `effect` is found with this power, two-sided, one look.

    >>> plan_units(1.0, 0.1)
    1570
    """
    z = scipy.stats.norm.isf(alpha / 2) + scipy.stats.norm.isf(1 - power)
    return int(np.ceil(2 * (z * deviation / effect) ** 2))
