"""Pictures from outside, made safe: few formats, a pixel budget read from the header, one frame, new bytes.

What is kept is never what came in: the pixels are decoded and written as a new PNG, so that positions,
comments and hidden files are gone. No address is ever fetched.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 20_000_000
STORED_SIDE = 512
_LEAST_SIDE = 32

#: Why a picture is refused, and what to do.
REFUSALS: dict[str, str] = {
    "bytes": "The picture is larger than 5 MB; save a smaller copy.",
    "unreadable": "The file cannot be read as a picture; upload a PNG, JPEG or WebP file.",
    "pixels": "The picture has more than 20 million pixels; save a smaller copy.",
    "small": "The picture is smaller than 32 pixels; upload a larger one.",
    "moves": "The picture moves; upload one that stands still.",
}


class RefusedPictureError(ValueError):
    """The bytes are no picture that is taken; `reason` is a key of REFUSALS."""

    def __init__(self, reason: str) -> None:
        super().__init__(REFUSALS[reason])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SafePicture:
    """A picture as it is stored and read."""

    png: bytes
    sha256: str
    pixels: np.ndarray  # (height, width, 3) uint8 RGB


def read_picture(content: bytes, side: int = STORED_SIDE) -> SafePicture:
    """Check a picture and encode it again as a square of at most `side` pixels.

    Raises RefusedPictureError.
    """
    if len(content) > MAX_BYTES:
        raise RefusedPictureError("bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:  # the header alone is read here
                _check_header(image)
                image.draft("RGB", (2 * side, 2 * side))
                flat = _flatten(ImageOps.exif_transpose(image), side)
    except RefusedPictureError:
        raise
    except Exception as problem:  # Pillow raises many kinds for broken files; all mean the same
        raise RefusedPictureError("unreadable") from problem
    return _encode(flat)


def open_stored(png: bytes) -> np.ndarray:
    """(height, width, 3) uint8 of a picture that was stored."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(image.convert("RGB"))


def _check_header(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise RefusedPictureError("pixels")
    if min(width, height) < _LEAST_SIDE:
        raise RefusedPictureError("small")
    if getattr(image, "n_frames", 1) > 1:
        raise RefusedPictureError("moves")


def _flatten(image: Image.Image, most: int) -> Image.Image:
    """The centre square on white, at most `most` a side."""
    layer = image.convert("RGBA")
    ground = Image.new("RGB", layer.size, (255, 255, 255))
    ground.paste(layer, (0, 0), layer)
    side = min(min(ground.size), most)
    return ImageOps.fit(ground, (side, side), Image.Resampling.LANCZOS)


def _encode(image: Image.Image) -> SafePicture:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    png = buffer.getvalue()
    return SafePicture(png, hashlib.sha256(png).hexdigest(), np.asarray(image))
