"""Fit the response CNN over every event a data set knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from recommender.contracts import ACTION_INDEX, UNKNOWN, Dataset
from recommender.features.content import bucket_durations
from recommender.features.convolutions import code_feedback
from recommender.features.responses import RESPONSES
from recommender.params import Params
from recommender.training.carry import carry_over, knows_enough
from recommender.training.histories import join_events
from recommender.training.jax_process import Arrays, run_training


def fit_responses(dataset: Dataset, params: Params, start: Mapping[str, Any] | None = None) -> Arrays:
    """Arrays of the CNN, by name; none where its epochs are 0 or nobody watched anything.

    Parameters
    ----------
    start : arrays of an earlier artifact, "videos/id" and "response/..."; where they know most of the videos,
        `warm_epochs` passes are enough.

    Raises
    ------
    ValueError
        if JAX is not installed or the training process failed.
    """
    epochs = params.response.epochs
    if epochs <= 0:
        return {}
    events, catalogue = join_events(dataset), dataset.catalogue
    watched = np.bincount(events.video, minlength=len(catalogue))
    covered = np.sort(np.argsort(-watched, kind="stable")[: params.response.videos])
    covered = covered[watched[covered] > 0].astype(np.int32)
    if len(events) < params.response.min_events or not len(covered):
        return {}
    slot = np.full(len(catalogue), UNKNOWN, dtype=np.int32)
    slot[covered] = np.arange(len(covered))
    outcome = np.stack([(events.actions >> ACTION_INDEX[name]) & 1 for name in RESPONSES], axis=1)
    share = (outcome.sum(axis=0) + 0.5) / (len(events) + 1.0)
    inputs: Arrays = {
        "covered": covered,
        "indptr": events.indptr,
        "video": np.where(slot[events.video] >= 0, slot[events.video], len(covered)),
        "feedback": code_feedback(events.actions),
        "outcome": outcome.astype(np.float32),
        "base": np.log(share / (1 - share)).astype(np.float32),
        "topic": catalogue.topics[covered, 0] + 1,
        "duration": bucket_durations(catalogue.duration_seconds[covered], params.features) + 1,
        "creator": np.unique(catalogue.creator_id[covered], return_inverse=True)[1],
    }
    inputs |= carry_over(start or {}, "response", catalogue.video_id[covered])
    if knows_enough(inputs):
        epochs = min(params.response.warm_epochs, epochs)
    settings = asdict(params.response) | {
        "epochs": epochs,
        "seed": params.training.seed,
        # Videos the fit does not cover are described by these two tables: every row of them must exist.
        "n_topics": len(catalogue.topic_names) + 1,
        "n_durations": len(params.features.duration_edges) + 2,
    }
    fitted = run_training("response_fit", inputs, settings, "the response CNN")
    return {"response/covered": covered} | {f"response/{name}": array for name, array in fitted.items()}
