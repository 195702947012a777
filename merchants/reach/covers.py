"""What a draft's cover shows, read once when it is uploaded; the picture itself is not kept."""

from __future__ import annotations

from typing import Any

from merchants.uploads.pictures import SafePicture
from recommender import engine


def read_cover(picture: SafePicture | None) -> dict[str, Any] | None:
    """The picture's fingerprint and what the engine sees in it, as plain numbers; None without one."""
    if picture is None:
        return None
    return {"sha256": picture.sha256, "shown": [list(line) for line in engine.read_cover(picture.pixels)]}
