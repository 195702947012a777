"""The norm of each niche and market: computed from what search shows first, kept as rows, read by pages."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from django.utils import timezone

from recommender.markets import MARKET_CODES
from recommender.models import NicheNorm
from recommender.niche.norms import Norm, compare_picture, summarise_norm
from recommender.queries.names import NameRow, read_embeddings, read_names_by_niche
from recommender.serving.niche import find_name_reader

#: Accounts a norm is read from: the first pages of a search.
_FIRST = 50


def recompute_norms() -> int:
    """Read the norm of every niche and market that has enough accounts; how many there are now."""
    began = timezone.now()
    niches = find_name_reader().taxonomy.niches
    first = [row for niche in niches for row in _pick_first(niche)]
    pictures = read_embeddings([row.creator_id for row in first])
    groups: dict[tuple[str, str], list[NameRow]] = defaultdict(list)
    for row in first:
        groups[row.niche, row.market].append(row)
    for (niche, market), rows in groups.items():
        norm = _summarise(niche, rows, pictures)
        if norm is not None:
            _keep(niche, market, norm)
    NicheNorm.objects.filter(computed_at__lt=began).delete()  # too few accounts are left
    return NicheNorm.objects.count()


def read_norm(niche: str, market: str) -> NicheNorm | None:
    """The norm of a niche in a market, None while there are too few accounts."""
    return NicheNorm.objects.filter(niche=niche, market=market).first()


def compare_with_norm(norm: NicheNorm, embedding: np.ndarray) -> float:
    """How much a picture looks like the norm's, 0-1."""
    return compare_picture(np.frombuffer(bytes(norm.centre), dtype=np.float32), embedding)


def _pick_first(niche: str) -> list[NameRow]:
    """The accounts of a niche that come first in each market, by consistency and followers."""
    by_market: dict[str, list[NameRow]] = {market: [] for market in MARKET_CODES}
    for row in read_names_by_niche(niche):  # the likeliest first
        if row.market in by_market and len(by_market[row.market]) < _FIRST:
            by_market[row.market].append(row)
    return [row for rows in by_market.values() for row in rows]


def _summarise(niche: str, rows: list[NameRow], pictures: dict[int, tuple[str, np.ndarray]]) -> Norm | None:
    seen = [pictures[row.creator_id] for row in rows if row.creator_id in pictures]
    return summarise_norm(
        [row.nickname for row in rows],
        [row.terms for row in rows],
        np.array([row.says_niche for row in rows], dtype=bool),
        np.stack([vector for _, vector in seen]) if seen else np.zeros((0, 1280), dtype=np.float32),
        np.array([shown == niche for shown, _ in seen], dtype=bool),
    )


def _keep(niche: str, market: str, norm: Norm) -> None:
    NicheNorm.objects.update_or_create(
        niche=niche,
        market=market,
        defaults={
            "account_count": norm.account_count, "name_share": norm.name_share,
            "picture_count": norm.picture_count, "picture_share": norm.picture_share,
            "words": [list(word) for word in norm.words], "name_letters": norm.name_letters,
            "centre": norm.centre.tobytes(), "computed_at": timezone.now(),
        },
    )  # fmt: skip
