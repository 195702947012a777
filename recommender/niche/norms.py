"""What the accounts that come first in a niche have in common, in words and in pictures.

A newcomer is compared with it: a name that says what the others' names say is found, a picture that looks
like theirs is understood at a glance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.contracts import BoolArray, FloatArray

#: Accounts below which nothing is said: three shops are no norm.
LEAST_ACCOUNTS = 5
#: Words that are told, and the share of names that a word must stand in.
_WORDS, _LEAST_WORD_SHARE = 8, 0.05


@dataclass(frozen=True, slots=True)
class Norm:
    """The common ground of the first accounts of one niche and market."""

    account_count: int
    name_share: float  # 0-1, whose name says the niche
    picture_count: int
    picture_share: float  # 0-1, of the pictures that show the niche
    words: tuple[tuple[str, float], ...]  # word, share of names 0-1; most used first
    name_letters: float  # median length of a nickname
    centre: FloatArray  # (1280,) float32 mean of the pictures' features; (0,) without a picture


def summarise_norm(
    names: Sequence[str],
    terms: Sequence[Sequence[str]],
    says_niche: BoolArray,
    embeddings: FloatArray,
    shows_niche: BoolArray,
) -> Norm | None:
    """The norm of n accounts, None for fewer than LEAST_ACCOUNTS.

    Parameters
    ----------
    names, terms : n nicknames, and the words of each (search.index.list_terms).
    says_niche : (n,) whether each name says the niche.
    embeddings : (m, 1280) features of the m accounts that have a picture; `shows_niche` is (m,).

    >>> norm = summarise_norm(["Lip Lab"] * 5, [["lip", "lab"]] * 4 + [["gloss"]], np.array([1, 1, 1, 1, 0]),
    ...                       np.zeros((0, 1280)), np.zeros(0, dtype=bool))
    >>> norm.name_share, norm.words[0]
    (0.8, ('lab', 0.8))
    """
    if len(names) < LEAST_ACCOUNTS:
        return None
    counts = Counter(term for own in terms for term in set(own))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = tuple(
        (word, count / len(names))
        for word, count in ranked[:_WORDS]
        if count >= _LEAST_WORD_SHARE * len(names)
    )
    has_picture = len(embeddings) > 0
    return Norm(
        account_count=len(names),
        name_share=float(np.mean(says_niche)),
        picture_count=len(embeddings),
        picture_share=float(np.mean(shows_niche)) if has_picture else 0.0,
        words=words,
        name_letters=float(np.median([len(name) for name in names])),
        centre=np.asarray(embeddings.mean(axis=0) if has_picture else np.zeros(0), dtype=np.float32),
    )


def compare_picture(centre: FloatArray, embedding: FloatArray) -> float:
    """Cosine, 0-1, of a picture with the norm's mean picture; 0 without one."""
    length = float(np.linalg.norm(centre) * np.linalg.norm(embedding)) if len(centre) else 0.0
    return float(np.clip(centre @ embedding / length, 0.0, 1.0)) if length > 0 else 0.0
