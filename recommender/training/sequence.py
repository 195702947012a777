"""Fit the sequence CNN in a process of its own: JAX must not be imported before a fork, nor by the web.

Without JAX the caller is told what to install; a process that dies leaves a sentence, no half-fitted model.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from recommender.contracts import UNKNOWN, Dataset
from recommender.features.content import bucket_durations
from recommender.params import Params
from recommender.recall.causal_cnn import code_feedback, list_covered
from recommender.recall.linear import list_positives
from recommender.training.histories import join_events
from recommender.training.sources import Arrays


def fit_sequence(dataset: Dataset, epochs: int, params: Params, start: Mapping[str, object] | None) -> Arrays:
    """Arrays of the CNN over everything a data set knows.

    Parameters
    ----------
    epochs : passes over the viewers; 0 gives no arrays.
    start : arrays of an earlier fit; used where it covers the same videos.

    Raises
    ------
    ValueError
        if JAX is not installed or the training process failed.
    """
    if epochs <= 0:
        return {}
    if importlib.util.find_spec("jax") is None:
        raise ValueError("the sequence CNN needs JAX; install jax, or set sequence.epochs to 0")
    events = join_events(dataset)
    _, liked, _ = list_positives(events)
    covered = list_covered(liked, len(dataset.catalogue), params.sequence)
    if not len(covered):
        return {}
    slot = np.full(len(dataset.catalogue), UNKNOWN, dtype=np.int32)
    slot[covered] = np.arange(len(covered))
    catalogue = dataset.catalogue
    inputs: Arrays = {
        "covered": covered,
        "indptr": events.indptr,
        "video": np.where(slot[events.video] >= 0, slot[events.video], len(covered)),
        "feedback": code_feedback(events.actions),
        "topic": catalogue.topics[covered, 0] + 1,
        "duration": bucket_durations(catalogue.duration_seconds[covered], params.features) + 1,
    }
    known = start or {}
    if "sequence/covered" in known and np.array_equal(np.asarray(known["sequence/covered"]), covered):
        inputs |= {name: np.asarray(array) for name, array in known.items() if name.startswith("sequence/")}
    fitted = _run(inputs, epochs, params)
    return {"sequence/covered": covered} | {f"sequence/{name}": array for name, array in fitted.items()}


def _run(inputs: Arrays, epochs: int, params: Params) -> Arrays:
    with tempfile.TemporaryDirectory(prefix="ttok-sequence-") as folder:
        read, write = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(read, allow_pickle=False, **inputs)
        settings = json.dumps(asdict(params.sequence) | {"epochs": epochs, "seed": params.training.seed})
        command = [sys.executable, "-m", "recommender.training.sequence_fit", str(read), str(write), settings]
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise ValueError(f"the CNN's training ended with code {done.returncode}: {last}")
        with np.load(write, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
