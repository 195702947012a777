"""Keep what a peer's tuning found under var/: it does not change while data and settings stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

#: (name, compute) -> what compute found, now or in an earlier run.
Cache = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


def open_cache(inputs: Mapping[str, Any], grids: Mapping[str, Any]) -> Cache:
    """A cache for one set of input files; another grid of a name is another key."""
    folder = Path(settings.BASE_DIR) / "var" / "evaluate"

    def remember(name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        text = json.dumps([inputs, name, grids[name]], sort_keys=True)
        path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:20]}.json"
        if path.is_file():
            stored: dict[str, Any] = json.loads(path.read_text())
            return stored | {"from_cache": True}
        found = compute()
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=2, default=float))
        return found

    return remember


def hash_files(paths: list[Path]) -> dict[str, str]:
    """Name -> SHA-256 of each file that was read."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
