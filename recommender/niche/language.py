"""Which of a market's languages a name is written in.

Script and marks decide where they can; among Latin-written languages the known words of the name vote, and
letter triples of the taxonomy's own words break ties (Cavnar & Trenkle, 1994, as naive Bayes).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recommender.markets import MARKETS
from recommender.niche.lexicon import Match
from recommender.niche.taxonomy import Taxonomy
from recommender.niche.text import Reading, read_word

_VIETNAMESE = set("ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")
#: Letters beyond which a script is certain.
_SCRIPTS = (("\u0e00", "\u0e7f", "th"), ("\u0b80", "\u0bff", "ta"), ("\u3400", "\u9fff", "zh"))
#: A known word counts as much as this many nats of letter triples, per letter.
_WORD_WEIGHT = 1.5
_SMOOTHING = 0.5


@dataclass(frozen=True, slots=True)
class LetterTriples:
    """Log probabilities of letter triples per Latin-written language."""

    log_probability: Mapping[str, Mapping[str, float]]
    log_unseen: Mapping[str, float]

    def score(self, language: str, letters: str) -> float:
        """Log probability of the letters in a language."""
        table, unseen = self.log_probability[language], self.log_unseen[language]
        return sum(table.get(triple, unseen) for triple in _list_triples(letters))


def fit_triples(taxonomy: Taxonomy) -> LetterTriples:
    """Count the letter triples of each language's words; romanised words count for their own language."""
    counts: dict[str, Counter[str]] = {}
    for word in taxonomy.words:
        folded = read_word(word.text)[1]
        if word.language and folded.isascii():
            counts.setdefault(word.language, Counter()).update(_list_triples(folded))
    n_triples = len(set().union(*counts.values())) if counts else 1
    tables, unseen = {}, {}
    for language, count in counts.items():
        total = sum(count.values()) + _SMOOTHING * n_triples
        tables[language] = {triple: math.log((n + _SMOOTHING) / total) for triple, n in count.items()}
        unseen[language] = math.log(_SMOOTHING / total)
    return LetterTriples(tables, unseen)


def identify_language(reading: Reading, market: str, matches: Sequence[Match], triples: LetterTriples) -> str:
    """The likeliest language of a name among those of its market, by language tag.

    Raises ValueError for a market without a cart. A name without letters is in the market's main language.
    """
    if market not in MARKETS:
        raise ValueError(f"market {market!r} has no shopping cart; choose one of {', '.join(MARKETS)}")
    languages = [tag for tag, _ in MARKETS[market].language_shares]
    if certain := _read_script(reading.letters):
        return certain
    scores = {tag: math.log(share) for tag, share in MARKETS[market].language_shares}
    for tag in languages:
        if tag in triples.log_probability:
            scores[tag] += triples.score(tag, reading.folded)
        elif reading.folded:
            scores[tag] = float("-inf")
    for match in matches:
        for tag in {word.language for word in match.entry.words} & scores.keys():
            scores[tag] += _WORD_WEIGHT * (match.end - match.start)
    return max(languages, key=scores.__getitem__)


def _read_script(letters: str) -> str:
    """The language that a script or marks alone tell, "" where they do not."""
    for low, high, language in _SCRIPTS:
        if sum(low <= letter <= high for letter in letters) * 3 >= max(1, len(letters)):
            return language
    return "vi" if any(letter in _VIETNAMESE for letter in letters) else ""


def _list_triples(letters: str) -> list[str]:
    padded = f"^{letters}$"
    return [padded[place : place + 3] for place in range(len(padded) - 2)]
