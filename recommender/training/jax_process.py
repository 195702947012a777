"""Run a training of JAX in a process of its own: JAX must not be imported before a fork, nor by the web.

Without JAX the caller is told what to install; a process that dies leaves a sentence, no half-fitted model.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]


def run_training(module: str, inputs: Arrays, settings: Mapping[str, Any], what: str) -> Arrays:
    """Arrays that `python -m recommender.training.{module} IN.npz OUT.npz SETTINGS` leaves.

    `what` names the part in messages, as in "the sequence CNN".

    Raises
    ------
    ValueError
        if JAX is not installed or the training process failed.
    """
    if importlib.util.find_spec("jax") is None:
        raise ValueError(f"{what} needs JAX; install jax, or set its epochs to 0")
    with tempfile.TemporaryDirectory(prefix=f"ttok-{module}-") as folder:
        read, write = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(read, allow_pickle=False, **inputs)
        name = f"recommender.training.{module}"
        command = [sys.executable, "-m", name, str(read), str(write), json.dumps(settings)]
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise ValueError(f"{what}'s training ended with code {done.returncode}: {last}")
        with np.load(write, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
