"""Weights that ship with the code: one npz a part, and a JSON manifest with its hash and how it was made."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).parent / "fitted"


class BrokenWeightsError(Exception):
    """A weights file is not the one its manifest describes."""


def read_weights(name: str, folder: Path = FOLDER) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Arrays and manifest of one part.

    Raises BrokenWeightsError naming the file and the command that makes it again.
    """
    meta: dict[str, Any] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    content = (folder / f"{name}.npz").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != meta["sha256"]:
        raise BrokenWeightsError(
            f"{folder / name}.npz has the hash {digest[:12]}, its manifest says {meta['sha256'][:12]}; "
            f"check it out again, or make it with: {meta['command']}"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays), meta


def write_weights(
    name: str, arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any], folder: Path = FOLDER
) -> None:
    """Write one part; the manifest comes last, so that a half-written pair is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict[str, Any](arrays))
    (folder / f"{name}.npz").write_bytes(buffer.getvalue())
    manifest = {**meta, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest()}
    (folder / f"{name}.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
