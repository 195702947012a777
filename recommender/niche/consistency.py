"""Does an account say and show what it sells: a score of 0 to 100, its parts with their evidence, a
probability.

The score is the weighted fit of the parts to the declared niche. The probability that the account belongs
to the niche is a logistic regression on the parts' log odds, fitted on the first half of the judged names
and pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recommender.contracts import FloatArray
from recommender.niche.avatar import PictureReading
from recommender.niche.nickname import NameReader, NameReading, WordEvidence
from recommender.niche.params import ConsistencyParams
from recommender.niche.taxonomy import NONE, Taxonomy

PARTS: tuple[str, ...] = ("nickname", "avatar", "handle", "bio", "videos")


@dataclass(frozen=True, slots=True)
class Account:
    """What is judged. Empty text and no picture mean that there is none."""

    nickname: str
    handle: str
    market: str
    niche: str  # declared; a slug of the taxonomy
    bio: str = ""
    captions: tuple[str, ...] = ()  # of recent videos, newest first
    avatar: PictureReading | None = None
    avatar_text: str = ""  # what OCR read in the picture


@dataclass(frozen=True, slots=True)
class Part:
    """One part's share in the score."""

    name: str
    fit: float  # 0-1, to the declared niche
    points: float  # of 100 that it brings
    most_points: float  # that it could bring
    says: str  # the niche it speaks for, or `none`
    evidence: tuple[WordEvidence, ...] = ()  # words for the declared niche and for the one it speaks for
    reason: str = (
        ""  # a code for the page: missing, nothing_face, nothing_place, nothing_sign, other, fits, weak
    )


@dataclass(frozen=True, slots=True)
class Consistency:
    """The judgement of one account."""

    score: float  # 0-100
    probability: float  # 0-1, calibrated: the account belongs to the declared niche
    parts: tuple[Part, ...]
    language: str  # of the nickname
    closest: str  # the niche that the parts together speak for, or `none`
    is_disguised: bool = False
    log_odds: dict[str, float] = field(default_factory=dict)  # per part that is there, clipped


def judge(account: Account, reader: NameReader, params: ConsistencyParams | None = None) -> Consistency:
    """Judge one account.

    Raises ValueError for a niche that is not in the taxonomy and a market without a cart.
    """
    params = params or ConsistencyParams()
    taxonomy = reader.taxonomy
    if account.niche not in taxonomy.niches:
        raise ValueError(
            f"niche {account.niche!r} is not in the taxonomy; choose one of {', '.join(taxonomy.niches)}"
        )
    code = taxonomy.niches.index(account.niche)
    name = reader.read(account.nickname, account.market)
    readings, evidence = _read_parts(account, name, reader)
    fits = {part: float(reading[code]) for part, reading in readings.items()}
    if name.is_disguised:
        fits["nickname"] *= params.disguise_share
    weights = {part: getattr(params, f"{part}_weight") for part in PARTS if _counts(part, readings)}
    total = sum(weights.values())
    parts = tuple(
        _describe(
            part, readings.get(part), fits.get(part, 0.0), weights[part] / total, evidence, account, taxonomy
        )
        for part in weights
    )
    odds = {part: _log_odds(fit) for part, fit in fits.items()}
    return Consistency(
        score=round(sum(part.points for part in parts), 1),
        probability=_calibrate(odds, params),
        parts=parts,
        language=name.language,
        closest=_find_closest(readings, weights, taxonomy),
        is_disguised=name.is_disguised,
        log_odds=odds,
    )


def _read_parts(
    account: Account, name: NameReading, reader: NameReader
) -> tuple[dict[str, FloatArray], dict[str, tuple[WordEvidence, ...]]]:
    """Probabilities over the niches and evidence of each part that is there."""
    handle = reader.read(account.handle, account.market)
    readings = {"nickname": name.probability, "handle": handle.probability}
    evidence = {"nickname": name.evidence, "handle": handle.evidence}
    if account.avatar is not None:
        readings["avatar"], evidence["avatar"] = _read_avatar(account, reader)
    if account.bio:
        bio = reader.read(account.bio, account.market)
        readings["bio"], evidence["bio"] = bio.probability, bio.evidence
    if account.captions:
        captions = [reader.read(caption, account.market) for caption in account.captions]
        readings["videos"] = np.mean([caption.probability for caption in captions], axis=0)
        evidence["videos"] = tuple(item for caption in captions for item in caption.evidence)[:6]
    return readings, evidence


def _counts(part: str, readings: dict[str, FloatArray]) -> bool:
    """A missing avatar costs its points; a missing bio or no videos yet cost nothing."""
    return part in readings or part == "avatar"


def _read_avatar(account: Account, reader: NameReader) -> tuple[FloatArray, tuple[WordEvidence, ...]]:
    """The picture, and what is written in it where OCR is installed: the surer of the two speaks."""
    assert account.avatar is not None
    shown = account.avatar.probability
    if not account.avatar_text:
        return shown, ()
    written: NameReading = reader.read(account.avatar_text, account.market)
    if written.niche == NONE:
        return shown, ()
    return 1.0 - (1.0 - shown) * (1.0 - written.probability), written.evidence


def _describe(
    part: str,
    reading: FloatArray | None,
    fit: float,
    share: float,
    evidence: dict[str, tuple[WordEvidence, ...]],
    account: Account,
    taxonomy: Taxonomy,
) -> Part:
    most = 100.0 * share
    if reading is None:
        return Part(part, 0.0, 0.0, most, NONE, reason="missing")
    best = int(np.argmax(reading[: len(taxonomy.niches) + 1]))
    says = taxonomy.niches[best] if best < len(taxonomy.niches) else NONE
    told = tuple(item for item in evidence.get(part, ()) if item.niche in (account.niche, says))[:4]
    fit = min(fit, 1.0)
    reason = "fits" if fit >= 0.5 else "other" if says not in (NONE, account.niche) else "weak"
    if part == "avatar" and says == NONE and account.avatar is not None:
        reason = f"nothing_{account.avatar.nothing_kind or 'sign'}"
    return Part(part, fit, most * fit, most, says, told, reason)


def _find_closest(readings: dict[str, FloatArray], weights: dict[str, float], taxonomy: Taxonomy) -> str:
    total = np.sum([weights.get(part, 0.0) * reading for part, reading in readings.items()], axis=0)
    best = int(np.argmax(total))
    return taxonomy.niches[best] if best < len(taxonomy.niches) else NONE


def _log_odds(fit: float) -> float:
    """Clipped to what one part may say at most.

    >>> round(_log_odds(0.5), 6), round(_log_odds(1.0), 3)
    (0.0, 4.595)
    """
    bounded = min(max(fit, 0.01), 0.99)
    return math.log(bounded / (1.0 - bounded))


def _calibrate(odds: dict[str, float], params: ConsistencyParams) -> float:
    logit = params.calibration_bias + sum(
        slope * (odds[part] - middle) for part, (slope, middle) in params.calibration.items() if part in odds
    )
    return 1.0 / (1.0 + math.exp(-logit))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change and what the account scores with it, judged again rather than promised."""

    part: str  # nickname, handle, avatar, bio
    value: str  # the new text; for an avatar the part of its side, 0-1, that is shown instead
    score: float  # with this change alone
    gain: float


def suggest(account: Account, reader: NameReader, limit: int = 5) -> list[Suggestion]:
    """Changes that raise the score, best first; each is judged on its own."""
    now = judge(account, reader).score
    found = []
    for part, value in _list_changes(account, reader):
        change: dict[str, Any] = {part: value}
        changed = replace(account, **change)
        score = judge(changed, reader).score
        if score > now + 0.5:
            found.append(Suggestion(part, value, score, round(score - now, 1)))
    best: dict[str, list[Suggestion]] = {}
    for item in sorted(found, key=lambda item: -item.score):
        if len(best.setdefault(item.part, [])) < 2:
            best[item.part].append(item)
    return sorted((item for items in best.values() for item in items), key=lambda item: -item.score)[:limit]


def _list_changes(account: Account, reader: NameReader) -> list[tuple[str, str]]:
    """Words that viewers of the market search, put into the name, handle and bio."""
    language = reader.read(account.nickname, account.market).language
    words = reader.taxonomy.names_of(account.niche, language)[:4]
    words += [word for word in reader.taxonomy.names_of(account.niche, "en")[:1] if word not in words]
    core = _keep_core(account, reader)
    changes: list[tuple[str, str]] = []
    for word in words:
        shown = word.title() if word.isascii() else word
        space = "" if language in ("zh", "th") and not word.isascii() else " "
        order = (core, shown) if language in ("en", "zh", "ta") else (shown, core)
        changes.append(("nickname", space.join(text for text in order if text)[:30]))
        if word.isascii():
            joined = word.replace(" ", "")
            changes.append(("handle", f"{joined}.{account.handle.strip('@._')}"[:24]))
        if not account.bio:
            changes.append(("bio", f"{shown} · {account.nickname}"[:80]))
    return changes


def _keep_core(account: Account, reader: NameReader) -> str:
    """The nickname, or its first words where it is long already."""
    words = account.nickname.split()
    while len(" ".join(words)) > 16 and len(words) > 1:
        words = words[:-1]
    return " ".join(words)[:16]


def list_texts(values: Sequence[str], limit: int) -> tuple[str, ...]:
    """The first `limit` texts that say anything."""
    return tuple(text for value in values if (text := value.strip()))[:limit]
