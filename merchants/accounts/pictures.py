"""An account's picture: any common image in, a small PNG out; what is no picture is refused."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageOps, UnidentifiedImageError

from merchants.models import Account, Avatar

MAX_UPLOAD_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000  # an image that inflates to more is refused before it is decoded
SIDE = 512


class PictureError(ValueError):
    """The upload is no picture that we can take; says why and what would do."""


def store_picture(account: Account, data: bytes) -> Avatar:
    """Keep a picture for an account, in place of an earlier one.

    Raises
    ------
    PictureError
        Too large, damaged, or no image.
    """
    image = shrink(data)
    avatar, _ = Avatar.objects.update_or_create(
        account=account, defaults={"image": image, "sha256": hashlib.sha256(image).hexdigest()}
    )
    return avatar


def shrink(data: bytes) -> bytes:
    """The picture as PNG of at most `SIDE` pixels each way, upright, without metadata."""
    if len(data) > MAX_UPLOAD_BYTES:
        raise PictureError(
            f"the picture has {len(data) // 1024**2} MiB, the limit is 8 MiB; choose a smaller one"
        )
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PictureError(
                    f"the picture has {opened.width} x {opened.height} pixels; choose a smaller one"
                )
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError("this is no PNG, JPEG, WebP or GIF picture; choose another file") from None
    upright.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    upright.save(file, "PNG", optimize=True)
    return file.getvalue()
