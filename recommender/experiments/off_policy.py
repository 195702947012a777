"""What another policy would have earned, from what this one logged: or the refusal to say.

Every estimate stands on the probability with which the logged choice was made. Where the other policy chooses
what the log never could, there is no answer, and none is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.stats

from recommender.contracts import FloatArray, IntArray

#: Share of the target policy's choices that the log must have been able to make, 0-1.
MIN_SUPPORT = 0.95
#: Rows as good as which the weighted log must be, 10-10,000.
MIN_EFFECTIVE_ROWS = 100.0


class NoSupportError(ValueError):
    """The log cannot answer for this policy."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A policy's mean reward a row."""

    value: float
    interval: tuple[float, float]  # 95 %
    effective_rows: float  # (sum w)^2 / sum w^2 (Kish, 1965)
    largest_weight_share: float  # of one row in the sum of all weights, 0-1


def estimate_ips(
    reward: FloatArray,
    target: FloatArray,
    logged: FloatArray,
    support: float = 1.0,
    cluster: IntArray | None = None,
) -> Estimate:
    """Inverse propensity: mean of w r (Horvitz and Thompson, 1952).

    Parameters
    ----------
    reward : (n,) of each logged choice.
    target, logged : (n,) probability of that choice under the policy asked about, and under the log's own.
    support : share of the target's choices that the log could have made (`measure_support`).
    cluster : (n,) rows of one cluster (a page) may lean on each other; None = every row stands alone.

    Raises
    ------
    NoSupportError
        if the support is below MIN_SUPPORT, or the weights leave fewer than MIN_EFFECTIVE_ROWS.
    """
    weight = _weigh(target, logged, support)
    return _summarise(weight * reward, weight, cluster)


def estimate_snips(
    reward: FloatArray,
    target: FloatArray,
    logged: FloatArray,
    support: float = 1.0,
    cluster: IntArray | None = None,
) -> Estimate:
    """Self-normalised: sum of w r over sum of w (Swaminathan and Joachims, NeurIPS 2015), delta method."""
    weight = _weigh(target, logged, support)
    value = float((weight * reward).sum() / weight.sum())
    influence = value + weight * (reward - value) / weight.mean()
    return _summarise(influence, weight, cluster)


def estimate_doubly_robust(
    reward: FloatArray,
    target: FloatArray,
    logged: FloatArray,
    predicted_chosen: FloatArray,
    predicted_target: FloatArray,
    support: float = 1.0,
    cluster: IntArray | None = None,
) -> Estimate:
    """Mean of q(target) + w (r - q(chosen)) (Dudík et al., ICML 2011).

    `predicted_chosen` is (n,) the predicted reward of the logged choice, `predicted_target` (n,) its mean
    under the target policy; both from a model that has not seen these rows. Right predictions or right
    propensities suffice.
    """
    weight = _weigh(target, logged, support)
    return _summarise(predicted_target + weight * (reward - predicted_chosen), weight, cluster)


def estimate_slate(
    reward: FloatArray, target: FloatArray, logged: FloatArray, *, is_cascade: bool, support: float = 1.0
) -> Estimate:
    """Mean summed reward of a slate whose positions are rewarded one by one.

    All are (n_slates, n_positions). Independent positions weigh each reward by its own position's ratio (Li
    et al., KDD 2018); a cascade, where what stood above decides who arrives, by the product down to it
    (McInerney et al., KDD 2020).
    """
    ratio = target / logged
    weight = np.cumprod(ratio, axis=1) if is_cascade else ratio
    per_slate = weight.mean(axis=1)
    _refuse(per_slate, support)
    return _summarise((weight * reward).sum(axis=1), per_slate)


def measure_support(target: FloatArray, logged: FloatArray) -> float:
    """Share of the target policy's choices that the log makes at all: both are (n, n_choices) probabilities.

    >>> measure_support(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    0.5
    """
    return float(np.where(logged > 0, target, 0.0).sum() / target.sum())


def _weigh(target: FloatArray, logged: FloatArray, support: float) -> FloatArray:
    if (logged <= 0).any():
        raise NoSupportError(
            "a logged choice has propensity 0; such a row was not chosen by the logged policy"
        )
    weight: FloatArray = target / logged
    _refuse(weight, support)
    return weight


def _refuse(weight: FloatArray, support: float) -> None:
    if support < MIN_SUPPORT:
        raise NoSupportError(
            f"the log could have made {support:.1%} of the policy's choices, {MIN_SUPPORT:.0%} are needed; "
            "log with more exploration, or ask about a policy nearer to the logged one"
        )
    effective = _count_effective(weight)
    if effective < MIN_EFFECTIVE_ROWS:
        raise NoSupportError(
            f"{len(weight)} rows are worth {effective:.0f} under this policy, {MIN_EFFECTIVE_ROWS:.0f} are "
            "needed; collect more, or ask about a policy nearer to the logged one"
        )


def _count_effective(weight: FloatArray) -> float:
    square = float((weight**2).sum())
    return float(weight.sum()) ** 2 / square if square > 0 else 0.0


def _summarise(values: FloatArray, weight: FloatArray, cluster: IntArray | None = None) -> Estimate:
    mean = float(values.mean())
    radius = float(scipy.stats.norm.isf(0.025)) * measure_error(values, cluster)
    share = float(weight.max() / max(weight.sum(), 1e-12))
    return Estimate(mean, (mean - radius, mean + radius), _count_effective(weight), share)


def measure_error(values: FloatArray, cluster: IntArray | None = None) -> float:
    """Standard error of the mean of (n,) values; a cluster counts as one draw (Liang and Zeger, 1986)."""
    if cluster is None:
        return float(values.std(ddof=1) / np.sqrt(len(values)))
    _, place = np.unique(cluster, return_inverse=True)
    away = np.bincount(place, weights=values - values.mean())
    n_clusters = len(away)
    return float(np.sqrt((away**2).sum() * n_clusters / max(n_clusters - 1, 1)) / len(values))
