"""Uploads that attack: bombs, moving pictures, other formats, hidden data."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from recommender.features.images.safe import STORED_SIDE, RefusedPictureError, open_stored, read_picture


def draw(width: int = 300, height: int = 200) -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(values)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def make_bomb() -> bytes:
    """A PNG of a few hundred bytes whose header says 50,000 x 50,000."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_cut_square_and_encoded_again(kind: str) -> None:
    safe = read_picture(encode(draw(900, 700), kind))
    assert safe.pixels.shape == (STORED_SIDE, STORED_SIDE, 3)
    assert np.array_equal(open_stored(safe.png), safe.pixels)


def test_nothing_of_the_upload_but_its_pixels_is_kept() -> None:
    image = draw()
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    content = encode(image, "JPEG", exif=exif) + b"<script>alert(1)</script>"
    safe = read_picture(content)
    assert b"secret" not in safe.png
    assert b"script" not in safe.png


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><img src=x></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        make_bomb(),
        encode(draw(), "GIF"),
        encode(draw(), "BMP"),
        encode(draw(), "PNG")[:200],
        encode(draw(20, 20), "PNG"),
        encode(draw(), "PNG", save_all=True, append_images=[draw().rotate(90)]),
        encode(draw(), "WEBP", save_all=True, append_images=[draw().rotate(90)]),
        b"\0" * (5 * 1024 * 1024 + 1),
    ],
    ids="empty html svg bomb gif bmp cut tiny apng moving-webp large".split(),
)
def test_what_is_no_still_picture_of_an_allowed_kind_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedPictureError):
        read_picture(content)
