"""An account's stored picture, and one that is tried and not saved."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from merchants.models import Account, Avatar
from merchants.uploads.pictures import SafePicture, open_stored


def open_avatar(account: Account) -> np.ndarray | None:
    """(height, width, 3) uint8 of the stored picture, None without one."""
    avatar = Avatar.objects.filter(account=account).first()
    return open_stored(bytes(avatar.image)) if avatar else None


def show_draft(picture: Any) -> str:
    """A picture that is tried, as an address that holds it; "" where none is tried."""
    if not isinstance(picture, SafePicture):
        return ""
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")
