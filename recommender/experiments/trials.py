"""Experiments about experiments: simulated runs of known truth hold the statistics to what they promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.experiments.off_policy import (
    NoSupportError,
    estimate_doubly_robust,
    estimate_ips,
    estimate_slate,
    estimate_snips,
)
from recommender.experiments.readout import SPLIT_ALARM, check_split, plan_units
from recommender.experiments.sequential import always_valid_radius, crossing_probability, plan_boundaries

_CHUNK_RUNS = 100
_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class TrialSize:
    """How many runs, and how large each is."""

    runs: int = 2000
    days: int = 14
    units_a_day: int = 200  # of each arm
    worlds: int = 200  # of off-policy evaluation
    rows: int = 4000  # logged in each world


def run_same_arms(size: TrialSize, seed: int) -> dict[str, Any]:
    """Share of A/A runs that call a difference when looked at every day, per method.

    `peeked_fixed` is what happens to whoever looks daily at an ordinary 95 % interval.
    """
    z, variance, n_seen = _simulate(size, 0.0, seed)
    bounds = plan_boundaries(np.arange(1, size.days + 1) / size.days, _ALPHA)
    radius = always_valid_radius(variance, n_seen, _ALPHA, float(n_seen.max()))
    crossings = {
        "planned_boundaries": np.any(np.abs(z) > bounds, axis=1),
        "always_valid": (np.abs(z) * np.sqrt(variance) > radius).any(axis=1),
        "peeked_fixed": (np.abs(z) > scipy.stats.norm.isf(_ALPHA / 2)).any(axis=1),
    }
    return {name: _describe_share(crossed) for name, crossed in crossings.items()} | {
        "runs": size.runs,
        "looks": size.days,
        "bounds": bounds.round(4).tolist(),
    }


def run_planted_effect(size: TrialSize, seed: int) -> dict[str, Any]:
    """Share of runs in which a planted effect is found, beside what the design calculated."""
    fractions = np.arange(1, size.days + 1) / size.days
    bounds = plan_boundaries(fractions, _ALPHA)
    found: dict[str, Any] = {}
    n_total = size.days * size.units_a_day
    for name, drift in (("small_effect", 2.0), ("planned_effect", 3.0), ("large_effect", 4.0)):
        deviation = np.sqrt(_NOISE_VARIANCE)
        effect = drift * deviation * np.sqrt(2 / n_total)
        z, variance, n_seen = _simulate(size, float(effect), seed + 1)
        radius = always_valid_radius(variance, n_seen, _ALPHA, float(n_seen.max()))
        beyond = np.any(np.abs(z) * np.sqrt(variance) > radius, axis=1)
        found[name] = {
            "effect": effect,
            "calculated": crossing_probability(fractions, bounds, drift),
            "planned_boundaries": _describe_share(np.asarray(np.any(np.abs(z) > bounds, axis=1))),
            "always_valid": _describe_share(np.asarray(beyond)),
            "units_an_arm_for_80_percent_in_one_look": plan_units(float(deviation), float(effect)),
        }
    return found


#: Variance of a unit's long watches: a gamma-mixed Poisson count with mean 2 and shape 1.
_NOISE_VARIANCE = 6.0


def _simulate(size: TrialSize, effect: float, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """z and variance of the difference at each day's end, (runs, days), and the units seen, (days,)."""
    rng = np.random.default_rng(seed)
    shape = (_CHUNK_RUNS, 2, size.days, size.units_a_day)
    sums, squares = [], []
    for start in range(0, size.runs, _CHUNK_RUNS):
        n_runs = min(_CHUNK_RUNS, size.runs - start)
        rate = 2.0 * rng.standard_exponential((n_runs, *shape[1:]), dtype=np.float32)
        counts: FloatArray = rng.poisson(rate).astype(np.float32)
        counts[:, 1] += effect
        sums.append(counts.sum(axis=3).cumsum(axis=2))
        squares.append((counts**2).sum(axis=3).cumsum(axis=2))
    total, square = np.concatenate(sums).astype(float), np.concatenate(squares).astype(float)
    n_arm = np.arange(1, size.days + 1) * size.units_a_day
    mean = total / n_arm
    spread = (square - n_arm * mean**2) / (n_arm - 1) / n_arm
    variance = spread.sum(axis=1)
    return (mean[:, 1] - mean[:, 0]) / np.sqrt(variance), variance, 2.0 * n_arm


def run_planted_faults(seed: int, runs: int = 500) -> dict[str, Any]:
    """How often a broken split is caught, by the units it loses, and how often a sound one is accused."""
    rng = np.random.default_rng(seed)
    shares = np.array([0.5, 0.5])
    caught: dict[str, Any] = {}
    for lost in (0.0, 0.01, 0.02, 0.05):
        n_units = 100_000
        kept = np.array([n_units / 2, n_units / 2 * (1 - lost)])
        alarms = [check_split(rng.poisson(kept), shares) < SPLIT_ALARM for _ in range(runs)]
        caught[f"lost_{lost:.0%}"] = _describe_share(np.array(alarms))
    return caught | {"units": 100_000, "alarm_below": SPLIT_ALARM}


def run_known_worlds(size: TrialSize, seed: int) -> dict[str, Any]:
    """Bias, error and coverage of each estimator over worlds whose truth is known, beside the plain mean."""
    rng = np.random.default_rng(seed)
    records: dict[str, list[tuple[float, float, bool]]] = {}
    for _ in range(size.worlds):
        truth, estimates = _run_world(rng, size.rows)
        for name, (value, low, high) in estimates.items():
            records.setdefault(name, []).append((value - truth, value, low <= truth <= high))
    return {name: _describe_errors(lines) for name, lines in records.items()} | {"worlds": size.worlds}


def _run_world(rng: np.random.Generator, n_rows: int) -> tuple[float, dict[str, tuple[float, float, float]]]:
    """One contextual world of 8 choices: what the target policy earns, and what each estimator says."""
    n_kinds, n_choices = 5, 8
    rate = rng.beta(2, 6, (n_kinds, n_choices))
    target = _softmax(3.0 * rate + 0.3 * rng.standard_normal(rate.shape), 0.2)
    logging = _softmax(-1.0 * rate + 0.3 * rng.standard_normal(rate.shape), 0.6)
    kind = rng.integers(0, n_kinds, 2 * n_rows)
    choice = _draw(rng, logging[kind])
    reward = (rng.random(len(kind)) < rate[kind, choice]).astype(float)
    truth = float((target * rate).sum(axis=1)[kind[n_rows:]].mean())
    past, now = slice(0, n_rows), slice(n_rows, None)
    guess = _learn_rates(choice[past], reward[past], rate.shape)
    chosen = kind[now], choice[now]
    parts = reward[now], target[chosen], logging[chosen]
    robust = estimate_doubly_robust(*parts, guess[chosen], (target * guess).sum(axis=1)[kind[now]])
    estimates = {"ips": estimate_ips(*parts), "snips": estimate_snips(*parts), "doubly_robust": robust}
    found = {name: (one.value, *one.interval) for name, one in estimates.items()}
    mean, radius = reward[now].mean(), 1.96 * reward[now].std() / np.sqrt(n_rows)
    found["plain_mean_of_the_log"] = (float(mean), float(mean - radius), float(mean + radius))
    modelled = (target * guess).sum(axis=1)[kind[now]]
    radius = 1.96 * modelled.std() / np.sqrt(n_rows)
    found["model_alone"] = (
        float(modelled.mean()),
        float(modelled.mean() - radius),
        float(modelled.mean() + radius),
    )
    return truth, found


def run_slate_worlds(size: TrialSize, seed: int) -> dict[str, Any]:
    """The slate estimators in a cascade world: who stops early never sees what stands below."""
    rng = np.random.default_rng(seed)
    records: dict[str, list[tuple[float, float, bool]]] = {}
    n_positions, n_choices = 3, 4
    for _ in range(size.worlds):
        rate = rng.beta(2, 5, n_choices)
        target, logging = _softmax(2.0 * rate, 0.5), _softmax(-rate, 1.0)
        choice = np.stack([_draw(rng, np.tile(logging, (size.rows, 1))) for _ in range(n_positions)], axis=1)
        reward = _watch_cascade(rng, rate[choice])
        ideal = np.stack([_draw(rng, np.tile(target, (50_000, 1))) for _ in range(n_positions)], axis=1)
        truth = float(_watch_cascade(rng, rate[ideal]).sum(axis=1).mean())
        parts = reward, target[choice], logging[choice]
        for name, is_cascade in (("cascade", True), ("independent_positions", False)):
            one = estimate_slate(*parts, is_cascade=is_cascade)
            low, high = one.interval
            records.setdefault(name, []).append((one.value - truth, one.value, low <= truth <= high))
    return {name: _describe_errors(lines) for name, lines in records.items()} | {"worlds": size.worlds}


def refuse_without_support(seed: int) -> dict[str, Any]:
    """A policy the log never follows: every estimator must refuse."""
    rng = np.random.default_rng(seed)
    reward, logged = rng.random(5000), np.full(5000, 0.5)
    refused = {}
    for name, support, target in (("half_the_choices", 0.5, logged), ("a_few_rows", 1.0, np.eye(1, 5000)[0])):
        try:
            estimate_ips(reward, target, logged, support)
        except NoSupportError as refusal:
            refused[name] = str(refusal)
    return refused


def _watch_cascade(rng: np.random.Generator, rate: FloatArray) -> FloatArray:
    """(n, positions) rewards; after a position without one, three in ten go on."""
    reward = (rng.random(rate.shape) < rate).astype(float)
    goes_on = (reward > 0) | (rng.random(rate.shape) < 0.3)
    reaches = np.cumprod(np.concatenate([np.ones((len(rate), 1)), goes_on[:, :-1]], axis=1), axis=1)
    seen: FloatArray = reward * reaches
    return seen


def _softmax(score: FloatArray, temperature: float) -> FloatArray:
    odds = np.exp((score - score.max(axis=-1, keepdims=True)) / temperature)
    share: FloatArray = odds / odds.sum(axis=-1, keepdims=True)
    return share


def _draw(rng: np.random.Generator, share: FloatArray) -> IntArray:
    place: IntArray = (rng.random((len(share), 1)) > np.cumsum(share, axis=1)[:, :-1]).sum(axis=1)
    return place


def _learn_rates(choice: IntArray, reward: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Rates by choice alone, smoothed: a model that is wrong on purpose."""
    shown = np.bincount(choice, minlength=shape[1])
    taken = np.bincount(choice, weights=reward, minlength=shape[1])
    learned: FloatArray = np.tile((taken + 1) / (shown + 4), (shape[0], 1))
    return learned


def _describe_share(happened: BoolArray) -> dict[str, float]:
    share = float(np.mean(happened))
    radius = 1.96 * float(np.sqrt(max(share * (1 - share), 1e-12) / len(happened)))
    return {"share": share, "low": max(share - radius, 0.0), "high": min(share + radius, 1.0)}


def _describe_errors(lines: list[tuple[float, float, bool]]) -> dict[str, float]:
    error = np.array([line[0] for line in lines])
    covered = [line[2] for line in lines]
    return {
        "bias": float(error.mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "covered_by_95_percent": float(np.mean(covered)),
    }
