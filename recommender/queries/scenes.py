"""What a client says of its device, as scenario codes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recommender import contracts as c
from recommender import markets


def encode_scene(device: Mapping[str, Any]) -> dict[str, int]:
    """Scenario codes of what a client says of its device: os, network, app_categories."""
    apps = device.get("app_categories") or ()
    return {
        "device_os": _code_in(c.DEVICE_OSES, device.get("os")),
        "network": _code_in(c.NETWORKS, device.get("network")),
        "app_categories": sum(
            1 << c.APP_CATEGORIES.index(app) for app in set(apps) if app in c.APP_CATEGORIES
        ),
    }


def encode_scenes(
    columns: Mapping[str, Sequence[Any]], kept: c.BoolArray, happened_at: c.FloatArray
) -> dict[str, c.IntArray]:
    """Scenario columns of many rows, each (n,) int32; equal devices are encoded once."""
    devices = list(zip(columns["os"], columns["network"], columns["apps"], strict=True))
    codes = {
        device: encode_scene(
            {"os": device[0], "network": device[1], "app_categories": json.loads(device[2] or "[]")}
        )
        for device in set(devices)
    }
    extra = {
        name: np.array([codes[device][name] for device in devices], dtype=np.int32)[kept]
        for name in ("device_os", "network", "app_categories")
    }
    hours, weekdays = markets.local_clock(np.array(columns["market"], dtype=np.int8)[kept], happened_at)
    return {"hour_local": hours, "weekday_local": weekdays, **extra}


def _code_in(names: Sequence[str], value: Any) -> int:
    wanted = str(value or "").lower()
    return next((code for code, name in enumerate(names) if wanted.startswith(name)), c.UNKNOWN)
