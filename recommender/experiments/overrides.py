"""What an arm changes: values by dotted path, checked for type and range before anything is served.

Paths: `rerank.diversity` (any value of `params.Params`), `value.like` (worth of a value term),
`mix.trending` (how much a recall signal weighs, as a multiple of what was learnt).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from recommender.contracts import VALUE_TERMS, FloatArray, ValueWeights
from recommender.experiments.params import BUILT, FITTED_FACTOR, FIXED, MIX_RANGE, SERVED, VALUE_RANGE, Range
from recommender.params import Params
from recommender.recall.gather import SIGNALS

Overrides = Mapping[str, Any]
#: When a value takes effect: at each request, when an engine is put together, when a model is fitted.
Moment = Literal["request", "engine", "fit"]


class OverrideError(ValueError):
    """An arm names a value that does not exist, or one it may not have; the message names a way out."""


def list_paths() -> dict[str, Moment]:
    """Every path an arm may name, and when it takes effect."""
    paths: dict[str, Moment] = {f"value.{name}": "request" for name in VALUE_TERMS}
    paths |= {f"mix.{name}": "request" for name in SIGNALS}
    for stage in dataclasses.fields(Params):
        for item in dataclasses.fields(stage.default_factory()):  # type: ignore[operator]
            path = f"{stage.name}.{item.name}"
            if path not in FIXED:
                paths[path] = "request" if path in SERVED else "engine" if path in BUILT else "fit"
    return paths


def check_overrides(overrides: Overrides, allowed: frozenset[Moment]) -> dict[str, Any]:
    """The overrides with each value in the type of the parameter.

    Raises
    ------
    OverrideError
        for a path that does not exist, a value of another type or outside its range, or a value that takes
        effect at a moment that is not `allowed`.

    >>> check_overrides({"rerank.diversity": 1}, frozenset({"request"}))
    {'rerank.diversity': 1.0}
    """
    paths, params = list_paths(), Params()
    checked = {}
    for path, value in overrides.items():
        if path not in paths:
            raise OverrideError(f"{path!r} is no value of the engine; {_suggest(path, paths)}")
        if paths[path] not in allowed:
            raise OverrideError(_EXPLAIN_MOMENT[paths[path]].format(path=path))
        checked[path] = _check_value(path, value, _read(params, path))
    return checked


_EXPLAIN_MOMENT: dict[Moment, str] = {
    "request": "{path!r} takes effect for a whole request; a creator-side arm changes 'value.*' alone",
    "engine": "{path!r} shapes the whole engine; a creator-side arm changes 'value.*' alone",
    "fit": "{path!r} takes effect when a model is fitted; let the arms learn each alone, or name a model "
    "version that was fitted with it",
}


def needs_engine(overrides: Overrides) -> bool:
    """True if one of the values asks for an engine of its own."""
    return any(path in BUILT for path in overrides)


def moves_candidates(overrides: Overrides) -> str | None:
    """The first value that changes which candidates are found, which no log of choices can tell of."""
    watched = ("mix.", "recall.", "features.")
    return next(
        (path for path in overrides if path.startswith(watched) or path in _CANDIDATE_RULES or path in BUILT),
        None,
    )


_CANDIDATE_RULES = frozenset({"rerank.shortlist", "rerank.creator_daily_cap", "rerank.topic_daily_cap"})


def apply_to_params(params: Params, overrides: Overrides) -> Params:
    """New params with the values replaced; paths of value terms and the mix are left aside.

    >>> apply_to_params(Params(), {"rerank.diversity": 0.5}).rerank.diversity
    0.5
    """
    stages: dict[str, dict[str, Any]] = {}
    for path, value in overrides.items():
        stage, name = path.split(".", 1)
        if stage not in ("value", "mix"):
            stages.setdefault(stage, {})[name] = value
    changed = {
        stage: dataclasses.replace(getattr(params, stage), **values) for stage, values in stages.items()
    }
    return dataclasses.replace(params, **changed) if changed else params


def apply_to_weights(weights: ValueWeights, overrides: Overrides, label: str) -> ValueWeights:
    """New value weights in which the named terms hold in every market; the same object if none is named."""
    terms = {path[6:]: float(value) for path, value in overrides.items() if path.startswith("value.")}
    if not terms:
        return weights
    by_market = {market: {**own, **terms} for market, own in weights.by_market.items()}
    return ValueWeights(f"{weights.version}+{label}", {**weights.default, **terms}, by_market)


def apply_to_fusion(fusion: FloatArray, overrides: Overrides) -> FloatArray:
    """(n_signals,) float32 weights of the fusion, the named signals multiplied."""
    factor = np.ones(len(SIGNALS), dtype=np.float32)
    for path, value in overrides.items():
        if path.startswith("mix."):
            factor[SIGNALS.index(path[4:])] = value
    changed: FloatArray = fusion * factor
    return changed


def _read(params: Params, path: str) -> Any:
    stage, name = path.split(".", 1)
    return 1.0 if stage in ("value", "mix") else getattr(getattr(params, stage), name)


def _find_range(path: str, shipped: float) -> Range:
    if path.startswith("value."):
        return VALUE_RANGE
    if path.startswith("mix."):
        return MIX_RANGE
    if path in SERVED or path in BUILT:
        return SERVED.get(path) or BUILT[path]
    low, high = FITTED_FACTOR
    return (low * shipped, high * shipped) if shipped else (0.0, 1.0)


def _check_value(path: str, value: Any, shipped: Any) -> Any:
    """The value in the shipped one's type; its range holds for each number of a row of numbers."""
    if not isinstance(shipped, tuple):
        return _check_number(path, value, shipped)
    if not isinstance(value, list | tuple) or not value:
        raise OverrideError(f"{path!r} is {value!r}; give a list of numbers like {list(shipped)}")
    checked = tuple(_check_number(path, one, shipped[0]) for one in value)
    if path == "features.duration_edges" and list(checked) != sorted(set(checked)):
        raise OverrideError(f"{path!r} is {list(checked)}; give edges that ascend")
    if path == "recall.signal_weights" and len(checked) != len(SIGNALS):
        raise OverrideError(f"{path!r} has {len(checked)} weights; give one for each of {', '.join(SIGNALS)}")
    return checked


def _check_number(path: str, value: Any, shipped: int | float) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise OverrideError(f"{path!r} is {value!r}; give a number")
    is_whole = isinstance(shipped, int) and path != "features.duration_edges"
    if is_whole and value != int(value):
        raise OverrideError(f"{path!r} is {value!r}; give a whole number")
    low, high = _find_range(path, float(shipped))
    if not low <= value <= high:
        raise OverrideError(f"{path!r} is {value!r}; choose {low:g} to {high:g} (shipped: {shipped:g})")
    return int(value) if is_whole else float(value)


def _suggest(path: str, paths: Mapping[str, Moment]) -> str:
    if path in FIXED:
        return "stored files stand on it, so no arm may move it"
    stage = path.split(".", 1)[0]
    near = [name for name in paths if name.startswith(f"{stage}.")]
    stages = sorted({name.split(".", 1)[0] for name in paths})
    return f"choose one of {', '.join(near)}" if near else f"its first part is one of {', '.join(stages)}"
