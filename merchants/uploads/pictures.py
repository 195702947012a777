"""Uploaded pictures, made safe: a few formats, a pixel budget read from the header, one frame, encoded again.

What is stored is never what was uploaded: the pixels are decoded and written as a new PNG, so that positions,
comments and hidden files are gone. No address is ever fetched.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 20_000_000
STORED_SIDE = 512
_LEAST_SIDE = 32


class RefusedPictureError(ValueError):
    """The file is no picture that is taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class SafePicture:
    """A picture as it is stored and read."""

    png: bytes
    sha256: str
    pixels: np.ndarray  # (height, width, 3) uint8 RGB


def read_picture(content: bytes) -> SafePicture:
    """Check and encode an uploaded picture again.

    Raises RefusedPictureError in the words the merchant sees.
    """
    if len(content) > MAX_BYTES:
        raise RefusedPictureError(_("The picture is larger than 5 MB; save a smaller copy."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:  # the header alone is read here
                _check_header(image)
                image.draft("RGB", (2 * STORED_SIDE, 2 * STORED_SIDE))
                flat = _flatten(ImageOps.exif_transpose(image))
    except RefusedPictureError:
        raise
    except Exception as problem:  # Pillow raises many kinds for broken files; all mean the same to a merchant
        raise RefusedPictureError(
            _("The file cannot be read as a picture; upload a PNG, JPEG or WebP file.")
        ) from problem
    return _store(flat)


def open_stored(png: bytes) -> np.ndarray:
    """(height, width, 3) uint8 of a picture that was stored."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(image.convert("RGB"))


def _check_header(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise RefusedPictureError(_("The picture has more than 20 million pixels; save a smaller copy."))
    if min(width, height) < _LEAST_SIDE:
        raise RefusedPictureError(_("The picture is smaller than 32 pixels; upload a larger one."))
    if getattr(image, "n_frames", 1) > 1:
        raise RefusedPictureError(_("The picture moves; upload one that stands still."))


def _flatten(image: Image.Image) -> Image.Image:
    """The centre square on white, at most `STORED_SIDE` a side."""
    layer = image.convert("RGBA")
    ground = Image.new("RGB", layer.size, (255, 255, 255))
    ground.paste(layer, (0, 0), layer)
    side = min(min(ground.size), STORED_SIDE)
    return ImageOps.fit(ground, (side, side), Image.Resampling.LANCZOS)


def _store(image: Image.Image) -> SafePicture:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    png = buffer.getvalue()
    return SafePicture(png, hashlib.sha256(png).hexdigest(), np.asarray(image))
