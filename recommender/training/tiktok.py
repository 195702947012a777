"""Read the TikTok micro-video set: who watched what, and an image and an audio vector of each video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from recommender.contracts import FloatArray


@dataclass(frozen=True, slots=True)
class TikTok:
    """Implicit feedback without order or time."""

    train: sp.csr_matrix  # (n_viewers, n_videos) float32, 1 where watched
    tuning: sp.csr_matrix | None  # rows to choose settings on, None: hold some of `train` out
    test: sp.csr_matrix
    content: dict[str, FloatArray]  # name -> (n_videos, d) float32
    files: tuple[Path, ...]


def read_tiktok(folder: Path, test: Path | None) -> TikTok:
    """The set of a folder; without `test`, valid.npz is the test and nothing is chosen on it.

    Raises
    ------
    ValueError
        if a file is missing, cannot be read or has another shape than the training rows.
    """
    train = _read_matrix(folder / "train.npz")
    valid = folder / "valid.npz"
    is_valid_test = test is None or test.resolve() == valid.resolve()
    test_path = valid if test is None else test
    tested = _read_matrix(test_path)
    tuning = _read_matrix(valid) if not is_valid_test and valid.is_file() else None
    for name, matrix in (("the test", tested), ("valid.npz", tuning)):
        if matrix is not None and matrix.shape != train.shape:
            raise ValueError(
                f"{name} has shape {matrix.shape}, train.npz {train.shape}; give a file of the same split"
            )
    paths = {name: folder / f"{name}.npy" for name in ("image", "audio")}
    content = {name: _read_vectors(path, train.shape[1]) for name, path in paths.items() if path.is_file()}
    used = [folder / "train.npz", test_path, *(paths[name] for name in content)]
    used += [valid] if tuning is not None else []
    return TikTok(train, tuning, tested, content, tuple(used))


def _read_matrix(path: Path) -> sp.csr_matrix:
    try:
        matrix = sp.load_npz(path).tocsr().astype(np.float32)
    except FileNotFoundError:
        raise ValueError(f"{path} is missing; it holds a SciPy CSR matrix, viewers x videos") from None
    except (OSError, ValueError, KeyError) as problem:
        raise ValueError(f"{path} is no SciPy sparse matrix: {problem}") from None
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.data[:] = 1.0
    return matrix


def _read_vectors(path: Path, n_videos: int) -> FloatArray:
    vectors: FloatArray = np.load(path, allow_pickle=False).astype(np.float32)
    if vectors.ndim != 2 or len(vectors) != n_videos:
        raise ValueError(f"{path} has shape {vectors.shape}; ({n_videos}, dimensions) is due")
    return vectors
