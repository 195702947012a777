"""Judging accounts with the words in force, and keeping what every creator's name says up to date."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from recommender.features.images.safe import open_stored
from recommender.markets import MARKET_CODES, MARKETS
from recommender.models import Creator, CreatorPicture, NewNicheWord, NicheProfile, TaxonomyVersion
from recommender.niche.avatar import PictureReading, crop_middle, load_picture_reader
from recommender.niche.consistency import Account, Consistency, Suggestion, judge, suggest
from recommender.niche.nickname import NameReader, load_name_reader
from recommender.niche.semantics import load_unknown_words
from recommender.niche.taxonomy import NONE, build_taxonomy, read_shipped_content
from recommender.search.index import list_terms

_CHECK_SECONDS = 5.0
_lock = threading.Lock()
_reader: dict[str, Any] = {"version": None, "reader": None, "checked_at": 0.0}
#: A word is shown to operators when so many names of a niche hold it, and few others do.
_LEAST_NAMES, _LEAST_SHARE, _LEAST_LETTERS = 4, 0.8, 3
#: Parts of a picture's side that are tried as a closer view.
_CROP_SHARES = (0.75, 0.55)


@dataclass(frozen=True, slots=True)
class Judgement:
    """An account's consistency, its picture's reading and what would raise it."""

    consistency: Consistency
    suggestions: tuple[Suggestion, ...]
    picture: PictureReading | None


def find_name_reader() -> NameReader:
    """The reader of the active words; another version is noticed within seconds."""
    with _lock:
        if time.monotonic() - _reader["checked_at"] > _CHECK_SECONDS:
            active = TaxonomyVersion.objects.filter(is_active=True).first()
            version = active.pk if active else 0
            if _reader["version"] != version:
                _reader["reader"] = (
                    NameReader(build_taxonomy(active.content), load_unknown_words())
                    if active
                    else load_name_reader()
                )
                _reader["version"] = version
            _reader["checked_at"] = time.monotonic()
        reader: NameReader = _reader["reader"]
        return reader


def list_niches() -> tuple[str, ...]:
    """Slugs of the niches in force."""
    return find_name_reader().taxonomy.niches


def judge_account(
    texts: Mapping[str, Any], avatar: np.ndarray | None, with_suggestions: bool = True
) -> Judgement:
    """Judge an account: texts are the fields of `consistency.Account` but the picture's.

    Raises ValueError for an unknown niche or market, naming the choices.
    """
    reader = find_name_reader()
    shown = None
    if avatar is not None:
        pictures = load_picture_reader(settings.VAR_DIR / "models")
        niche = texts["niche"] if texts["niche"] in pictures.classes[:-1] else None
        shown = pictures.read([avatar], niche)[0]
    account = Account(**texts, avatar=shown)
    suggestions = suggest(account, reader) if with_suggestions else []
    if with_suggestions and avatar is not None:
        suggestions = sorted([*suggestions, *_suggest_crops(account, avatar, reader)], key=_by_score)
    return Judgement(judge(account, reader), tuple(suggestions), shown)


def _by_score(item: Suggestion) -> float:
    return -item.score


def _suggest_crops(account: Account, avatar: np.ndarray, reader: NameReader) -> list[Suggestion]:
    """The account's own picture with its middle shown larger, where that says more; each one is read."""
    crops = [crop_middle(avatar, share) for share in _CROP_SHARES]
    readings = load_picture_reader(settings.VAR_DIR / "models").read(crops)
    now = judge(account, reader).score
    found = []
    for share, reading in zip(_CROP_SHARES, readings, strict=True):
        score = judge(replace(account, avatar=reading), reader).score
        if score > now + 1.0:
            found.append(Suggestion("avatar", str(share), score, round(score - now, 1)))
    return sorted(found, key=_by_score)[:1]


def check_taxonomy(content: Any) -> None:
    """Raise ValueError for words that could not be used, naming the file, section and niche."""
    if not isinstance(content, dict) or not content:
        raise ValueError("niche words must be an object {language: {section: {niche: 'word, word'}}}")
    build_taxonomy(content)


def save_taxonomy(content: Any, note: str) -> TaxonomyVersion:
    """A new version of the words, active at once."""
    check_taxonomy(content)
    with transaction.atomic():
        TaxonomyVersion.objects.filter(is_active=True).update(is_active=False)
        return TaxonomyVersion.objects.create(content=content, note=note, is_active=True)


def activate_taxonomy(version: TaxonomyVersion) -> None:
    """Return to a version."""
    with transaction.atomic():
        TaxonomyVersion.objects.filter(is_active=True).update(is_active=False)
        TaxonomyVersion.objects.filter(pk=version.pk).update(is_active=True)


def read_taxonomy_content() -> dict[str, Any]:
    """The words in force, as they are edited."""
    active = TaxonomyVersion.objects.filter(is_active=True).first()
    return dict(active.content) if active else read_shipped_content()


def read_creators(limit: int = 2000) -> int:
    """Read the names of creators that are new, changed or were read with other words; how many."""
    reader = find_name_reader()
    stale = Creator.objects.filter(
        models.Q(profile=None)
        | models.Q(profile__read_at__lt=models.F("updated_at"))
        | ~models.Q(profile__taxonomy=reader.taxonomy.version)
    ).order_by("pk")[:limit]
    creators = list(stale)
    pictures = CreatorPicture.objects.in_bulk([creator.pk for creator in creators])
    profiles = [_describe(creator, reader, pictures.get(creator.pk)) for creator in creators]
    NicheProfile.objects.bulk_create(
        profiles,
        update_conflicts=True,
        unique_fields=["creator"],
        update_fields=["niche", "probability", "language", "terms", "evidence", "taxonomy", "read_at"],
    )
    return len(profiles)


def _describe(creator: Creator, reader: NameReader, picture: CreatorPicture | None) -> NicheProfile:
    market = creator.market if creator.market in MARKETS else MARKET_CODES[0]
    name = creator.nickname or creator.handle
    reading = reader.read(name, market)
    probability = float(reading.probability.max()) if reading.niche != NONE else 0.0
    if picture is not None and reading.niche != NONE:  # the face counts as much as the profile page says
        texts = {"nickname": name, "handle": creator.handle, "market": market, "niche": reading.niche}
        pixels = open_stored(bytes(picture.image))
        probability = judge_account(texts, pixels, with_suggestions=False).consistency.probability
    return NicheProfile(
        creator=creator,
        niche=reading.niche,
        probability=probability,
        language=reading.language,
        terms=list(dict.fromkeys((*list_terms(name), *list_terms(creator.handle))))[:24],
        evidence=[asdict(item) for item in reading.evidence[:4]],
        taxonomy=reader.taxonomy.version,
        read_at=timezone.now(),
    )


def find_new_words() -> int:
    """Note the words that names of one niche share and the taxonomy lacks; how many are new."""
    reader = find_name_reader()
    by_word: dict[str, Counter[str]] = {}
    for niche, terms in NicheProfile.objects.values_list("niche", "terms").iterator():
        for term in terms:
            by_word.setdefault(term, Counter())[niche] += 1
    made = 0
    for word, niches in by_word.items():
        niche, count = niches.most_common(1)[0]
        share = count / niches.total()
        is_known = reader.lexicon.knows(word) or len(word) < _LEAST_LETTERS or len(word) > 40
        if niche == NONE or is_known or count < _LEAST_NAMES or share < _LEAST_SHARE:
            continue
        _, is_new = NewNicheWord.objects.update_or_create(
            word=word, niche=niche, defaults={"name_count": count, "share": share}
        )
        made += is_new
    return made
