"""Why a figure changed: which videos, markets and sources the difference consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from merchants.figures.facets import Part, list_parts
from merchants.figures.spans import Span
from merchants.models import Account, Facet

Dimension = Literal["video", "market", "source"]
#: A part below this share of the whole change is not worth a sentence.
WORTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Mover:
    """One part of a change. `share` is its part of the whole difference; above 1 where others pulled back."""

    dimension: Dimension
    key: str
    difference: int
    share: Decimal

    @property
    def is_gain(self) -> bool:
        """Did it add?"""
        return self.difference > 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A measure now and before, and what moved it, strongest first."""

    now: int
    before: int
    movers: list[Mover]

    @property
    def difference(self) -> int:
        """Now less before."""
        return self.now - self.before


def explain(
    account: Account,
    span: Span,
    before: Span,
    markets: Sequence[str] = (),
    measure: str = "views",
    limit: int = 6,
) -> Explanation:
    """The movers of a measure over videos, markets and sources, at most `limit`."""
    asked: tuple[tuple[Dimension, str, Facet], ...] = (
        ("video", "key", Facet.VIDEO), ("market", "market", Facet.SOURCE), ("source", "key", Facet.SOURCE)
    )  # fmt: skip
    parts = {name: list_parts(account, field, facet, span, before, markets) for name, field, facet in asked}
    now = sum(part.sums[measure] for part in parts["source"])
    then = sum(part.before[measure] for part in parts["source"])
    movers = [mover for name, found in parts.items() for mover in find_movers(name, found, measure)]
    return Explanation(now, then, sorted(movers, key=lambda mover: -abs(mover.difference))[:limit])


def find_movers(dimension: Dimension, parts: Sequence[Part], measure: str) -> list[Mover]:
    """The parts whose difference is at least `WORTH` of the whole."""
    whole = sum(part.sums[measure] - part.before[measure] for part in parts)
    if not whole:
        return []
    movers = [
        Mover(dimension, part.key, difference, Decimal(difference) / abs(whole))
        for part in parts
        if (difference := part.sums[measure] - part.before[measure])
    ]
    return [mover for mover in movers if abs(mover.share) >= WORTH]
