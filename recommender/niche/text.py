"""How a name is read before anything is looked up: one spelling per letter, and where words may begin.

Everything keeps one output character per input letter, so that evidence can be shown at its place.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from hanziconv import HanziConv

from recommender.niche.lookalikes import LOOKALIKES, SMALL_CAPITALS

#: Longest text that is read; longer ones are cut (a nickname has at most 30 characters, a bio 160).
MAX_CHARACTERS = 400
#: Digits that stand for letters inside a word, as in `l1pst1ck`.
_DIGIT_LETTERS = str.maketrans("013457", "oieast")
_DISGUISED_DIGITS = re.compile(r"(?<=[a-z])[013457]+(?=[a-z])")
_LONG_RUN = re.compile(r"([a-z])\1{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text without its separators.

    `letters` keeps marks (`sonmôi`), `folded` does not (`sonmoi`); both have one character per letter.
    `is_edge[i]` says that a word may begin before letter i: there was a space, sign, change of case, script
    or of letter and digit. It has len(letters) + 1 entries, the first and last True. `is_disguised[i]` marks
    a letter that only looked like the one it is read as (Cyrillic in a Latin word).
    """

    letters: str
    folded: str
    is_edge: tuple[bool, ...]
    is_disguised: tuple[bool, ...]
    emoji: tuple[str, ...]

    def words(self) -> list[tuple[int, int]]:
        """(start, end) of each run between edges."""
        edges = [place for place, is_edge in enumerate(self.is_edge) if is_edge]
        return [(start, end) for start, end in itertools.pairwise(edges) if start < end]


@lru_cache(maxsize=65_536)
def fold_letter(letter: str) -> str:
    """The letter without its marks, where it is Latin; any other letter as it is.

    >>> fold_letter("ộ"), fold_letter("đ"), fold_letter("ท")
    ('o', 'd', 'ท')
    """
    if letter == "đ":
        return "d"
    base = unicodedata.normalize("NFD", letter)[0]
    return base if "a" <= base <= "z" else letter


@lru_cache(maxsize=65_536)
def simplify_character(character: str) -> str:
    """The simplified form of a traditional Chinese character; one that GB 2312 has is simplified already.

    >>> simplify_character("鏡"), simplify_character("溜"), simplify_character("k")
    ('镜', '溜', 'k')
    """
    if character < "\u3400":
        return character
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return str(HanziConv.toSimplified(character))
    return character


def find_script(letter: str) -> str:
    """Script of a letter: the first word of its Unicode name, `digit` for digits, `mark` for bare marks.

    >>> find_script("k"), find_script("口"), find_script("7")
    ('LATIN', 'CJK', 'digit')
    """
    if letter.isdigit():
        return "digit"
    if unicodedata.category(letter).startswith("M") and not _is_script_mark(letter):
        return "mark"
    return unicodedata.name(letter, "?").split()[0]


def read_text(text: str) -> Reading:
    """Read a nickname, handle, bio or caption; cut after `MAX_CHARACTERS`.

    >>> reading = read_text("Lipstick_QueenMY")
    >>> reading.letters, [reading.letters[a:b] for a, b in reading.words()]
    ('lipstickqueenmy', ['lipstick', 'queen', 'my'])
    """
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).translate(SMALL_CAPITALS)
    letters: list[str] = []
    edges: list[bool] = []
    disguised: list[bool] = []
    emoji: list[str] = []
    for letter, is_edge, is_disguised in _walk(text, emoji):
        letters.append(letter)
        edges.append(is_edge)
        disguised.append(is_disguised)
    joined = "".join(letters)
    if _HAN.search(joined):
        joined = "".join(map(simplify_character, joined))
    return Reading(
        letters=joined,
        folded="".join(map(fold_letter, joined)),
        is_edge=(*edges, True),
        is_disguised=tuple(disguised),
        emoji=tuple(dict.fromkeys(emoji)),
    )


def read_word(word: str) -> tuple[str, str]:
    """A lexicon word as `read_text` would write it: (letters, folded), joined, in lower case."""
    reading = read_text(word)
    return reading.letters, reading.folded


def undo_disguise(reading: Reading) -> Reading | None:
    """The reading with digits inside words as letters and long runs shortened; None where nothing changes.

    `l1pst1ck` becomes `lipstick`, `cuteeee` becomes `cutee`; places keep their meaning for the part before
    the first shortened run only, so what is found here is told as a word, not as a place.
    """
    words = []
    for start, end in _join_digits(reading):
        word = reading.folded[start:end]
        word = _DISGUISED_DIGITS.sub(lambda hit: hit.group().translate(_DIGIT_LETTERS), word)
        words.append(_LONG_RUN.sub(r"\1", word))
    plain = " ".join(words)
    if plain.replace(" ", "") == reading.folded:
        return None
    return read_text(plain)


def _join_digits(reading: Reading) -> list[tuple[int, int]]:
    """Words, with the edges between a digit and a letter taken away."""
    joined: list[tuple[int, int]] = []
    for start, end in reading.words():
        if joined and (reading.letters[start].isdigit() != reading.letters[start - 1].isdigit()):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _walk(text: str, emoji: list[str]) -> Iterator[tuple[str, bool, bool]]:
    """(letter, may a word begin before it, was it disguised) of each letter; pictures go to `emoji`."""
    pending, before, was_upper = True, "", False
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if kind in ("Cf", "Cc", "Mn") and not _is_script_mark(character):
            continue
        if kind == "So":
            emoji.append(character)
        if kind[0] not in "LN" and not _is_script_mark(character):
            pending, was_upper = True, False
            continue
        lower = character.lower()
        plain = LOOKALIKES.get(lower) if _stands_among_latin(text, place) else None
        letter = plain or (lower if len(lower) == 1 else character)
        script = find_script(letter)
        changes = bool(before) and script != before and "mark" not in (script, before)
        is_upper = kind == "Lu"
        rises = is_upper and not was_upper and not pending
        falls = is_upper and was_upper and not pending and _starts_a_word(text, place)
        yield letter, pending or changes or rises or falls, plain is not None
        pending, before, was_upper = False, script, is_upper


def _starts_a_word(text: str, place: int) -> bool:
    """True for the capital before small letters in a run of capitals: the S of `MYShop`."""
    after = text[place + 1 : place + 3]
    return len(after) == 2 and after.islower()


def _stands_among_latin(text: str, place: int) -> bool:
    """True where the word around this place holds a plain Latin letter."""
    if text[place] < "\u0370":
        return False
    start = place
    while start and text[start - 1].isalpha():
        start -= 1
    end = place
    while end < len(text) and text[end].isalpha():
        end += 1
    return any("a" <= letter <= "z" for letter in text[start:end].lower())


def _is_script_mark(character: str) -> bool:
    """Vowel signs and tone marks of Thai and Tamil belong to the word; combining accents are gone by NFKC."""
    return "\u0b80" <= character <= "\u0bff" or "\u0e00" <= character <= "\u0e7f"
