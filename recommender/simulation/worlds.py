"""Worlds of creators and videos as the fitted platform makes them.

views = size of the account x what the account gets beyond its size x the ladder; the rates of likes, comments
and shares vary between creators and between videos, together with the views. The numbers come from
`simulation.fit_worlds`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr

from recommender.contracts import FloatArray, IntArray
from recommender.simulation.draws import branch, draw_normal, draw_uniform, make_key
from recommender.simulation.ladder import LadderParams, climb

#: Levels of the quantiles that stand for a distribution.
QUANTILE_LEVELS = np.concatenate([[0.002, 0.01], np.linspace(0.025, 0.975, 39), [0.99, 0.998]])
RATES = ("likes", "comments", "shares")
#: Numbers fitted to public counts; see "fitted_to" in the file.
FITTED_FILE = Path(__file__).with_name("worlds.json")


@dataclass(frozen=True, slots=True)
class WorldFit:
    """Everything a world is made of; distributions as quantiles at `QUANTILE_LEVELS`."""

    ladder: LadderParams
    ceiling: float  # ln views a video nears but does not pass: the audience there is
    thin_share: float  # creators with fewer than 20 videos, 0-1
    count_follows_level: float  # correlation of number of videos and level among full creators
    creator_level: FloatArray  # (2, n) ln views of creators' middles: thin, then full creators
    videos_per_creator: FloatArray  # (2, n)
    evenness: FloatArray  # (n,) spread of a creator's videos over the usual spread
    rate_means: FloatArray  # (3,) ln odds of like, comment, share
    between: (
        FloatArray  # (5, 5) over creators: covariance of scores of level and evenness, and of three rates
    )
    within: FloatArray  # (4, 4) covariance over videos of (ln views off the middle, three rates)
    fitted_to: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Names and numbers."""
        arrays = {name: getattr(self, name).round(5).tolist() for name in _ARRAYS}
        numbers = {name: round(getattr(self, name), 5) for name in _NUMBERS}
        return {"fitted_to": dict(self.fitted_to), "ladder": asdict(self.ladder), **numbers, **arrays}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> WorldFit:
        """What `to_dict` wrote."""
        arrays: dict[str, Any] = {name: np.array(stored[name]) for name in _ARRAYS}
        return cls(
            ladder=LadderParams(**stored["ladder"]),
            **{name: stored[name] for name in _NUMBERS},
            fitted_to=stored["fitted_to"],
            **arrays,
        )


_NUMBERS = ("ceiling", "thin_share", "count_follows_level")
_ARRAYS = ("creator_level", "videos_per_creator", "evenness", "rate_means", "between", "within")


@lru_cache(maxsize=1)
def shipped_worlds() -> WorldFit:
    """The fit whose numbers are part of the product."""
    return WorldFit.from_dict(json.loads(FITTED_FILE.read_text()))


def make_world(fit: WorldFit, n_creators: int, seed: int) -> dict[str, FloatArray]:
    """A world: columns creator, plays, likes, comments, shares, one row a video."""
    creators = branch(make_key(seed, "creator"), np.arange(n_creators))
    shared = _draw_together(fit.between, creators)
    full = (draw_uniform(branch(creators, 1)) > fit.thin_share).astype(np.int64)
    level = _read_quantiles(fit.creator_level, full, ndtr(shared[:, 0]))
    follows = np.where(full == 1, fit.count_follows_level, 0.0)
    score = follows * shared[:, 0] + np.sqrt(1 - follows**2) * draw_normal(branch(creators, 2))
    wanted = _read_quantiles(fit.videos_per_creator, full, ndtr(score))
    counts = np.maximum(np.round(wanted), 1).astype(np.int64)
    evenness = np.interp(ndtr(shared[:, 1]), QUANTILE_LEVELS, fit.evenness)
    owner = np.repeat(np.arange(n_creators), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    videos = branch(creators[owner], 1_000_000 + number)
    reached = climb(fit.ladder, draw_normal(branch(videos, 3)), videos).log_reach
    off = (reached - np.median(reached)) * evenness[owner]
    views = level[owner] + off
    views = fit.ceiling - np.log1p(np.exp(fit.ceiling - views))  # below the audience nothing changes
    plays = np.maximum(np.round(np.exp(views)), 1.0)
    return {"creator": owner, "plays": plays, **_react(fit, shared[owner, 2:], off, plays, videos)}


def _read_quantiles(table: FloatArray, row: IntArray, rank: FloatArray) -> FloatArray:
    """(n,) the value at each rank of the distribution in each row."""
    first, second = (np.interp(rank, QUANTILE_LEVELS, line) for line in table)
    return np.asarray(np.where(row == 0, first, second))


def _react(
    fit: WorldFit, of_creator: FloatArray, off: FloatArray, plays: FloatArray, videos: IntArray
) -> dict[str, FloatArray]:
    """Likes, comments and shares of each video: rates that lean on the views, counts by chance."""
    lean = fit.within[0, 1:] / fit.within[0, 0]
    rest = fit.within[1:, 1:] - np.outer(lean, lean) * fit.within[0, 0]
    own = _draw_together(rest, branch(videos, 5))
    odds = fit.rate_means + of_creator + lean * off[:, None] + own
    rates = 1 / (1 + np.exp(-odds))
    chance = draw_normal(branch(branch(videos, 6)[:, None], np.arange(3)))
    expected = rates * plays[:, None]
    counts = np.maximum(np.round(expected + chance * np.sqrt(expected * (1 - rates))), 0.0)
    return dict(zip(RATES, counts.T, strict=True))


def _draw_together(covariance: FloatArray, keys: IntArray) -> FloatArray:
    """(n, d) normal with the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn: FloatArray = draw_normal(branch(keys[:, None], 10 + np.arange(len(covariance)))) @ root.T
    return drawn
