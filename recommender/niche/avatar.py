"""What an avatar shows: niches from the CNN's ImageNet classes and from a regression on its features.

The two are multiplied: the classes know photographs of goods that ImageNet has, the regression (fitted by
`training/niche_pictures.py`) knows drawings and the niches without a class. A picture that shows nothing of
any niche is told apart as a face, a place or a sign. Where in the picture the evidence lies follows from
the last feature map (class activation mapping, Zhou et al., CVPR 2016).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from recommender.contracts import FloatArray, IntArray
from recommender.features.images.encoder import ImageEncoder, PictureFeatures, load_encoder
from recommender.niche.params import AvatarParams
from recommender.niche.semantics import log_softmax
from recommender.niche.taxonomy import NONE
from recommender.niche.weights import read_weights

CLASSES_FILE = Path(__file__).parent / "picture_classes.toml"
#: What a picture that sells nothing shows instead.
NOTHING_KINDS: tuple[str, ...] = ("face", "place", "sign")


@dataclass(frozen=True, slots=True)
class PictureReading:
    """What one picture shows."""

    probability: FloatArray  # (n_niches + 1,) float64, adds up to 1; the last entry is `none`
    niche: str  # the likeliest, or `none`
    nothing_kind: str  # face, place or sign where `none` is likeliest, else ""
    region: FloatArray  # (7, 7) float32 in 0-1: how much each part of the picture speaks for `region_niche`
    region_niche: str  # the niche that the region speaks for: the likeliest real one
    embedding: FloatArray  # (1280,) float32 of length 4: what the picture looks like, for comparing


class PictureReader:
    """Reads avatars. Arrays as fitted by `training.niche_pictures`; classes are niches with `none` last."""

    def __init__(
        self,
        encoder: ImageEncoder,
        classes: Sequence[str],
        weights: FloatArray,  # (1280, n_classes)
        bias: FloatArray,  # (n_classes,)
        kind_weights: FloatArray,  # (1280, 3)
        kind_bias: FloatArray,  # (3,)
        params: AvatarParams | None = None,
    ) -> None:
        self.classes = tuple(classes)
        self.params = params or AvatarParams()
        self._encoder = encoder
        self._weights, self._bias = weights, bias
        self._kind_weights, self._kind_bias = kind_weights, kind_bias
        self._members = list_members(self.classes)

    def read(self, pictures: Sequence[np.ndarray], niche: str | None = None) -> list[PictureReading]:
        """Readings of RGB pictures, each (height, width, 3) uint8; `niche` asks for that niche's region.

        Raises ValueError for an array that is no picture, and for an unknown niche.
        """
        if niche is not None and niche not in self.classes:
            raise ValueError(f"niche {niche!r} is not known; choose one of {', '.join(self.classes[:-1])}")
        features = self._encoder.encode(pictures)
        logits = self.score(features)
        round_rows = [row for row, picture in enumerate(pictures) if has_plain_corners(picture)]
        if round_rows:
            inner = self._encoder.encode([cut_inner(pictures[row]) for row in round_rows])
            logits[round_rows] = (logits[round_rows] + self.score(inner)) / 2
        probability = np.exp(log_softmax(logits / self.params.temperature))
        kinds = np.argmax(scale_embedding(features.embedding) @ self._kind_weights + self._kind_bias, axis=1)
        return [
            self._tell(probability[row], int(kinds[row]), features, row, niche)
            for row in range(len(pictures))
        ]

    def score(self, features: PictureFeatures) -> FloatArray:
        """(n, n_classes) float64 log scores."""
        by_class = score_classes(features.logits, self._members, self.params.none_bias)
        learnt = log_softmax(scale_embedding(features.embedding) @ self._weights + self._bias)
        scores: FloatArray = by_class + self.params.learnt_share * learnt
        return scores

    def _tell(
        self, probability: FloatArray, kind: int, features: PictureFeatures, row: int, niche: str | None
    ) -> PictureReading:
        best = int(np.argmax(probability))
        shown = self.classes[best]
        asked = self.classes.index(niche) if niche else int(np.argmax(probability[:-1]))
        return PictureReading(
            probability=probability,
            niche=shown,
            nothing_kind=NOTHING_KINDS[kind] if shown == NONE else "",
            region=self._find_region(features.feature_map[row], asked),
            region_niche=self.classes[asked],
            embedding=scale_embedding(features.embedding[row : row + 1])[0].astype(np.float32),
        )

    def _find_region(self, feature_map: FloatArray, code: int) -> FloatArray:
        """(7, 7) in 0-1: the learnt weights of a class at each place of the feature map."""
        weights = self._weights[:, code] - self._weights.mean(axis=1)
        heat = np.maximum(np.einsum("c,cyx->yx", weights, np.sqrt(np.maximum(feature_map, 0.0))), 0.0)
        top = float(heat.max())
        region: FloatArray = (heat / top if top > 0 else heat).astype(np.float32)
        return region


def has_plain_corners(picture: np.ndarray) -> bool:
    """True where the four corners are of one colour: a circle on a ground, or goods on a plain one."""
    side = max(2, min(picture.shape[:2]) // 16)
    corners = [picture[:side, :side], picture[:side, -side:], picture[-side:, :side], picture[-side:, -side:]]
    values = np.concatenate([corner.reshape(-1, 3) for corner in corners]).astype(np.float32)
    return bool(np.all(values.std(axis=0) < _PLAIN_DEVIATION))


def cut_inner(picture: np.ndarray) -> np.ndarray:
    """The square inside the circle that touches the edges."""
    return crop_middle(picture, 1 - 2 * _INNER_MARGIN)


def crop_middle(picture: np.ndarray, share: float) -> np.ndarray:
    """The middle `share` (0-1) of each side of a picture."""
    height, width = picture.shape[:2]
    top, left = round(height * (1 - share) / 2), round(width * (1 - share) / 2)
    return picture[top : height - top, left : width - left]


def list_members(classes: Sequence[str]) -> list[IntArray]:
    """ImageNet classes of each niche of `classes`; the last (`none`) gets all that are named nowhere."""
    listed: dict[str, list[int]] = tomllib.loads(CLASSES_FILE.read_text("utf-8"))
    named = {number for numbers in listed.values() for number in numbers}
    rest = [number for number in range(1000) if number not in named]
    return [np.array(rest if name == NONE else listed.get(name, []), dtype=np.int64) for name in classes]


def score_classes(logits: FloatArray, members: Sequence[IntArray], none_bias: float) -> FloatArray:
    """(n, n_classes) log of the summed ImageNet probabilities of each niche, not below `_FLOOR`."""
    log_probability = log_softmax(logits.astype(np.float64))
    scores = np.full((len(logits), len(members)), _FLOOR)
    for code, numbers in enumerate(members):
        if len(numbers):
            scores[:, code] = np.logaddexp.reduce(log_probability[:, numbers], axis=1)
    scores[:, -1] += none_bias
    floored: FloatArray = np.maximum(scores, _FLOOR)
    return floored


def scale_embedding(embedding: FloatArray) -> FloatArray:
    """(n, 1280) square roots of length `_LENGTH`: a few loud channels would drown the others."""
    rooted = np.sqrt(np.maximum(embedding.astype(np.float64), 0.0))
    scaled: FloatArray = rooted * (_LENGTH / np.maximum(np.linalg.norm(rooted, axis=1, keepdims=True), 1e-12))
    return scaled


_FLOOR, _LENGTH = -9.0, 4.0
_PLAIN_DEVIATION = 12.0
#: (1 - sqrt(1/2)) / 2: what lies outside the square inside a circle, on each side.
_INNER_MARGIN = 0.146


@lru_cache(maxsize=2)
def load_picture_reader(cache_folder: Path | None = None) -> PictureReader:
    """The reader with the shipped weights; the CNN is kept in `cache_folder` where one is given."""
    arrays, meta = read_weights("pictures")
    return PictureReader(
        load_encoder(cache_folder),
        meta["classes"],
        arrays["weights"].astype(np.float64) * float(arrays["scale"]),
        arrays["bias"].astype(np.float64),
        arrays["kind_weights"].astype(np.float64),
        arrays["kind_bias"].astype(np.float64),
    )
