"""Hold simulated worlds against real counts of creators they were not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recommender.contracts import FloatArray
from recommender.forecasts import Posts
from recommender.simulation.fit_worlds import fit_worlds
from recommender.simulation.worlds import WorldFit, make_world
from recommender.training.reach_statistics import RANKS, STATISTICS, World, rank_size

#: Worlds whose mean is the simulated figure, and draws of whole creators behind a real one's interval.
_WORLDS, _DRAWS = 24, 200


def validate_worlds(known: Posts, held_out: Posts) -> tuple[dict[str, Any], WorldFit]:
    """Figures of worlds fitted to `known` beside the real ones of `held_out`, with their 95 % intervals."""
    fit = fit_worlds(known)
    n_creators = len(np.unique(held_out.creator))
    worlds = [make_world(fit, n_creators, seed) for seed in range(_WORLDS)]
    real = {name: getattr(held_out, name) for name in ("plays", "likes", "comments", "shares")}
    again = _draw_creators(held_out, real)
    figures: dict[str, Any] = {}
    for name, measure in STATISTICS.items():
        low, high = np.quantile([measure(world) for world in again], (0.025, 0.975))
        simulated = float(np.mean([measure(world) for world in worlds]))
        figures[name] = {
            "real": measure(real),
            "simulated": simulated,
            "interval": [float(low), float(high)],
            "is_inside": bool(low <= simulated <= high),
        }
    figures["rank_size"] = _compare_curves(real, again, worlds)
    return figures, fit


def _draw_creators(posts: Posts, columns: World) -> list[World]:
    """Real worlds as they might have been: whole creators drawn with return."""
    starts = np.flatnonzero(np.diff(posts.creator, prepend=posts.creator[:1] - 1))
    stops = np.append(starts[1:], len(posts))
    rng = np.random.default_rng(7)
    drawn: list[World] = []
    for _ in range(_DRAWS):
        chosen = rng.integers(0, len(starts), len(starts))
        rows = np.concatenate([np.arange(starts[creator], stops[creator]) for creator in chosen])
        drawn.append({name: column[rows] for name, column in columns.items()})
    return drawn


def _compare_curves(real: World, again: Sequence[World], worlds: Sequence[World]) -> dict[str, Any]:
    """The rank-size curve in the band that 95 % of the redrawn real ones fill as whole curves."""
    curves = np.stack([rank_size(world["plays"]) for world in again])
    low, high = _find_band(curves)
    simulated = np.mean([rank_size(world["plays"]) for world in worlds], axis=0)
    inside = (simulated >= low) & (simulated <= high)
    return {
        "ranks": RANKS.round(5).tolist(),
        "real": rank_size(real["plays"]).round(4).tolist(),
        "simulated": simulated.round(4).tolist(),
        "interval": [low.round(4).tolist(), high.round(4).tolist()],
        "share_inside": float(inside.mean()),
        "is_inside": bool(inside.all()),
        "largest_gap_ln": float(np.abs(simulated - rank_size(real["plays"])).max()),
    }


def _find_band(curves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper edge, pointwise alike likely, that hold 95 % of the curves from end to end."""
    middle, spread = curves.mean(axis=0), np.maximum(curves.std(axis=0), 1e-9)
    wildest = np.abs((curves - middle) / spread).max(axis=1)
    width = np.quantile(wildest, 0.95)
    return middle - width * spread, middle + width * spread
