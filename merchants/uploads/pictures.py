"""Uploaded pictures: the engine makes them safe, the merchant reads in their language why one is refused."""

from __future__ import annotations

from django.utils.translation import gettext as _

from recommender import engine
from recommender.engine import SafePicture, open_stored

__all__ = ["RefusedPictureError", "SafePicture", "open_stored", "read_picture"]


class RefusedPictureError(ValueError):
    """The file is no picture that is taken; the text says why and what to do."""


def read_picture(content: bytes) -> SafePicture:
    """Check and encode an uploaded picture again.

    Raises RefusedPictureError in the words the merchant sees.
    """
    try:
        return engine.read_picture(content)
    except engine.RefusedPictureError as problem:
        raise RefusedPictureError(_explain(problem.reason)) from problem


def _explain(reason: str) -> str:
    return {
        "bytes": _("The picture is larger than 5 MB; save a smaller copy."),
        "unreadable": _("The file cannot be read as a picture; upload a PNG, JPEG or WebP file."),
        "pixels": _("The picture has more than 20 million pixels; save a smaller copy."),
        "small": _("The picture is smaller than 32 pixels; upload a larger one."),
        "moves": _("The picture moves; upload one that stands still."),
    }[reason]
