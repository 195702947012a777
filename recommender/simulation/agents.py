"""People one by one: who meets which impression, and how many different people that makes.

The closed form of `estimate` says how many people a number of impressions reaches; here they are counted, so
that the form can be checked and a group's own reach be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.simulation.draws import branch, make_key

#: Impressions drawn at a time: their agents fit into the cache.
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Agents:
    """People in cells: those of a cell are alike to the engine."""

    size: IntArray  # (n_cells,) int64 people of each cell
    weight: FloatArray  # (n_cells,) >= 0, how many impressions a person of the cell takes, relative

    @property
    def starts(self) -> IntArray:
        """(n_cells,) number of the first person of each cell."""
        starts: IntArray = np.cumsum(self.size) - self.size
        return starts


def count_reached(agents: Agents, n_impressions: int, seed: int) -> IntArray:
    """(n_cells,) different people who met at least one of the impressions.

    The impressions fall on cells by size x weight, on the people of a cell alike. The same seed gives the
    same people.
    """
    share = agents.size * agents.weight
    rng = np.random.Generator(np.random.Philox(int(branch(make_key(seed, "agents"), 0))))
    counts = rng.multinomial(n_impressions, share / share.sum())
    was_met = np.zeros(int(agents.size.sum()), dtype=np.bool_)
    for start, size, count in zip(agents.starts.tolist(), agents.size.tolist(), counts.tolist(), strict=True):
        people = was_met[start : start + size]
        for done in range(0, count, _CHUNK):
            people[rng.integers(0, size, min(_CHUNK, count - done), dtype=np.uint32)] = True
    reached: IntArray = np.add.reduceat(was_met, agents.starts, dtype=np.int64)
    return reached


def expect_reached(agents: Agents, n_impressions: float) -> FloatArray:
    """(n_cells,) the same in closed form: size x (1 - exp(-impressions a person))."""
    share = agents.size * agents.weight
    a_person = n_impressions * agents.weight / share.sum()
    reached: FloatArray = agents.size * -np.expm1(-a_person)
    return reached
