"""How well search finds shops: NDCG@10 on judged queries, beside letter triples alone and full text alone.

The accounts are the judged nicknames. One is relevant where its niche is the query's: 2 where its name is
in a language that the market's viewers speak, 1 where it is in the market all the same.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.markets import MARKET_CODES, MARKETS, encode_language
from recommender.niche.nickname import NameReader
from recommender.niche.taxonomy import NONE
from recommender.niche.text import read_word
from recommender.search.index import NameIndex, build_index, list_terms, split_triples
from recommender.search.rank import search_names
from recommender.training.niche_judged import JudgedName

QUERIES = Path(__file__).parent.parent / "niche" / "judged" / "queries.csv"
_K = 10

Rank = Callable[[str, str], IntArray]


def index_names(names: Sequence[JudgedName], reader: NameReader) -> NameIndex:
    """The index of judged names, described as accounts are."""
    niches = reader.taxonomy.niches
    readings = [reader.read(name.nickname, name.market) for name in names]
    return build_index(
        [list_terms(name.nickname) for name in names],
        np.array([niches.index(item.niche) if item.niche != NONE else len(niches) for item in readings]),
        np.array([MARKET_CODES.index(name.market) for name in names]),
        np.array([encode_language(item.language) for item in readings]),
        np.array([float(item.probability.max()) if item.niche != NONE else 0.0 for item in readings]),
        np.zeros(len(names)),
        len(niches),
    )


def measure_search(names: Sequence[JudgedName], reader: NameReader, path: Path = QUERIES) -> dict[str, Any]:
    """NDCG@10 of ours and two baselines, over all queries and per market."""
    index = index_names(names, reader)
    triples = [split_triples(read_word(name.nickname)[1]) for name in names]
    words = [set(list_terms(name.nickname)) for name in names]

    def ours(query: str, market: str) -> IntArray:
        return search_names(index, reader, query, market, _K).row

    def by_triples(query: str, market: str) -> IntArray:
        wanted = split_triples(read_word(query)[1])
        likeness = [len(wanted & own) / len(wanted | own) for own in triples]
        return _rank(np.array(likeness), names, market)

    def by_words(query: str, market: str) -> IntArray:
        wanted = set(list_terms(query))
        return _rank(np.array([float(len(wanted & own)) for own in words]), names, market)

    methods: dict[str, Rank] = {"ours": ours, "trigram": by_triples, "full_text": by_words}
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in methods}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            gains = _judge(row["niche"], row["market"], names)
            for method, rank in methods.items():
                value = ndcg_at_10(gains[rank(row["query"], row["market"])], gains)
                found[method][row["market"]].append(value)
                found[method]["all"].append(value)
    return {
        method: {
            tag: {"ndcg_at_10": round(float(np.mean(v)), 4), "n": len(v)} for tag, v in sorted(by.items())
        }
        for method, by in found.items()
    }


def ndcg_at_10(gains: FloatArray, all_gains: FloatArray) -> float:
    """Discounted gain of a ranked list, relative to the best order (Jarvelin & Kekalainen, TOIS 2002).

    >>> ndcg_at_10(np.array([2.0, 1.0]), np.array([1.0, 2.0, 0.0]))
    1.0
    """
    discount = 1.0 / np.log2(np.arange(_K) + 2.0)
    best = np.sort(all_gains)[::-1][:_K]
    ideal = float((best * discount[: len(best)]).sum())
    got = float((gains[:_K] * discount[: len(gains[:_K])]).sum())
    return got / ideal if ideal > 0 else 0.0


def _judge(niche: str, market: str, names: Sequence[JudgedName]) -> FloatArray:
    """(n,) gain of each account for a query."""
    spoken = {tag for tag, _ in MARKETS[market].language_shares}
    return np.array(
        [
            (2.0 if name.language.split("-")[0] in spoken else 1.0)
            * (name.niche == niche and name.market == market)
            for name in names
        ]
    )


def _rank(score: FloatArray, names: Sequence[JudgedName], market: str) -> IntArray:
    here = np.array([name.market == market for name in names])
    order = np.argsort(-np.where(here, score, -1.0), kind="stable")
    best: IntArray = order[(score[order] > 0) & here[order]][:_K]
    return best
