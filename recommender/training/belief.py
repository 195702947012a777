"""What a fit may learn from: the doings of viewers below the least trust leave the data set first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.contracts import Dataset, FloatArray, History
from recommender.features.trust import keep_believed, weigh_influence
from recommender.loop_params import TrustParams
from recommender.training.histories import take_impressions


def believe(dataset: Dataset, params: TrustParams) -> Dataset:
    """The data set without the events of viewers who are not believed; itself where all are.

    Viewers keep their rows, so that codes stay what they are.
    """
    trust = dataset.viewers.trust
    if trust is None or bool((trust >= params.least).all()):
        return dataset
    in_history, in_impressions = keep_believed(dataset, trust, params)
    history = dataset.history
    owner = np.repeat(np.arange(len(dataset.viewers)), np.diff(history.indptr))[in_history]
    counts = np.bincount(owner, minlength=len(dataset.viewers))
    return replace(
        dataset,
        history=History(
            indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            video=history.video[in_history],
            happened_at=history.happened_at[in_history],
            actions=history.actions[in_history],
            watch_seconds=history.watch_seconds[in_history],
            known_actions=history.known_actions,
        ),
        impressions=take_impressions(dataset.impressions, np.flatnonzero(in_impressions)),
    )


def weigh_rows(dataset: Dataset, params: TrustParams) -> FloatArray:
    """(n_impressions,) float32 what each impression adds to rates and trends."""
    trust = dataset.viewers.trust
    believed = np.ones(len(dataset.viewers), dtype=np.float32) if trust is None else trust
    return weigh_influence(dataset.impressions, believed, len(dataset.catalogue), params)
