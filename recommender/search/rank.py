"""From a query to ranked accounts: words as typed, other words for the same niche, near spellings.

A query in one language finds names in another where viewers of the market speak both: the query's niche is
read with the taxonomy, and accounts of that niche count as found by meaning. The order weighs relevance,
niche consistency and engagement (clicks with the position's share taken out).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.markets import MARKET_CODES, MARKETS, encode_language
from recommender.niche.nickname import NameReader
from recommender.niche.params import SearchParams
from recommender.niche.taxonomy import NONE
from recommender.search.index import NameIndex, find_near, list_terms

#: A query word that more documents hold than this share says little (shop, official).
_COMMON_SHARE = 0.05
_COMMON_WORTH = 0.15
#: Accounts of a niche that are looked at by meaning alone, the most consistent first.
_MOST_BY_MEANING = 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """Ranked rows of the index, best first, and why each is there."""

    row: IntArray  # (k,) int32
    score: FloatArray  # (k,) float64 0-1
    relevance: FloatArray  # (k,) float64 0-1
    matched: tuple[tuple[str, ...], ...]  # per row: "word:lipstick", "near:lipstik", "niche:lipstick"
    niche: str  # what the query is about, or `none`
    n_found: int


def search_names(
    index: NameIndex, reader: NameReader, query: str, market: str, k: int, params: SearchParams | None = None
) -> Found:
    """The best k documents for a query of a market's viewers.

    Raises ValueError for an empty query and a market without a cart.
    """
    params = params or SearchParams()
    terms = list_terms(query)
    if not terms:
        raise ValueError(f"query {query[:40]!r} holds no word; type at least one letter")
    reading = reader.read(query, market)
    relevance = np.zeros(len(index), dtype=np.float32)
    touched: list[IntArray] = []
    weights = [_worth(index, term) for term in terms]
    for term, weight in zip(terms, weights, strict=True):
        for code, share in _spell(index, term, params):
            rows = index.words.of(code)
            relevance[rows] += np.float32(weight * share / sum(weights))
            touched.append(rows)
    if reading.niche != NONE:
        rows = _list_niche(index, reader.taxonomy.niches.index(reading.niche), market)
        likely = float(reading.probability[: len(reader.taxonomy.niches)].max())
        relevance[rows] = np.maximum(relevance[rows], np.float32(params.same_niche * likely))
        touched.append(rows)
    rows = np.unique(np.concatenate(touched)) if touched else np.zeros(0, dtype=np.int32)
    rows = rows[_is_served(index, rows, market)]
    return _order(index, reader, rows, relevance, reading.niche, terms, k, params)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name that is not in the index: what it would be there."""

    terms: tuple[str, ...]
    niche: str
    consistency: float  # 0-1
    engagement: float  # 0-1


def score_candidate(
    index: NameIndex, reader: NameReader, query: str, market: str, candidate: Candidate,
    params: SearchParams | None = None,
) -> float:  # fmt: skip
    """The score that `search_names` would give a name for a query, 0-1; 0 where nothing of it matches.

    Raises ValueError as `search_names` does.
    """
    params = params or SearchParams()
    terms = list_terms(query)
    if not terms:
        raise ValueError(f"query {query[:40]!r} holds no word; type at least one letter")
    reading = reader.read(query, market)
    weights = [_worth(index, term) for term in terms]
    own = set(candidate.terms)
    relevance = sum(
        weight * params.exact_word for term, weight in zip(terms, weights, strict=True) if term in own
    ) / sum(weights)
    belongs = candidate.consistency
    if reading.niche != NONE:
        if reading.niche == candidate.niche:
            likely = float(reading.probability[: len(reader.taxonomy.niches)].max())
            relevance = max(relevance, params.same_niche * likely)
        else:
            belongs = 0.0
    if relevance == 0.0:
        return 0.0
    return (
        params.relevance_share * min(relevance, 1.0)
        + params.consistency_share * belongs
        + params.engagement_share * candidate.engagement
    )


def _worth(index: NameIndex, term: str) -> float:
    """What a query word is worth: rare words say more (inverse document frequency)."""
    code = index.terms.get(term)
    if code is None:
        return 1.0
    count = int(index.words.indptr[code + 1] - index.words.indptr[code])
    if count > _COMMON_SHARE * len(index):
        return _COMMON_WORTH
    return float(np.log1p(len(index) / max(1, count)) / np.log1p(len(index)))


def _spell(index: NameIndex, term: str, params: SearchParams) -> list[tuple[int, float]]:
    """(term code, worth) of the word as typed, or of its nearest spellings where no name has it."""
    code = index.terms.get(term)
    if code is not None:
        return [(code, params.exact_word)]
    near = find_near(index, term, params.least_likeness, params.near_spellings)
    return [(other, params.near_spelling * likeness) for other, likeness in near]


def _list_niche(index: NameIndex, code: int, market: str) -> IntArray:
    rows = index.niches.of(code)
    rows = rows[_is_served(index, rows, market)]
    if len(rows) > _MOST_BY_MEANING:
        best = np.argpartition(-index.consistency[rows], _MOST_BY_MEANING)[:_MOST_BY_MEANING]
        rows = np.sort(rows[best])
    return rows


def _is_served(index: NameIndex, rows: IntArray, market: str) -> np.ndarray:
    """(n,) bool: accounts of the market, or whose language its viewers understand."""
    spoken = np.array(
        [encode_language(tag) for tag, share in MARKETS[market].language_shares if share >= 0.05],
        dtype=np.int16,
    )
    here: np.ndarray = (index.market[rows] == MARKET_CODES.index(market)) & np.isin(
        index.language[rows], np.append(spoken, -1)
    )
    return here


def _order(
    index: NameIndex,
    reader: NameReader,
    rows: IntArray,
    relevance: FloatArray,
    niche: str,
    terms: tuple[str, ...],
    k: int,
    params: SearchParams,
) -> Found:
    found = np.minimum(relevance[rows], 1.0).astype(np.float64)
    belongs = index.consistency[rows].astype(np.float64)
    if niche != NONE:
        belongs = np.where(index.niche[rows] == reader.taxonomy.niches.index(niche), belongs, 0.0)
    score = (
        params.relevance_share * found
        + params.consistency_share * belongs
        + params.engagement_share * index.engagement[rows]
    )
    if len(rows) > 4 * k:
        part = np.argpartition(-score, 4 * k)[: 4 * k]
        rows, score, found, n_found = rows[part], score[part], found[part], len(rows)
    else:
        n_found = len(rows)
    best = np.lexsort((rows, -score))[:k]
    chosen = rows[best]
    matched = tuple(_explain(index, int(row), terms, niche, reader) for row in chosen)
    return Found(chosen.astype(np.int32), score[best], found[best], matched, niche, n_found)


def _explain(
    index: NameIndex, row: int, terms: tuple[str, ...], niche: str, reader: NameReader
) -> tuple[str, ...]:
    reasons = []
    for term in terms:
        code = index.terms.get(term)
        if code is not None:
            run = index.words.of(code)
            place = int(np.searchsorted(run, row))
            if place < len(run) and run[place] == row:
                reasons.append(f"word:{term}")
    if niche != NONE and index.niche[row] == reader.taxonomy.niches.index(niche):
        reasons.append(f"niche:{niche}")
    return tuple(reasons) or ("near",)
