"""What a name says it sells: known words first, then what unknown words look and mean like.

Precedence: a strong word of the lexicon decides; where there is none, weak words and the reading of unknown
letters (`semantics.py`) are put together; below a threshold the answer is `none`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from recommender.contracts import FloatArray
from recommender.markets import MARKETS
from recommender.niche.language import LetterTriples, fit_triples, identify_language
from recommender.niche.lexicon import Lexicon, Match
from recommender.niche.params import NameParams
from recommender.niche.semantics import UnknownWords, load_unknown_words
from recommender.niche.taxonomy import NONE, Taxonomy, Word, load_taxonomy
from recommender.niche.text import Reading, read_text, undo_disguise

_HEAD_LAST = ("en", "zh", "ta")


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """A word that speaks for a niche, and how strongly (0 to 1)."""

    text: str  # as written, without separators
    niche: str
    strength: float
    source: str  # word, weak word, picture, unknown word
    language: str


@dataclass(frozen=True, slots=True)
class NameReading:
    """What a name says, over all niches and `none` (last)."""

    language: str
    probability: FloatArray  # (n_niches + 1,) float64, adds up to 1; the last entry is `none`
    evidence: tuple[WordEvidence, ...]  # strongest first
    is_in_lexicon: bool  # a strong word of some niche stands in the name
    is_disguised: bool  # letters of another script stand among the Latin ones
    niche: str  # the likeliest, or `none`


class NameReader:
    """Reads names with one taxonomy. Safe to share between threads: nothing changes after it is built."""

    def __init__(
        self, taxonomy: Taxonomy, unknown_words: UnknownWords | None, params: NameParams | None = None
    ) -> None:
        self.taxonomy = taxonomy
        self.params = params or NameParams()
        self.lexicon = Lexicon(taxonomy)
        self.triples: LetterTriples = fit_triples(taxonomy)
        self.unknown_words = unknown_words
        self._code = {niche: code for code, niche in enumerate(taxonomy.niches)}
        self._wins = [(self._code[winner], self._code[loser]) for winner, loser in taxonomy.wins]

    def read(self, name: str, market: str) -> NameReading:
        """Read a nickname, handle or sentence as viewers of a market would.

        Raises ValueError for a market without a cart.
        """
        reading, matches = self._find_words(read_text(name))
        language = identify_language(reading, market, matches, self.triples)
        spoken = dict(MARKETS[market].language_shares)
        head = self._find_head(matches, language)
        found = [self._weigh_match(reading, match, language, spoken, match is head) for match in matches]
        evidence = [item for items in found for item in items]
        evidence += [self._weigh_picture(word) for word in self.lexicon.find_emoji(reading)]
        known = self._add_up(evidence)
        probability = self._decide(known)
        if known.max(initial=0.0) < self.params.strong_word:
            probability, more = self._read_unknown(reading, matches, known, language)
            evidence += more
        best = int(np.argmax(probability))
        return NameReading(
            language=language,
            probability=probability,
            evidence=_keep_best(evidence),
            is_in_lexicon=any(not word.is_weak for match in matches for word in match.entry.words),
            is_disguised=any(reading.is_disguised),
            niche=self.taxonomy.niches[best] if best < len(self.taxonomy.niches) else NONE,
        )

    def _find_words(self, reading: Reading) -> tuple[Reading, list[Match]]:
        """Words of the name, or of the name without digits and stretched letters where that shows more."""
        matches = self.lexicon.find_matches(reading)
        plain = undo_disguise(reading)
        if plain is not None and not any(match.entry.words for match in matches):
            undone = self.lexicon.find_matches(plain)
            if any(match.entry.words for match in undone):
                hidden = replace(plain, is_disguised=(True,) * len(plain.letters))
                return hidden, [replace(match, is_disguised=True) for match in undone]
        return reading, matches

    def _weigh_match(
        self, reading: Reading, match: Match, language: str, spoken: Mapping[str, float], is_head: bool
    ) -> list[WordEvidence]:
        """Evidence of one word for each niche it is listed under."""
        words = match.entry.words
        if not words:
            return []
        text = reading.letters[match.start : match.end]
        best: dict[str, WordEvidence] = {}
        for word in words:
            strength = self._strength(word, match, language, spoken)
            if word.niche not in best or strength > best[word.niche].strength:
                source = "weak word" if word.is_weak else "word"
                best[word.niche] = WordEvidence(text, word.niche, strength, source, word.language)
        share = len(best) ** -self.params.shared_word_power
        at_head = 1.0 + self.params.head_bonus * is_head
        return [replace(item, strength=min(1.0, item.strength * share * at_head)) for item in best.values()]

    def _strength(self, word: Word, match: Match, language: str, spoken: Mapping[str, float]) -> float:
        params = self.params
        strength = params.weak_word if word.is_weak else params.word
        length = match.end - match.start
        if word.language != language:
            strength *= params.spoken_language if word.language in spoken else params.foreign_language
            if (
                length <= 4
                and word.language not in spoken
                and match.entry.letters.isascii() | (not match.is_marked)
            ):
                strength *= params.short_foreign
        if not match.is_marked:
            strength *= params.bare_spelling
        if match.is_disguised:
            strength *= params.disguised
        if match.entry.kind:
            strength *= params.also_generic
        if length == 1 or (length <= 3 and match.entry.letters.isascii()):
            strength *= params.short_word
        return strength

    def _find_head(self, matches: list[Match], language: str) -> Match | None:
        """What is sold is named last in English, Chinese and Tamil, first in the other languages."""
        telling = [match for match in matches if match.entry.words]
        if not telling:
            return None
        return telling[-1] if language in _HEAD_LAST else telling[0]

    def _weigh_picture(self, word: Word) -> WordEvidence:
        return WordEvidence(word.text, word.niche, self.params.picture, "picture", "")

    def _add_up(self, evidence: list[WordEvidence]) -> FloatArray:
        """(n_niches,) strength per niche: different words add up, a repeated word counts once."""
        open_share = np.ones(len(self.taxonomy.niches))
        strongest: dict[tuple[str, str], float] = {}
        for item in evidence:
            key = (item.niche, item.text)
            strongest[key] = max(strongest.get(key, 0.0), item.strength)
        for (niche, _), strength in strongest.items():
            open_share[self._code[niche]] *= 1.0 - min(strength, 0.99)
        total: FloatArray = 1.0 - open_share
        for winner, loser in self._wins:
            if total[winner] >= self.params.strong_word and total[loser] >= self.params.strong_word:
                total[loser] = min(total[loser], total[winner]) * self.params.loser
        return total

    def _decide(self, known: FloatArray) -> FloatArray:
        """Probabilities from strengths: sharpened, beside what `none` is worth."""
        weight = np.append(known**self.params.sharpness, self.params.none_strength**self.params.sharpness)
        probability: FloatArray = weight / weight.sum()
        return probability

    def _read_unknown(
        self, reading: Reading, matches: list[Match], known: FloatArray, language: str
    ) -> tuple[FloatArray, list[WordEvidence]]:
        """Probabilities with the unknown letters read too, and the evidence they give."""
        text = _list_unknown(reading, matches)
        if not text or self.unknown_words is None:
            return self._decide(known), []
        guess = self.unknown_words.read(text, language, self.taxonomy.niches)
        guess[-1] *= self.params.unknown_none_share
        guess = guess / guess.sum()
        prior = self._decide(known)
        probability = prior * guess if known.max(initial=0.0) > 0 else guess
        probability = probability / probability.sum()
        best = int(np.argmax(probability[:-1]))
        if probability[best] < self.params.least_confidence:
            probability = np.append(probability[:-1] * 0.5, 0.0)
            probability[-1] = 1.0 - probability.sum()
        strength = float(probability[best])
        item = WordEvidence(text, self.taxonomy.niches[best], strength, "unknown word", language)
        return probability, [item] if strength >= self.params.least_confidence else []


def _list_unknown(reading: Reading, matches: list[Match]) -> str:
    """The words of a name less those that are only a shop's, place's or person's, with spaces."""
    covered = [False] * len(reading.letters)
    for match in matches:
        if not match.entry.words:
            covered[match.start : match.end] = [True] * (match.end - match.start)
    letters = [" " if covered[place] else letter for place, letter in enumerate(reading.letters)]
    text = "".join((" " if reading.is_edge[place] else "") + letter for place, letter in enumerate(letters))
    words = [word for word in text.split() if not word.isdigit()]
    return " ".join(words) if sum(map(len, words)) > 1 else ""


def _keep_best(evidence: list[WordEvidence]) -> tuple[WordEvidence, ...]:
    unique: dict[tuple[str, str], WordEvidence] = {}
    for item in sorted(evidence, key=lambda item: -item.strength):
        unique.setdefault((item.niche, item.text), item)
    return tuple(unique.values())


@lru_cache(maxsize=1)
def load_name_reader() -> NameReader:
    """The reader of the shipped taxonomy with the shipped weights."""
    return NameReader(load_taxonomy(), load_unknown_words())


def entropy(probability: FloatArray) -> float:
    """Bits of doubt in a reading, 0 = certain.

    >>> entropy(np.array([0.5, 0.5]))
    1.0
    """
    known = probability[probability > 0]
    return float(-(known * np.log(known)).sum() / math.log(2))
