"""Finds the words of the taxonomy in a name: the best way to cut joined letters into known words.

Dynamic programming over the letters (Viterbi): long words and words at edges win, a word inside other letters
counts only when it is long, and words that mean no niche (shop, London, Siti, diary) cover their letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from recommender.niche.taxonomy import Taxonomy, Word
from recommender.niche.text import Reading, read_word

#: What an edge costs that cuts a known word out of unknown letters, by script: a Latin word of 5 letters may
#: touch unknown letters on one side, one of 7 on both; Thai and Chinese are written without spaces.
_EDGE_COST = {"latin": 8.5, "thai": 3.0, "han": 0.0, "tamil": 8.5}
#: A Latin word of a niche needs this many letters to stand inside a joined word at all.
_LEAST_JOINED = 4
#: Tamil words take endings: an open right edge costs little.
_TAMIL_RIGHT_COST = 1.0
#: A Chinese character says as much as this many Latin letters.
_HAN_LETTERS = 2.5
_LENGTH_POWER = 1.5
#: Generic words cover letters, but never beat a word of a niche of the same length.
_GENERIC_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Entry:
    """What one folded spelling can mean."""

    letters: str  # with marks
    words: tuple[Word, ...]  # of niches; empty for a generic word
    kind: str  # shop, place, person, life; "" if it is no generic word


@dataclass(frozen=True, slots=True)
class Match:
    """A known word at its place, `start` to `end` in the reading."""

    start: int
    end: int
    entry: Entry
    is_marked: bool  # its marks are written as they should be; False for a bare spelling
    is_disguised: bool


class Lexicon:
    """All spellings of a taxonomy, ready to be found."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._entries: dict[str, list[Entry]] = _index(taxonomy)
        self._prefixes = _list_prefixes(self._entries)
        self._emoji: dict[str, list[Word]] = defaultdict(list)
        for word in taxonomy.words:
            if not word.language:
                self._emoji[word.text[0]].append(word)

    def find_emoji(self, reading: Reading) -> list[Word]:
        """Words of the pictures in a name."""
        return [word for picture in reading.emoji for word in self._emoji.get(picture, [])]

    def knows(self, word: str) -> bool:
        """True where a word is listed, of a niche or as one that means none; marks do not matter."""
        return read_word(word)[1] in self._entries

    def find_matches(self, reading: Reading) -> list[Match]:
        """The words of the best cut, left to right, niche words and generic ones."""
        size = len(reading.folded)
        # best[place][is_open]: value of the best cut of the letters before `place`; is_open = the letter
        # before is unknown.
        best = [[float("-inf")] * 2 for _ in range(size + 1)]
        back: list[list[tuple[int, int, Match | None]]] = [[(0, 0, None)] * 2 for _ in range(size + 1)]
        best[0][0] = 0.0
        for place in range(size):
            matches = self._start_at(reading, place)
            for is_open in (0, 1):
                value = best[place][is_open]
                if value == float("-inf"):
                    continue
                self._skip(reading, place, is_open, value, best, back)
                for match, gain, left_cost, right_cost in matches:
                    cost = left_cost if is_open and not reading.is_edge[place] else 0.0
                    closes = reading.is_edge[match.end]
                    # An open right edge is paid now and given back when a known word follows at once.
                    total = value + gain - cost - (0.0 if closes else right_cost)
                    if not is_open and not reading.is_edge[place] and place:
                        total += self._give_back(back, place)
                    if total > best[match.end][0]:
                        best[match.end][0] = total
                        back[match.end][0] = (place, is_open, match)
        return _trace(best, back, size)

    def _skip(
        self,
        reading: Reading,
        place: int,
        is_open: int,
        value: float,
        best: list[list[float]],
        back: list[list[tuple[int, int, Match | None]]],
    ) -> None:
        """Leave one letter unknown."""
        if value > best[place + 1][1]:
            best[place + 1][1] = value
            back[place + 1][1] = (place, is_open, None)

    def _give_back(self, back: list[list[tuple[int, int, Match | None]]], place: int) -> float:
        """What the word that ends here paid for its open right edge."""
        before = back[place][0][2]
        return _edge_costs(before.entry.letters)[1] if before is not None else 0.0

    def _start_at(self, reading: Reading, place: int) -> list[tuple[Match, float, float, float]]:
        """(match, gain, cost of an open left edge, of an open right edge) of the words that begin here."""
        found = []
        text = reading.folded
        for end in range(place + 1, len(text) + 1):
            piece = text[place:end]
            if piece not in self._prefixes:
                break
            for entry in self._entries.get(piece, ()):
                match = _judge(reading, place, end, entry)
                if match is not None and not _straddles(reading, place, end) and _may_stand(reading, match):
                    gain = _weigh(entry)
                    found.append((match, gain, *_edge_costs(entry.letters)))
        return found


def _index(taxonomy: Taxonomy) -> dict[str, list[Entry]]:
    """folded spelling -> its entries, one for each spelling with marks."""
    niche_words: dict[tuple[str, str], list[Word]] = defaultdict(list)
    kinds: dict[tuple[str, str], str] = {}
    for word in taxonomy.words:
        if word.language:
            letters, folded = read_word(word.text)
            if folded:
                niche_words[folded, letters].append(word)
    for text, kind in taxonomy.generic:
        letters, folded = read_word(text)
        if folded:
            kinds[folded, letters] = kind
    entries: dict[str, list[Entry]] = defaultdict(list)
    for folded, letters in {**niche_words, **kinds}:
        words = tuple(niche_words.get((folded, letters), ()))
        entries[folded].append(Entry(letters, words, kinds.get((folded, letters), "")))
    return dict(entries)


def _list_prefixes(entries: dict[str, list[Entry]]) -> frozenset[str]:
    return frozenset(spelling[:end] for spelling in entries for end in range(1, len(spelling) + 1))


def _judge(reading: Reading, start: int, end: int, entry: Entry) -> Match | None:
    """The match, unless the name writes other marks than the word has: `bán` is no `bàn`."""
    written = reading.letters[start:end]
    is_bare = reading.letters == reading.folded  # who writes marks at all means what stands without them
    if written != entry.letters and not is_bare:
        return None
    return Match(
        start,
        end,
        entry,
        is_marked=written == entry.letters,
        is_disguised=any(reading.is_disguised[start:end]),
    )


def _straddles(reading: Reading, start: int, end: int) -> bool:
    """True for letters across an edge that do not begin and end at one: `skin` in `mask in`."""
    crosses = any(reading.is_edge[start + 1 : end])
    return crosses and not (reading.is_edge[start] and reading.is_edge[end])


def _may_stand(reading: Reading, match: Match) -> bool:
    """False for a short Latin word inside others; a generic one (`my`, `sg`) may end a word."""
    if _find_script(match.entry.letters) != "latin":
        return True
    length = match.end - match.start
    if match.entry.words:
        return length >= _LEAST_JOINED or (reading.is_edge[match.start] and reading.is_edge[match.end])
    return length > 2 or reading.is_edge[match.end]


def _weigh(entry: Entry) -> float:
    """What covering these letters is worth."""
    letters = entry.letters
    length = len(letters) * (_HAN_LETTERS if _find_script(letters) == "han" else 1.0)
    return float(length**_LENGTH_POWER * (1.0 if entry.words else _GENERIC_SHARE))


def _edge_costs(letters: str) -> tuple[float, float]:
    """Cost of an open left and an open right edge."""
    script = _find_script(letters)
    left = _EDGE_COST[script]
    return left, _TAMIL_RIGHT_COST if script == "tamil" else left


def _find_script(letters: str) -> str:
    first = letters[0]
    if "\u0e00" <= first <= "\u0e7f":
        return "thai"
    if "\u0b80" <= first <= "\u0bff":
        return "tamil"
    if "\u3400" <= first <= "\u9fff":
        return "han"
    return "latin"


def _trace(
    best: Sequence[Sequence[float]], back: Sequence[Sequence[tuple[int, int, Match | None]]], size: int
) -> list[Match]:
    """The matches of the best cut."""
    matches: list[Match] = []
    place, state = size, 0 if best[size][0] >= best[size][1] else 1
    while place:
        before, before_state, match = back[place][state]
        if match is not None:
            matches.append(match)
        place, state = before, before_state
    return matches[::-1]
