"""Model files are whole or refused."""

from pathlib import Path

import numpy as np
import pytest

from recommender.registry.artifacts import (
    MANIFEST,
    BrokenArtifactError,
    read_artifact,
    verify_artifact,
    write_artifact,
)

ARRAYS = {
    "weights": np.arange(12, dtype=np.float32).reshape(3, 4),
    "ids/videos": np.array([5, 7], dtype=np.int64),
}
META = {"cut_at": 1.5, "topic_names": ["lipstick", "shoes"]}


def write(root: Path) -> tuple[Path, str]:
    name, digest = write_artifact(root, ARRAYS, META)
    return root / name, digest


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    artifact = read_artifact(*write(tmp_path))
    assert artifact.meta == META
    assert set(artifact.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(artifact.arrays[name], array)
        assert artifact.arrays[name].dtype == array.dtype


def test_arrays_are_mapped_and_cannot_be_changed(tmp_path: Path) -> None:
    weights = read_artifact(*write(tmp_path)).arrays["weights"]
    assert isinstance(weights, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    folder, digest = write(tmp_path)
    rng = np.random.default_rng(3)
    files = sorted(folder.iterdir())
    for _ in range(200):
        path = files[rng.integers(len(files))]
        content = bytearray(path.read_bytes())
        place = int(rng.integers(len(content)))
        content[place] ^= 1 << int(rng.integers(8))
        original = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(BrokenArtifactError):
            verify_artifact(folder, digest)
        path.write_bytes(original)
    verify_artifact(folder, digest)


@pytest.mark.parametrize("length", [0, 1, 60])
def test_a_truncated_file_is_named(tmp_path: Path, length: int) -> None:
    folder, digest = write(tmp_path)
    path = next(folder.glob("*.npy"))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BrokenArtifactError, match=path.name):
        read_artifact(folder, digest)


def test_swapped_files_are_found(tmp_path: Path) -> None:
    folder, digest = write(tmp_path)
    first, second = sorted(folder.glob("*.npy"))
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])
    with pytest.raises(BrokenArtifactError):
        read_artifact(folder, digest)


def test_another_versions_manifest_is_refused(tmp_path: Path) -> None:
    folder, _ = write(tmp_path)
    other, digest = write_artifact(tmp_path, {"weights": np.zeros(2)}, {})
    with pytest.raises(BrokenArtifactError, match="manifest"):
        read_artifact(folder, digest)
    verify_artifact(tmp_path / other, digest)


def test_objects_are_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'names' holds Python objects"):
        write_artifact(tmp_path, {"names": np.array(["a", None], dtype=object)}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    folder, digest = write(tmp_path)
    (folder / MANIFEST).unlink()
    with pytest.raises(BrokenArtifactError, match=MANIFEST):
        verify_artifact(folder, digest)
