"""Creators' avatars: made safe, read once, shown beside search results."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from django.conf import settings
from django.utils import timezone

from recommender.features.images.safe import read_picture
from recommender.models import Creator, CreatorPicture
from recommender.niche.avatar import PictureReading, load_picture_reader

#: Side of what is kept: a search result shows it smaller still.
KEPT_SIDE = 128


class NoSuchCreatorError(Exception):
    """A picture came for a creator that nobody has introduced."""


def keep_picture(creator_id: int, content: bytes) -> CreatorPicture:
    """Make a creator's avatar safe, read it and keep it; the same bytes again change nothing.

    Raises RefusedPictureError for bytes that are no picture, NoSuchCreatorError for an unknown creator.
    """
    creator = Creator.objects.filter(pk=creator_id).first()
    if creator is None:
        raise NoSuchCreatorError(f"creator {creator_id} is not known; send it to POST /api/v1/creators first")
    safe = read_picture(content, KEPT_SIDE)
    kept = CreatorPicture.objects.filter(creator=creator, sha256=safe.sha256).first()
    if kept is not None:
        return kept
    shown = look_at(safe.pixels)
    kept, _ = CreatorPicture.objects.update_or_create(
        creator=creator,
        defaults={
            "image": safe.png, "sha256": safe.sha256, "niche": shown.niche,
            "embedding": shown.embedding.astype(np.float16).tobytes(), "changed_at": timezone.now(),
        },
    )  # fmt: skip
    Creator.objects.filter(pk=creator_id).update(updated_at=timezone.now())  # its profile is read again
    return kept


def look_at(pixels: np.ndarray) -> PictureReading:
    """What an RGB picture, (height, width, 3) uint8, shows."""
    return load_picture_reader(settings.VAR_DIR / "models").read([pixels])[0]


def find_picture(creator_id: int) -> bytes | None:
    """The PNG of a creator's avatar."""
    image = CreatorPicture.objects.filter(pk=creator_id).values_list("image", flat=True).first()
    return bytes(image) if image is not None else None


def find_pictures(creator_ids: Iterable[int]) -> dict[int, str]:
    """SHA-256 by creator of those who have a picture."""
    return dict(CreatorPicture.objects.filter(pk__in=list(creator_ids)).values_list("pk", "sha256"))
