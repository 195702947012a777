"""Fits what reads avatars: a regression on the CNN's features, over pictures that lie in folders by niche.

Emoji drawings are added by the taxonomy's own pictures: a file named `1f484.png` shows what 💄 stands for.
Pictures are put on grounds, cut, shrunk, compressed and lit as avatars are before they are encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from recommender.contracts import FloatArray
from recommender.features.images.encoder import ImageEncoder
from recommender.niche.avatar import NOTHING_KINDS, scale_embedding
from recommender.niche.corruptions import brighten, compress, round_off, shrink
from recommender.niche.taxonomy import NONE, Taxonomy

_SEED = 20_261_125
_SIDE = 256
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
#: Views of each picture; a photograph counts for more than a drawing, a picture of nothing for less.
_VIEWS, _NOTHING_VIEWS = 3, 1
_PHOTO_WEIGHT, _NOTHING_WEIGHT = 3.0, 0.35
#: Share of the emoji that show nothing of any niche that are used: there are ten times as many.
_NOTHING_SHARE = 0.35
#: Code points of emoji that are faces and people, and places and weather; the others are signs.
_FACES = ((0x1F600, 0x1F64F), (0x1F466, 0x1F487), (0x1F910, 0x1F93E), (0x1F970, 0x1F97A), (0x1F9D0, 0x1F9DF))
_PLACES = ((0x1F300, 0x1F32C), (0x1F3D4, 0x1F3F0), (0x1F5FB, 0x1F5FF), (0x1F680, 0x1F6A4), (0x1F304, 0x1F30C))


@dataclass(frozen=True, slots=True)
class Source:
    """One picture file and what it shows."""

    path: Path
    niche: str
    kind: str  # of NOTHING_KINDS for a picture of nothing sold, else ""
    is_photo: bool


def gather_sources(taxonomy: Taxonomy, emoji_folders: Sequence[Path], folder: Path | None) -> list[Source]:
    """Pictures of emoji folders by file name, and of a folder with one folder a niche (`none/face/...` etc.).

    Raises ValueError for a folder that is no niche.
    """
    by_code = {_spell_code(word.text): word.niche for word in taxonomy.words if not word.language}
    rng = np.random.default_rng(_SEED)
    sources = []
    for path in (path for root in emoji_folders for path in sorted(root.iterdir())):
        code = path.stem.lower().replace("-fe0f", "")
        if path.suffix not in _SUFFIXES or any(f"1f3f{tone}" in code for tone in "bcdef"):
            continue
        niche = by_code.get(code, NONE)
        if niche != NONE or (rng.random() < _NOTHING_SHARE and not code.startswith("1f1")):
            sources.append(Source(path, niche, _find_kind(code) if niche == NONE else "", False))
    for path in sorted(folder.rglob("*")) if folder else []:
        niche = path.relative_to(folder).parts[0] if folder else NONE
        if path.suffix.lower() not in _SUFFIXES:
            continue
        if niche not in (*taxonomy.niches, NONE):
            raise ValueError(
                f"folder {niche!r} is no niche; name it {NONE} or one of {', '.join(taxonomy.niches)}"
            )
        kind = path.parent.name if path.parent.name in NOTHING_KINDS else NOTHING_KINDS[-1]
        sources.append(
            Source(path, niche, kind if niche == NONE else "", path.suffix.lower() in (".jpg", ".jpeg"))
        )
    return sources


def fit_pictures(
    taxonomy: Taxonomy, sources: Sequence[Source], encoder: ImageEncoder, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays of both regressions, and how many pictures they were fitted on."""
    from sklearn.linear_model import LogisticRegression

    classes = (*taxonomy.niches, NONE)
    say(f"encoding {len(sources)} pictures ...")
    embedding, owner = _encode(sources, encoder)
    rows = scale_embedding(embedding)
    label = np.array([classes.index(sources[place].niche) for place in owner])
    weight = np.array([_weigh(sources[place]) for place in owner])
    model = LogisticRegression(C=1.0, max_iter=300).fit(rows, label, sample_weight=weight)
    weights = np.zeros((rows.shape[1], len(classes)))
    bias = np.full(len(classes), float(model.intercept_.min()) - 2.0)
    weights[:, model.classes_], bias[model.classes_] = model.coef_.T, model.intercept_
    nothing = np.array([bool(sources[place].kind) for place in owner])
    kinds = np.array([NOTHING_KINDS.index(sources[place].kind or NOTHING_KINDS[0]) for place in owner])
    kind_model = LogisticRegression(C=1.0, max_iter=300).fit(rows[nothing], kinds[nothing])
    scale = float(np.abs(weights).max()) / 127
    arrays = {
        "weights": np.round(weights / scale).astype(np.int8),
        "scale": np.float32(scale),
        "bias": bias.astype(np.float32),
        "kind_weights": kind_model.coef_.T.astype(np.float16),
        "kind_bias": kind_model.intercept_.astype(np.float32),
    }
    counts = {name: sum(source.niche == name for source in sources) for name in classes}
    return arrays, {"classes": classes, "pictures": counts, "photographs": sum(s.is_photo for s in sources)}


def _encode(sources: Sequence[Source], encoder: ImageEncoder) -> tuple[FloatArray, list[int]]:
    """(n_views, 1280) embeddings and the source of each."""
    embeddings, owner = [], []
    for place, source in enumerate(sources):
        views = list(_make_views(source, np.random.default_rng([_SEED, place])))
        embeddings.append(encoder.encode(views).embedding)
        owner += [place] * len(views)
    return np.concatenate(embeddings), owner


def _make_views(source: Source, rng: np.random.Generator) -> Iterator[np.ndarray]:
    with Image.open(source.path) as file:
        image = file.convert("RGBA")
    image.thumbnail((2 * _SIDE, 2 * _SIDE))
    for _ in range(_VIEWS if source.niche != NONE else _NOTHING_VIEWS):
        yield _spoil(_place(image, source.is_photo, rng), rng)


def _place(image: Image.Image, is_photo: bool, rng: np.random.Generator) -> np.ndarray:
    """The picture on a ground of its own, shifted, scaled and sometimes mirrored; (256, 256, 3) uint8."""
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    share = rng.uniform(1.0, 1.3) if is_photo else rng.uniform(0.55, 0.98)
    fit = min if is_photo else max
    scale = _SIDE * share / fit(image.size)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    ground = Image.new("RGB", (_SIDE, _SIDE), _choose_color(rng))
    shift = rng.integers(-12, 13, 2)
    place = ((_SIDE - image.width) // 2 + int(shift[0]), (_SIDE - image.height) // 2 + int(shift[1]))
    ground.paste(image, place, image)
    return np.asarray(ground)


def _choose_color(rng: np.random.Generator) -> tuple[int, int, int]:
    """White, nearly black or any light colour."""
    draw = rng.random()
    if draw < 0.4:
        return (255, 255, 255)
    low, high = (0, 40) if draw < 0.55 else (120, 256)
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return (red, green, blue)


def _spoil(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.4:
        picture = round_off(picture, (255, 255, 255) if rng.random() < 0.6 else (0, 0, 0))
    if rng.random() < 0.4:
        picture = shrink(picture)
    if rng.random() < 0.3:
        picture = compress(picture, int(rng.integers(25, 80)))
    if rng.random() < 0.3:
        picture = brighten(picture, rng.uniform(0.5, 1.5))
    return picture


def _weigh(source: Source) -> float:
    if source.niche == NONE:
        return _NOTHING_WEIGHT
    return _PHOTO_WEIGHT if source.is_photo else 1.0


def _spell_code(text: str) -> str:
    return "-".join(f"{ord(letter):04x}" for letter in text if letter != "\ufe0f")


def _find_kind(code: str) -> str:
    first = int(code.split("-")[0], 16)
    for kind, ranges in zip(NOTHING_KINDS, (_FACES, _PLACES), strict=False):
        if any(low <= first <= high for low, high in ranges):
            return kind
    return NOTHING_KINDS[-1]
