"""The shop niches and the words people really type for them, in the languages of the eight markets.

The shipped words are the TOML files in `taxonomy/`; an operator's edit is a version in the database with the
same content (`models.TaxonomyVersion`), read into the same `Taxonomy`.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

#: What a name or picture that sells nothing belongs to; never a niche of the taxonomy.
NONE = "none"
FOLDER = Path(__file__).parent / "taxonomy"
#: Files that are no language: pictures and words of no niche.
EMOJI, GENERIC, PRECEDENCE = "emoji", "generic", "precedence"
SECTIONS = ("words", "romanised", "weak")
_SLUG = re.compile(r"[a-z]+(-[a-z]+)*")
#: A niche of fewer words in every language together is a mistake of an editor.
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Word:
    """One entry: what is typed, for which niche, in which language."""

    text: str
    niche: str
    language: str  # of `markets.LANGUAGES`, or "" for pictures
    is_weak: bool = False  # points to the niche, but is said about other things too
    is_romanised: bool = False  # Latin spelling of a language with another script


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All niches, all words, and the words that mean none."""

    version: str  # SHA-256 of the content, first 12 digits
    niches: tuple[str, ...]  # in alphabetical order; the code of a niche is its place here
    words: tuple[Word, ...]
    generic: tuple[tuple[str, str], ...]  # (word, kind): shop, place, person, life
    wins: tuple[tuple[str, str], ...] = ()  # (winner, loser) where a name says both

    def __post_init__(self) -> None:
        if NONE in self.niches:
            raise ValueError(f"niche {NONE!r} is the answer for nothing sold; choose another slug")

    def names_of(self, niche: str, language: str) -> list[str]:
        """Strong words of a niche in a language, as listed: the first is the one searched most."""
        return [
            word.text
            for word in self.words
            if word.niche == niche and word.language == language and not (word.is_weak or word.is_romanised)
        ]


def build_taxonomy(content: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Taxonomy:
    """A taxonomy from {language: {section: {niche: "word, word"}}}, as in the files.

    Raises
    ------
    ValueError
        Naming the file, section and niche that is wrong, and what to write instead.
    """
    words: list[Word] = []
    for language, sections in content.items():
        if language in (GENERIC, PRECEDENCE):
            continue
        for section, niches in sections.items():
            if section not in SECTIONS:
                raise ValueError(f"{language}: section {section!r} is not known; use {', '.join(SECTIONS)}")
            for niche, listed in niches.items():
                words += _read_words(language, section, niche, listed)
    counts: dict[str, int] = {}
    for word in words:
        counts[word.niche] = counts.get(word.niche, 0) + (not word.is_weak)
    for niche, count in counts.items():
        if count < _LEAST_WORDS:
            raise ValueError(f"niche {niche!r} has {count} strong words; give at least {_LEAST_WORDS}")
    generic = {
        (word, kind) for kind, listed in content.get(GENERIC, {}).items() for word in _split(str(listed))
    }
    wins = _read_wins(content.get(PRECEDENCE, {}).get("wins", {}), set(counts))
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return Taxonomy(digest[:12], tuple(sorted(counts)), tuple(words), tuple(sorted(generic)), wins)


def read_shipped_content() -> dict[str, dict[str, Any]]:
    """The content of the shipped files, by file name."""
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))}


@lru_cache(maxsize=1)
def load_taxonomy() -> Taxonomy:
    """The shipped taxonomy."""
    return build_taxonomy(read_shipped_content())


def _read_words(language: str, section: str, niche: str, listed: str) -> list[Word]:
    if not _SLUG.fullmatch(niche) or niche == NONE:
        raise ValueError(
            f"{language}, {section}: niche {niche!r} is no slug; use small English words joined by '-'"
        )
    return [
        Word(
            text,
            niche,
            "" if language == EMOJI else language,
            is_weak=section == "weak",
            is_romanised=section == "romanised",
        )
        for text in _split(listed)
    ]


def _read_wins(listed: Mapping[str, str], niches: set[str]) -> tuple[tuple[str, str], ...]:
    """(winner, loser) pairs; both must be niches of the taxonomy."""
    pairs = tuple((winner, loser) for winner, losers in listed.items() for loser in _split(losers))
    for name in {name for pair in pairs for name in pair} - niches:
        raise ValueError(f"{PRECEDENCE}: niche {name!r} is not in the taxonomy; write one that is")
    return pairs


def _split(listed: str) -> list[str]:
    """Words of a comma-separated list, without repeats.

    >>> _split("lip tint, gloss,, gloss")
    ['lip tint', 'gloss']
    """
    return list(dict.fromkeys(part for piece in listed.split(",") if (part := " ".join(piece.split()))))
