"""Intervals and boundaries that stay honest however often one looks.

Two kinds: boundaries for planned looks, which spend exactly the error they are given, and intervals that hold
at every moment at once, planned or not, and are wider for it.
"""

from __future__ import annotations

import numpy as np
import scipy.optimize
import scipy.stats

from recommender.contracts import FloatArray

#: Points of the grid on which the path's density is carried from look to look.
_GRID = 801
_FAR = 8.0


def plan_boundaries(fractions: FloatArray, alpha: float, power: float = 1.0) -> FloatArray:
    """(n_looks,) bounds of |z| at planned looks whose false positives add up to alpha.

    Formula: the error spent up to information fraction t is alpha t ** power (Kim and DeMets, Biometrika
    1987); the bounds follow by carrying the density of the path that has not crossed yet.

    Parameters
    ----------
    fractions : ascending in (0, 1], the last one 1: share of the planned sample at each look.

    Raises
    ------
    ValueError
        if the fractions do not ascend to 1.

    >>> bool(abs(plan_boundaries(np.array([1.0]), 0.05)[0] - 1.96) < 0.001)
    True
    """
    steps = np.diff(np.concatenate([[0.0], fractions]))
    if not len(fractions) or (steps <= 0).any() or abs(float(fractions[-1]) - 1) > 1e-9:
        raise ValueError(f"looks at {fractions.tolist()} of the sample do not ascend to 1; plan them so")
    spent = alpha * np.diff(np.concatenate([[0.0], fractions**power]))
    bounds = np.empty(len(fractions))
    path = _Path()
    for look, (step, share) in enumerate(zip(steps, spent, strict=True)):
        path.advance(float(step))
        bounds[look] = path.find_bound(float(share)) / np.sqrt(fractions[look])
        path.stop_outside(bounds[look] * np.sqrt(fractions[look]))
    return bounds


def crossing_probability(fractions: FloatArray, bounds: FloatArray, drift: float) -> float:
    """How likely |z| crosses one of the bounds when z at the end has mean `drift`: the design's power."""
    path, crossed, before = _Path(), 0.0, 0.0
    for fraction, bound in zip(fractions, bounds, strict=True):
        step = float(fraction) - before
        path.advance(step, drift * step)
        edge = float(bound) * np.sqrt(float(fraction))
        crossed += path.mass_outside(edge)
        path.stop_outside(edge)
        before = float(fraction)
    return crossed


class _Path:
    """Density of a Brownian path on [0, 1] that has crossed no bound so far."""

    def __init__(self) -> None:
        self.at = np.zeros(1)
        self.mass = np.ones(1)

    def advance(self, step: float, drift: float = 0.0) -> None:
        deviation = np.sqrt(step)
        low, high = self.at.min() + drift - _FAR * deviation, self.at.max() + drift + _FAR * deviation
        at = np.linspace(low, high, _GRID)
        kernel = scipy.stats.norm.pdf((at[:, None] - self.at[None, :] - drift) / deviation) / deviation
        self.mass = kernel @ self.mass * (at[1] - at[0])
        self.at = at

    def mass_outside(self, edge: float) -> float:
        """Probability beyond +-edge, the cells the edge cuts counted in part."""
        width = self.at[1] - self.at[0]
        inside = np.clip((edge - np.abs(self.at)) / width + 0.5, 0.0, 1.0)
        return float((self.mass * (1.0 - inside)).sum())

    def find_bound(self, share: float) -> float:
        """The edge beyond which lies `share`."""
        top = float(np.abs(self.at).max())
        return float(
            scipy.optimize.brentq(lambda edge: self.mass_outside(edge) - share, 1e-6, top, xtol=1e-6)
        )

    def stop_outside(self, edge: float) -> None:
        """Drop the paths that crossed."""
        width = self.at[1] - self.at[0]
        inside = np.clip((edge - np.abs(self.at)) / width + 0.5, 0.0, 1.0)
        kept = inside > 0
        self.mass, self.at = (self.mass * inside)[kept], self.at[kept]


def always_valid_radius(variance: FloatArray, n_seen: FloatArray, alpha: float, n_tuned: float) -> FloatArray:
    """Half width of an interval that covers the truth at all moments at once with probability 1 - alpha.

    Formula: sqrt(v (n r + 1) / (n r) log((n r + 1) / alpha ** 2)) with r chosen so that the interval is
    narrowest at `n_tuned` (asymptotic confidence sequence, Waudby-Smith et al., Annals of Statistics 2024).

    Parameters
    ----------
    variance : of the estimate at each moment, (n,).
    n_seen : units seen at each moment, (n,).
    """
    tuned = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / n_tuned
    grown = n_seen * tuned
    radius: FloatArray = np.sqrt(variance * (grown + 1) / grown * np.log((grown + 1) / alpha**2))
    return radius


def always_valid_p(
    difference: float, variance: float, n_seen: float, n_tuned: float, alpha: float = 0.05
) -> float:
    """The smallest alpha at which an always-valid interval leaves 0 out: a p-value to be looked at daily.

    The interval is that of `always_valid_radius`, tuned once for `alpha`.

    >>> always_valid_p(0.0, 1.0, 100.0, 100.0)
    1.0
    """
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    tuned = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / n_tuned
    grown = n_seen * tuned
    log_p = 0.5 * (np.log(grown + 1) - difference**2 * grown / (variance * (grown + 1)))
    return float(np.exp(min(log_p, 0.0)))
