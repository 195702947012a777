"""The judged sets of the niche readers, and how good the readers are on them.

Names are judged by niche, pictures by niche under each corruption, accounts (a name with a picture) by
whether the niche they declare is theirs. Baselines: the words of the niche's English slug as a substring,
and the embedding alone.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from recommender.contracts import FloatArray
from recommender.markets import MARKETS
from recommender.niche.avatar import PictureReader, PictureReading
from recommender.niche.consistency import Account, Consistency, judge
from recommender.niche.corruptions import CORRUPTIONS
from recommender.niche.nickname import NameReader, NameReading
from recommender.niche.semantics import UnknownWords
from recommender.niche.taxonomy import NONE, Taxonomy
from recommender.niche.text import read_word
from recommender.training.metrics import auc, expected_calibration_error

NICKNAMES = Path(__file__).parent.parent / "niche" / "judged" / "nicknames.csv"
#: Where Debian's package fonts-noto-color-emoji puts the drawings that stand in for pictures.
EMOJI_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
_EMOJI_SIDE = 109  # the only size this bitmap font has
_SEED = 20_261_125
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
#: Emoji that sell nothing: faces, places, signs.
_NOTHING = "😀😎😍🤔😴🥳👩👨👵🙏🏔🏖🌋🌅🌃🌈⭐❤♻⚠🔔💬🏠🏯🗼🌊☁🚀🛸🐅🦁🦅"
_LONGEST_SIDE = 512


@dataclass(frozen=True, slots=True)
class JudgedName:
    """A nickname and the niche that a person gave it."""

    nickname: str
    market: str
    niche: str
    language: str  # "" where the file does not tell


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """An RGB picture (height, width, 3) uint8 and the niche it shows."""

    picture: np.ndarray
    niche: str


def read_names(path: Path, taxonomy: Taxonomy) -> list[JudgedName]:
    """Names of a CSV file with the columns nickname, market, niche and, where told, language.

    Raises ValueError naming the line, column and value.
    """
    names = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if missing := {"nickname", "market", "niche"} - set(rows.fieldnames or ()):
            raise ValueError(f"{path} has no column {', '.join(sorted(missing))}; add it to the first line")
        for line, row in enumerate(rows, start=2):
            market, niche = (row["market"] or "").strip().upper(), (row["niche"] or "").strip()
            if market not in MARKETS:
                raise ValueError(f"{path}, line {line}: market {market!r} is not one of {', '.join(MARKETS)}")
            if niche not in (*taxonomy.niches, NONE):
                raise ValueError(f"{path}, line {line}: niche {niche!r} is not in the taxonomy")
            names.append(
                JudgedName(row["nickname"] or "", market, niche, (row.get("language") or "").strip())
            )
    return names


def read_pictures(folder: Path, taxonomy: Taxonomy) -> list[JudgedPicture]:
    """Pictures of a folder with one folder a niche; a folder that is no niche is refused by name."""
    pictures = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _SUFFIXES:
            continue
        niche = path.relative_to(folder).parts[0]
        if niche not in (*taxonomy.niches, NONE):
            raise ValueError(f"folder {niche!r} in {folder} is no niche; name it by its slug, or {NONE}")
        with Image.open(path) as image:
            image.thumbnail((2 * _LONGEST_SIDE, 2 * _LONGEST_SIDE))
            flat = Image.new("RGB", image.size, (255, 255, 255))
            layer = image.convert("RGBA")
            flat.paste(layer, (0, 0), layer)
            pictures.append(JudgedPicture(np.asarray(flat), niche))
    return pictures


def draw_pictures(taxonomy: Taxonomy, font: Path = EMOJI_FONT) -> list[JudgedPicture]:
    """Emoji of a drawing style that nothing was fitted on, on four grounds; none without the font."""
    if not font.is_file():
        return []
    face = ImageFont.truetype(str(font), _EMOJI_SIDE)
    rng = np.random.default_rng(_SEED)
    texts = {word.text.replace("\ufe0f", ""): word.niche for word in taxonomy.words if not word.language}
    texts |= dict.fromkeys(_NOTHING, NONE)
    pictures = []
    for text, niche in texts.items():
        color = tuple(int(value) for value in rng.integers(180, 256, 3)) if rng.random() < 0.5 else (255,) * 3
        canvas = Image.new("RGB", (160, 160), color)
        ImageDraw.Draw(canvas).text((80, 80), text, font=face, embedded_color=True, anchor="mm")
        pictures.append(JudgedPicture(np.asarray(canvas), niche))
    return pictures


def measure_names(names: Sequence[JudgedName], reader: NameReader) -> dict[str, Any]:
    """Per language: top-1 over all, in and out of the lexicon, for names that sell nothing; two baselines."""
    readings = [reader.read(name.nickname, name.market) for name in names]
    groups: dict[str, list[int]] = defaultdict(list)
    for row, (name, reading) in enumerate(zip(names, readings, strict=True)):
        groups[name.language or reading.language].append(row)
    groups["all"] = list(range(len(names)))
    hits = {
        "ours": [reading.niche == name.niche for name, reading in zip(names, readings, strict=True)],
        "substring": [match_substring(name.nickname, reader.taxonomy) == name.niche for name in names],
        "embedding": _judge_embedding(names, reader),
    }
    return {tag: _sum_up(rows, names, readings, hits) for tag, rows in sorted(groups.items())}


def _sum_up(
    rows: list[int], names: Sequence[JudgedName], readings: list[NameReading], hits: dict[str, list[bool]]
) -> dict[str, Any]:
    selling = [row for row in rows if names[row].niche != NONE]
    inside = [row for row in selling if readings[row].is_in_lexicon]
    outside = [row for row in selling if not readings[row].is_in_lexicon]
    nothing = [row for row in rows if names[row].niche == NONE]

    def share(part: list[int], method: str = "ours") -> float | None:
        return round(float(np.mean([hits[method][row] for row in part])), 4) if part else None

    return {
        "top1": share(rows),
        "n": len(rows),
        "in_lexicon_top1": share(inside),
        "in_lexicon_n": len(inside),
        "out_of_lexicon_top1": share(outside),
        "out_of_lexicon_n": len(outside),
        "none_top1": share(nothing),
        "none_n": len(nothing),
        "substring_top1": share(rows, "substring"),
        "embedding_top1": share(rows, "embedding"),
    }


def match_substring(nickname: str, taxonomy: Taxonomy) -> str:
    """Baseline: the first niche whose slug, or a strong English word of it, stands in the name as letters."""
    folded = read_word(nickname)[1]
    best = ""
    for word in taxonomy.words:
        spelled = re.sub(r"\W", "", word.text.lower())
        if word.language == "en" and not word.is_weak and spelled in folded and len(spelled) > len(best):
            best, niche = spelled, word.niche
    return niche if best else NONE


def _judge_embedding(names: Sequence[JudgedName], reader: NameReader) -> list[bool]:
    """Baseline: the regression on the sentence embedding of the whole name, nothing else."""
    words: UnknownWords | None = reader.unknown_words
    if words is None or words.embed is None:
        return [False] * len(names)
    found = []
    for name in names:
        scores = words.score_meaning(words.embed(name.nickname))
        found.append(words.niches[int(np.argmax(scores))] == name.niche)
    return found


def measure_pictures(pictures: Sequence[JudgedPicture], reader: PictureReader) -> dict[str, Any]:
    """Top-1 per corruption, over all and over the pictures that show goods."""
    lines = {}
    for name, corrupt in CORRUPTIONS.items():
        read = [reader.read([corrupt(item.picture)])[0] for item in pictures]
        hits = np.array([reading.niche == item.niche for reading, item in zip(read, pictures, strict=True)])
        goods = np.array([item.niche != NONE for item in pictures])
        lines[name] = {
            "top1": round(float(hits.mean()), 4),
            "n": len(pictures),
            "goods_top1": round(float(hits[goods].mean()), 4) if goods.any() else None,
            "none_top1": round(float(hits[~goods].mean()), 4) if (~goods).any() else None,
        }
    return lines


def pair_accounts(
    names: Sequence[JudgedName], pictures: Sequence[JudgedPicture], reader: PictureReader, taxonomy: Taxonomy
) -> list[tuple[Account, bool]]:
    """Accounts made of a judged name and a judged picture: once with the niche that is theirs, once shuffled.

    A shuffled account declares another niche, and its picture shows a third one.
    """
    rng = np.random.default_rng(_SEED)
    shown: dict[str, list[PictureReading]] = defaultdict(list)
    for item in pictures:
        shown[item.niche].append(reader.read([item.picture])[0])
    accounts = []
    for name in (name for name in names if name.niche != NONE):
        own = shown.get(name.niche)
        avatar = own[int(rng.integers(len(own)))] if own else None
        other = _choose(rng, [niche for niche in taxonomy.niches if niche != name.niche])
        foreign = [niche for niche in shown if niche not in (name.niche, other)]
        strange = shown[_choose(rng, foreign)] if foreign else None
        wrong = strange[int(rng.integers(len(strange)))] if strange else None
        handle = f"user{rng.integers(10_000, 99_999)}"
        base: dict[str, Any] = {"nickname": name.nickname, "handle": handle, "market": name.market}
        accounts.append((Account(**base, niche=name.niche, avatar=avatar), True))
        accounts.append((Account(**base, niche=other, avatar=wrong), False))
    return accounts


def measure_consistency(
    accounts: Sequence[tuple[Account, bool]], reader: NameReader
) -> tuple[dict[str, Any], list[Consistency]]:
    """AUC of the score, and AUC, ECE and Brier score of the probability, of consistent against shuffled."""
    judged = [judge(account, reader) for account, _ in accounts]
    label = np.array([is_consistent for _, is_consistent in accounts])
    probability: FloatArray = np.array([item.probability for item in judged])
    score = np.array([item.score for item in judged])
    return {
        "auc": round(float(auc(label, probability)), 4),
        "score_auc": round(float(auc(label, score)), 4),
        "ece": round(float(expected_calibration_error(label, probability)), 4),
        "brier": round(float(np.mean((probability - label) ** 2)), 4),
        "n": len(accounts),
    }, judged


def _choose(rng: np.random.Generator, options: list[str]) -> str:
    return options[int(rng.integers(len(options)))]


Say = Callable[[str], None]
