"""An index of names: which accounts (or videos) hold a word, a niche, or a near spelling.

Arrays only: postings in one run per term (CSR), sorted by document, so that a million names take about 60
MB and an answer a few milliseconds. Typing errors are looked up among the terms, not the documents.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.niche.text import read_text


@dataclass(frozen=True, slots=True)
class Postings:
    """term t stands in the documents documents[indptr[t]:indptr[t + 1]], ascending."""

    indptr: IntArray  # (n_terms + 1,) int64
    documents: IntArray  # (n_postings,) int32

    def of(self, term: int) -> IntArray:
        """(n,) int32 documents of a term."""
        return self.documents[self.indptr[term] : self.indptr[term + 1]]


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Documents are rows of the arrays that were given to `build_index`."""

    terms: dict[str, int]
    words: Postings
    niches: Postings  # by niche code; the last code is `none`
    niche: IntArray  # (n,) int16 code
    market: IntArray  # (n,) int8 index into markets.MARKET_CODES
    language: IntArray  # (n,) int16 index into markets.LANGUAGES
    consistency: FloatArray  # (n,) float32 0-1
    engagement: FloatArray  # (n,) float32 0-1
    triples: Postings  # letter triple -> terms
    triple_codes: dict[str, int]
    n_triples: IntArray  # (n_terms,) int32

    def __len__(self) -> int:
        return len(self.niche)


def list_terms(text: str) -> tuple[str, ...]:
    """Words of a name as they are indexed: folded, apart; names without spaces also as pairs of characters.

    >>> list_terms("Son Môi.store")
    ('son', 'moi', 'store', 'sonmoi', 'moistore')
    """
    reading = read_text(text)
    words = [reading.folded[start:end] for start, end in reading.words()]
    terms = dict.fromkeys(word for word in words if not word.isdigit())
    for word in words:
        if len(word) > 2 and word[0] >= "\u0e00" and not "\u1e00" <= word[0] <= "\u1fff":
            terms.update(dict.fromkeys(word[place : place + 2] for place in range(len(word) - 1)))
    for first, second in itertools.pairwise(words):
        if first.isascii() and second.isascii() and 4 <= len(first + second) <= 16:
            terms.setdefault(first + second)
    kept = list(terms)
    return tuple(kept[:24])


def build_index(
    names: Iterable[Sequence[str]],
    niche: IntArray,
    market: IntArray,
    language: IntArray,
    consistency: FloatArray,
    engagement: FloatArray,
    n_niches: int,
) -> NameIndex:
    """Index documents whose terms (see `list_terms`) are given in the order of the arrays."""
    terms: dict[str, int] = {}
    columns: list[int] = []
    lengths: list[int] = []
    for name in names:
        lengths.append(len(name))
        columns.extend(terms.setdefault(term, len(terms)) for term in name)
    owners = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    triples, codes, n_triples = _index_spellings(list(terms))
    return NameIndex(
        terms=terms,
        words=_post(np.array(columns, dtype=np.int64), owners, len(terms)),
        niches=_post(niche.astype(np.int64), np.arange(len(niche), dtype=np.int32), n_niches + 1),
        niche=niche.astype(np.int16),
        market=market.astype(np.int8),
        language=language.astype(np.int16),
        consistency=consistency.astype(np.float32),
        engagement=engagement.astype(np.float32),
        triples=triples,
        triple_codes=codes,
        n_triples=n_triples,
    )


def find_near(index: NameIndex, word: str, least: float, limit: int) -> list[tuple[int, float]]:
    """(term, likeness 0-1) of the spellings nearest to a word, by Jaccard of letter triples; best first."""
    wanted = split_triples(word)
    runs = [index.triples.of(index.triple_codes[triple]) for triple in wanted if triple in index.triple_codes]
    if not runs:
        return []
    found, shared = np.unique(np.concatenate(runs), return_counts=True)
    likeness = shared / (len(wanted) + index.n_triples[found] - shared)
    kept = np.flatnonzero(likeness >= least)
    best = kept[np.argsort(-likeness[kept], kind="stable")[:limit]]
    return [(int(found[place]), float(likeness[place])) for place in best]


def split_triples(word: str) -> set[str]:
    """Letter triples with the edges marked.

    >>> sorted(split_triples("ab"))
    ['  a', ' ab', 'ab ']
    """
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


def _index_spellings(words: Sequence[str]) -> tuple[Postings, dict[str, int], IntArray]:
    codes: dict[str, int] = {}
    columns: list[int] = []
    owners: list[int] = []
    counts = np.zeros(len(words), dtype=np.int32)
    for term, word in enumerate(words):
        found = split_triples(word)
        counts[term] = len(found)
        columns.extend(codes.setdefault(triple, len(codes)) for triple in found)
        owners.extend([term] * len(found))
    posted = _post(np.array(columns, dtype=np.int64), np.array(owners, dtype=np.int32), len(codes))
    return posted, codes, counts


def _post(term: IntArray, owner: IntArray, n_terms: int) -> Postings:
    """Postings from (term, owner) pairs whose owners ascend."""
    order = np.argsort(term, kind="stable")
    counts = np.bincount(term, minlength=n_terms) if len(term) else np.zeros(n_terms, dtype=np.int64)
    return Postings(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), owner[order].astype(np.int32))
