"""A picture as numbers: the pretrained CNN on onnxruntime, one thread, 3 to 9 ms a picture.

Takes decoded RGB arrays only; opening uploaded files safely is the rim's work (`merchants/uploads`).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from recommender.contracts import FloatArray
from recommender.features.images.graph import EMBEDDING, IMAGE_SIZE, INPUT, LOGITS, MAP
from recommender.features.images.pretrained import find_weights_file, read_pretrained

#: Changes when the graph is built another way, so that a cached file of an older build is not used.
_BUILD = 1
#: As the weights were trained: (value - 127) / 128, not ImageNet's mean and deviation.
_MIDDLE, _SPREAD = 127.0, 128.0
#: The centre of this share of the shorter side is looked at, as in training.
_CROP_SHARE = IMAGE_SIZE / (IMAGE_SIZE + 32)


@dataclass(frozen=True, slots=True)
class PictureFeatures:
    """What the CNN sees in n pictures."""

    embedding: FloatArray  # (n, 1280) float32, >= 0
    logits: FloatArray  # (n, 1000) float32, ImageNet classes in their usual order
    feature_map: FloatArray  # (n, 1280, 7, 7) float32; its mean over the places is the embedding


class ImageEncoder:
    """The CNN, ready to run. Safe to share between threads."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def encode(self, pictures: Sequence[np.ndarray], crop: bool = False) -> PictureFeatures:
        """Features of RGB pictures, each (height, width, 3) uint8 of any size.

        `crop` looks at the centre as in training; without it the whole picture is squeezed into the square,
        which suits avatars: they are square and their edge matters.

        Raises ValueError for a picture of another shape or dtype, or none at all.
        """
        if not pictures:
            raise ValueError("no picture was given; give at least one array of shape (height, width, 3)")
        batch = np.stack([prepare(picture, crop) for picture in pictures])
        feature_map, embedding, logits = self._session.run([MAP, EMBEDDING, LOGITS], {INPUT: batch})
        return PictureFeatures(np.asarray(embedding), np.asarray(logits), np.asarray(feature_map))


def prepare(picture: np.ndarray, crop: bool) -> FloatArray:
    """(3, 224, 224) float32 of an RGB picture, as the weights were trained."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ValueError(
            f"a picture has shape {picture.shape} and dtype {picture.dtype}; (height, width, 3) uint8 is due"
        )
    image = Image.fromarray(picture)
    if crop:
        side = min(image.size) * _CROP_SHARE
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
        image = image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC, box=box)
    else:
        image = image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
    values = (np.asarray(image, dtype=np.float32) - _MIDDLE) / _SPREAD
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def build_model(cache_folder: Path | None = None) -> bytes:
    """The ONNX model; kept in `cache_folder` (18 MB) where one is given, because building takes a second."""
    stamp = f"{_BUILD}-{find_weights_file().stat().st_size}"
    name = f"efficientnet-lite0-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}.onnx"
    path = cache_folder / name if cache_folder is not None else None
    if path is not None and path.is_file():
        return path.read_bytes()
    from recommender.features.images.graph import build_graph

    model = build_graph(read_pretrained())
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(model)
        os.replace(file.name, path)
    return model


@lru_cache(maxsize=2)
def load_encoder(cache_folder: Path | None = None) -> ImageEncoder:
    """The encoder of this process."""
    return ImageEncoder(build_model(cache_folder))
