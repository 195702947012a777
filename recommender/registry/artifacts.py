"""Model files: one folder a version, one .npy file an array, and a manifest with the hash of every byte.

A folder appears whole or not at all (written beside, synced, renamed). Reading refuses a file whose hash,
length, dtype or shape is not what the manifest says, and never unpickles.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

MANIFEST = "manifest.json"
FORMAT = 1
_CHUNK_BYTES = 1 << 20


class BrokenArtifactError(Exception):
    """The files of a version are not the ones that were written."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """The arrays of a version, mapped read-only from disk, and what was written about them."""

    arrays: dict[str, npt.NDArray[Any]]
    meta: dict[str, Any]


def write_artifact(
    root: Path, arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any]
) -> tuple[str, str]:
    """Write a version's files below `root`.

    Returns the name of the new folder and the SHA-256 of its manifest. Raises ValueError for an array of
    objects (it would need pickle) and OSError if the disk refuses; then nothing is left behind.
    """
    name = f"{uuid.uuid4().hex}"
    folder, draft = root / name, root / f".draft-{name}"
    draft.mkdir(parents=True)
    try:
        files = {
            key: _write_array(draft / f"{index:03d}.npy", key, arrays[key])
            for index, key in enumerate(sorted(arrays))
        }
        manifest = json.dumps(
            {"format": FORMAT, "files": files, "meta": meta}, sort_keys=True, indent=1
        ).encode()
        _write_synced(draft / MANIFEST, manifest)
        os.replace(draft, folder)
        _sync_folder(root)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return name, hashlib.sha256(manifest).hexdigest()


def read_artifact(folder: Path, manifest_sha256: str) -> Artifact:
    """Check every byte of a version, then map its arrays.

    Raises BrokenArtifactError naming the file and what is wrong with it.
    """
    manifest = _read_manifest(folder, manifest_sha256)
    arrays = {}
    for key, entry in manifest["files"].items():
        path = folder / entry["file"]
        _check_file(path, entry)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if array.dtype.str != entry["dtype"] or list(array.shape) != entry["shape"]:
            raise BrokenArtifactError(
                f"{path} holds {array.dtype.str} {list(array.shape)}, "
                f"the manifest says {entry['dtype']} {entry['shape']}"
            )
        arrays[key] = array
    return Artifact(arrays, manifest["meta"])


def verify_artifact(folder: Path, manifest_sha256: str) -> None:
    """Raise BrokenArtifactError if any byte of the version differs from what was written."""
    for entry in _read_manifest(folder, manifest_sha256)["files"].values():
        _check_file(folder / entry["file"], entry)


def _write_array(path: Path, key: str, array: npt.NDArray[Any]) -> dict[str, Any]:
    if array.dtype.hasobject:
        raise ValueError(f"array {key!r} holds Python objects; only plain numbers can be kept in an artifact")
    with open(path, "xb") as file:
        np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": _hash_file(path),
        "dtype": array.dtype.str,
        "shape": list(array.shape),
    }


def _write_synced(path: Path, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _read_manifest(folder: Path, manifest_sha256: str) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BrokenArtifactError(f"{path} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != manifest_sha256:
        raise BrokenArtifactError(f"{path} is not the manifest that was registered (its SHA-256 differs)")
    manifest: dict[str, Any] = json.loads(content)
    return manifest


def _check_file(path: Path, entry: Mapping[str, Any]) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise BrokenArtifactError(f"{path} cannot be read: {error}") from error
    if size != entry["bytes"]:
        raise BrokenArtifactError(f"{path} has {size} bytes, the manifest says {entry['bytes']}")
    if _hash_file(path) != entry["sha256"]:
        raise BrokenArtifactError(f"{path} was changed after it was written (its SHA-256 differs)")
