"""Avatars as they are really seen: small, round, compressed, too dark, too light. RGB arrays in and out."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

Picture = np.ndarray  # (height, width, 3) uint8

#: Side of an avatar in a list of search results, pixels.
SMALL_SIDE = 100


def crop_square(picture: Picture) -> Picture:
    """The centre square, as platforms cut an upload."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def shrink(picture: Picture) -> Picture:
    """Down to `SMALL_SIDE` pixels a side."""
    small = Image.fromarray(crop_square(picture)).resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(small)


def round_off(picture: Picture, color: tuple[int, int, int] = (255, 255, 255)) -> Picture:
    """The circle that apps show, on a plain ground."""
    square = Image.fromarray(crop_square(picture))
    mask = Image.new("L", square.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, square.width - 1, square.height - 1), fill=255)
    ground = Image.new("RGB", square.size, color)
    ground.paste(square, (0, 0), mask)
    return np.asarray(ground)


def compress(picture: Picture, quality: int = 30) -> Picture:
    """Through JPEG at a low quality, 1-95."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def brighten(picture: Picture, factor: float) -> Picture:
    """Darker below 1, lighter above."""
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(picture)).enhance(factor))


#: What `evaluate niche` does to each avatar, by name.
CORRUPTIONS: dict[str, Callable[[Picture], Picture]] = {
    "clean": crop_square,
    "circle": round_off,
    "circle_100px": lambda picture: round_off(shrink(picture)),
    "small_100px": shrink,
    "jpeg_q30_100px": lambda picture: compress(shrink(picture)),
    "dark": lambda picture: brighten(crop_square(picture), 0.5),
    "light": lambda picture: brighten(crop_square(picture), 1.5),
}
