"""Fit the sequence CNN over everything a data set knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from recommender.contracts import UNKNOWN, Dataset
from recommender.features.content import bucket_durations
from recommender.features.convolutions import code_feedback
from recommender.params import Params
from recommender.recall.causal_cnn import list_covered
from recommender.recall.linear import list_positives
from recommender.training.carry import carry_over, knows_enough
from recommender.training.histories import join_events
from recommender.training.jax_process import Arrays, run_training


def fit_sequence(dataset: Dataset, epochs: int, params: Params, start: Mapping[str, object] | None) -> Arrays:
    """Arrays of the CNN over everything a data set knows.

    Parameters
    ----------
    epochs : passes over the viewers; 0 gives no arrays.
    start : arrays of an earlier artifact, "videos/id" and "sequence/..."; videos it knows go on from there.

    Raises
    ------
    ValueError
        if JAX is not installed or the training process failed.
    """
    if epochs <= 0:
        return {}
    events = join_events(dataset)
    _, liked, _ = list_positives(events)
    covered = list_covered(liked, len(dataset.catalogue), params.sequence)
    if not len(covered) or len(events) < params.sequence.min_events:
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
    inputs |= carry_over(start or {}, "sequence", catalogue.video_id[covered])
    if knows_enough(inputs):
        epochs = min(epochs, params.sequence.warm_epochs)
    settings = asdict(params.sequence) | {"epochs": epochs, "seed": params.training.seed}
    fitted = run_training("sequence_fit", inputs, settings, "the sequence CNN")
    return {"sequence/covered": covered} | {f"sequence/{name}": array for name, array in fitted.items()}
