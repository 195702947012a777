"""Fits what reads unknown words in names: letter groups and embeddings of the taxonomy's words.

Names of people and towns (package Faker), and words of the taxonomy that sell nothing, are the class `none`.
Quality and the two free numbers come from words that are held out with every word that contains them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.contracts import BoolArray, FloatArray, IntArray
from recommender.niche.semantics import LETTER_BUCKETS, center, hash_letters, log_softmax, soften
from recommender.niche.taxonomy import NONE, Taxonomy
from recommender.niche.text import read_text

_LOCALES = ("en_GB", "en_US", "id_ID", "th_TH", "vi_VN", "fil_PH", "zh_CN", "zh_TW", "ta_IN")
_NAMES_PER_LOCALE = 250
_SEED = 20_261_125
_FOLDS = 5
#: Shares of the embedding and temperatures that are tried.
_SHARES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0)
_TEMPERATURES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0)
#: Weak words and generic words teach less than a word of the niche.
_WEAK_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts with their class, language and weight; one row each."""

    texts: list[str]
    label: IntArray  # (n,) index into classes
    language: list[str]
    weight: FloatArray  # (n,)
    classes: tuple[str, ...]  # niches, `none` last


def gather_examples(taxonomy: Taxonomy) -> Examples:
    """Every word of the taxonomy, its generic words, and names of people and towns."""
    classes = (*taxonomy.niches, NONE)
    code = {name: place for place, name in enumerate(classes)}
    rows = [
        (_spell(word.text), code[word.niche], word.language, _WEAK_WEIGHT if word.is_weak else 1.0)
        for word in taxonomy.words
        if word.language
    ]
    rows += [(_spell(text), code[NONE], "", _WEAK_WEIGHT) for text, _ in taxonomy.generic]
    rows += [(_spell(name), code[NONE], "", 1.0) for name in _make_names()]
    rows = [row for row in dict.fromkeys(rows) if row[0]]
    return Examples(
        [row[0] for row in rows],
        np.array([row[1] for row in rows]),
        [row[2] for row in rows],
        np.array([row[3] for row in rows]),
        classes,
    )


def fit_words(
    examples: Examples, embed: Callable[[str], FloatArray], say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays and figures of both regressions, fitted on everything; figures come from held-out words."""
    letters = hash_all(examples.texts)
    say(f"embedding {len(examples.texts)} texts ...")
    meaning = np.stack([embed(text) for text in examples.texts]).astype(np.float32)
    middle = meaning.mean(axis=0)
    meaning = center(meaning, middle)
    is_test = hold_out(examples)
    train = ~is_test & ~_contains_test(examples, is_test)
    say(f"held out: {int(is_test.sum())} texts; fitted on {int(train.sum())} that hold none of them ...")
    by_letters = log_softmax(_apply(_fit_letters(letters[train], examples, train), letters[is_test]))
    by_meaning = log_softmax(_apply(_fit_meaning(meaning[train], examples, train), meaning[is_test]))
    figures = choose(by_letters, by_meaning, examples.label[is_test])
    say(str(figures))
    everything = np.ones(len(examples.texts), dtype=bool)
    letter_weights, letter_bias = _fit_letters(letters, examples, everything)
    meaning_weights, meaning_bias = _fit_meaning(meaning, examples, everything)
    scale = np.abs(letter_weights).max() / 127
    arrays = {
        "letter_weights": np.round(letter_weights / scale).astype(np.int8),
        "letter_scale": np.float32(scale),
        "letter_bias": letter_bias.astype(np.float32),
        "meaning_center": middle.astype(np.float16),
        "meaning_weights": meaning_weights.astype(np.float16),
        "meaning_bias": meaning_bias.astype(np.float32),
    }
    return arrays, {"classes": examples.classes, **figures}


def hash_all(texts: list[str]) -> sp.csr_matrix:
    """(n, LETTER_BUCKETS) letter groups of many texts."""
    rows = [hash_letters(text) for text in texts]
    indptr = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows])])
    return sp.csr_matrix(
        (np.concatenate([values for _, values in rows]), np.concatenate([b for b, _ in rows]), indptr),
        shape=(len(rows), LETTER_BUCKETS),
    )


def hold_out(examples: Examples) -> BoolArray:
    """(n,) a fifth of the different spellings, all their rows together."""
    spelling = [text.replace(" ", "") for text in examples.texts]
    names = sorted(set(spelling))
    part = np.random.default_rng(_SEED).integers(0, _FOLDS, len(names))
    chosen = {name for name, fold in zip(names, part, strict=True) if fold == 0}
    return np.array([name in chosen for name in spelling])


def choose(by_letters: FloatArray, by_meaning: FloatArray, label: IntArray) -> dict[str, Any]:
    """The share of the embedding with the best top-1, and the temperature with the least log loss."""

    def mix(share: float) -> FloatArray:
        mixed: FloatArray = (1 - share) * by_letters + share * by_meaning
        return mixed

    top1 = {share: float((mix(share).argmax(axis=1) == label).mean()) for share in _SHARES}
    share = max(top1, key=top1.__getitem__)
    rows = np.arange(len(label))
    losses = {
        heat: float(-np.log(soften(mix(share), heat)[rows, label] + 1e-9).mean()) for heat in _TEMPERATURES
    }
    temperature = min(losses, key=losses.__getitem__)
    return {
        "meaning_share": share,
        "temperature": temperature,
        "held_out_top1": {str(key): round(value, 4) for key, value in top1.items()},
        "held_out_log_loss": round(losses[temperature], 4),
        "held_out_texts": len(label),
    }


def _spell(text: str) -> str:
    """A text as `NameReader` hands unknown words over: small letters, words apart."""
    reading = read_text(text)
    return " ".join(reading.letters[start:end] for start, end in reading.words())


def _make_names() -> list[str]:
    """Names of people and towns in the languages of the markets."""
    from faker import Faker

    names: list[str] = []
    for locale in _LOCALES:
        fake = Faker(locale)
        fake.seed_instance(_SEED)
        for _ in range(_NAMES_PER_LOCALE):
            names += [fake.name(), fake.first_name(), fake.last_name()]
        for _ in range(_NAMES_PER_LOCALE // 5):
            names.append(fake.city())
    return names


def _contains_test(examples: Examples, is_test: BoolArray) -> BoolArray:
    """(n,) rows that contain a held-out spelling, or stand inside one: they would give it away."""
    spelling = [text.replace(" ", "") for text in examples.texts]
    held = {name for name, is_held in zip(spelling, is_test, strict=True) if is_held and len(name) >= 3}
    return np.array(
        [
            any(
                name[start:end] in held
                for start in range(len(name))
                for end in range(start + 3, len(name) + 1)
            )
            for name in spelling
        ]
    )


def _fit_letters(
    letters: sp.csr_matrix, examples: Examples, rows: BoolArray
) -> tuple[FloatArray, FloatArray]:
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss", alpha=4e-6, max_iter=25, tol=None, random_state=_SEED)
    model.fit(letters, examples.label[rows], sample_weight=examples.weight[rows])
    return model.coef_.T, model.intercept_


def _fit_meaning(meaning: FloatArray, examples: Examples, rows: BoolArray) -> tuple[FloatArray, FloatArray]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=20.0, max_iter=300)
    model.fit(meaning, examples.label[rows], sample_weight=examples.weight[rows])
    return model.coef_.T, model.intercept_


def _apply(fitted: tuple[FloatArray, FloatArray], rows: Any) -> FloatArray:
    weights, bias = fitted
    scores: FloatArray = np.asarray(rows @ weights) + bias
    return scores
