"""Fit what recall and the rates stand on: neighbours, popularity and counts of one window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.coldstart.tastes import fit_priors
from recommender.contracts import ALL_ACTIONS, UNKNOWN, Dataset, FloatArray
from recommender.features.crosses import Cross, name_columns, plan_crosses
from recommender.features.order import pick_top
from recommender.features.rates import (
    N_RATES,
    Counts,
    count_by,
    label_rows,
    mask_known,
)
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.markets import MARKET_CODES
from recommender.params import Params
from recommender.recall.als import fit_als
from recommender.recall.linear import fit_autoencoder, fit_transitions, list_positives
from recommender.recall.low_rank import fit_factors
from recommender.recall.neighbours import keep_strongest, keep_strongest_sparse
from recommender.training.belief import believe, weigh_rows
from recommender.training.histories import join_events, owner_of_events

Arrays = dict[str, npt.NDArray[Any]]


def fit_sources(
    dataset: Dataset, base_rate: FloatArray, params: Params, start: Mapping[str, Any] | None = None
) -> tuple[Arrays, dict[str, Any]]:
    """Everything of an artifact but the predictor.

    Parameters
    ----------
    base_rate : of `measure_base_rate`.
    start : arrays of an earlier fit over the same catalogue rows; what can go on from there does.

    Returns
    -------
    arrays : by name, per-video arrays in the data set's catalogue rows.
    meta : the cut.
    """
    dataset = believe(dataset, params.trust)
    arrays: Arrays = {"videos/id": dataset.catalogue.video_id, "base_rate": base_rate}
    arrays |= _fit_neighbours(dataset, params, start or {})
    arrays |= _count_popularity(dataset, params)
    arrays |= _count_rates(dataset, params) | fit_priors(dataset) | _list_group_favourites(dataset, params)
    return arrays, {"cut_at": dataset.cut_at}


def _fit_neighbours(dataset: Dataset, params: Params, start: Mapping[str, Any]) -> Arrays:
    n_viewers, n_videos = len(dataset.viewers), len(dataset.catalogue)
    viewer, video, _ = list_positives(join_events(dataset))
    covered, weights = fit_autoencoder(viewer, video, n_viewers, n_videos, params.recall)
    near, weight = keep_strongest(weights, covered, params.recall.autoencoder_neighbours)
    weight = _level(weight)
    transitions = fit_transitions(viewer, video, n_videos, params.recall)
    follow_covered, follow_near, follow_weight = keep_strongest_sparse(
        transitions, params.recall.transition_neighbours
    )
    factor_covered, read, score = fit_factors(viewer, video, n_viewers, n_videos, params.recall)
    known = (start["tastes/covered"], start["tastes/video"]) if "tastes/covered" in start else None
    taste_covered, vectors = fit_als(viewer, video, n_viewers, n_videos, params.recall, known)
    return {
        "tastes/covered": taste_covered,
        "tastes/video": vectors,
        "factors/covered": factor_covered,
        "factors/read": read,
        "factors/score": score,
        "autoencoder/covered": covered.astype(np.int32),
        "autoencoder/video": near,
        "autoencoder/weight": weight,
        "transition/covered": follow_covered,
        "transition/video": follow_near,
        "transition/weight": _level(follow_weight),
    }


def _level(weight: FloatArray) -> FloatArray:
    """Weights divided by the mean absolute sum of a row: votes keep their size while the log grows."""
    size = float(np.abs(weight).sum(axis=1).mean()) if len(weight) else 1.0
    levelled: FloatArray = (weight / max(size, 1e-9)).astype(np.float32)
    return levelled


def _count_popularity(dataset: Dataset, params: Params) -> Arrays:
    """Positives per video by their viewers' influence: all, and per market by 0.5 ** (age / half-life)."""
    history, rows = dataset.history, dataset.impressions
    n_videos, n_markets = len(dataset.catalogue), len(MARKET_CODES)
    video = np.concatenate([history.video, rows.video])
    viewer = np.concatenate([owner_of_events(history), rows.viewer])
    stamp = np.concatenate([history.happened_at, rows.happened_at])
    liked = np.flatnonzero(np.concatenate([history.actions, rows.actions]) & POSITIVE_ACTIONS)
    video, stamp, market = video[liked], stamp[liked], dataset.viewers.market[viewer[liked]]
    influence = np.concatenate([np.ones(len(history)), weigh_rows(dataset, params.trust)])[liked]
    half_life = params.recall.trending_half_life_hours * 3600
    lately = np.where(np.isfinite(stamp), 0.5 ** (np.maximum(dataset.cut_at - stamp, 0) / half_life), 0.0)
    lately = lately * influence
    trend = np.zeros((n_videos, n_markets + 1), dtype=np.float32)
    for code in range(n_markets):
        here = market == code
        trend[:, code] = np.bincount(video[here], weights=lately[here], minlength=n_videos)
    trend[:, UNKNOWN] = np.bincount(video, weights=lately, minlength=n_videos)
    total = np.bincount(video, weights=influence, minlength=n_videos).astype(np.float32)
    return {"popularity/trend": trend, "popularity/total": total[:, None]}


def _list_group_favourites(dataset: Dataset, params: Params) -> Arrays:
    """(n_groups, length) rows that each group by interest likes lately more than everybody, UNKNOWN-padded.

    A video scores its group's positives over the square root of all positives: a hit of all is no group's
    own.
    """
    groups = dataset.viewers.extra.get("interest_group")
    if groups is None or groups.max(initial=UNKNOWN) < 0:
        return {}
    rows, n_videos = dataset.impressions, len(dataset.catalogue)
    liked = (rows.actions & POSITIVE_ACTIONS) != 0
    half_life = params.recall.trending_half_life_hours * 3600
    weight = weigh_rows(dataset, params.trust) * 0.5 ** ((dataset.cut_at - rows.happened_at) / half_life)
    everybody = np.bincount(rows.video[liked], weights=weight[liked], minlength=n_videos)
    lists = np.full((int(groups.max()) + 1, params.groups.list_length), UNKNOWN, dtype=np.int32)
    for group in range(len(lists)):
        inside = liked & (groups[rows.viewer] == group)
        own = np.bincount(rows.video[inside], weights=weight[inside], minlength=n_videos)
        best = pick_top(np.where(own > 0, own / np.sqrt(everybody + 1e-9), np.nan), lists.shape[1])
        lists[group, : len(best)] = best
    return {"groups/liked": lists}


def _count_rates(dataset: Dataset, params: Params) -> Arrays:
    rows, catalogue = dataset.impressions, dataset.catalogue
    labels = label_rows(rows.actions, rows.watch_seconds, catalogue.duration_seconds[rows.video])
    known = mask_known(labels, ALL_ACTIONS) * weigh_rows(dataset, params.trust)[:, None]
    per_video = count_by(rows.video, labels, known, len(catalogue)) + _count_history(dataset)
    return {
        "videos/shown": per_video.shown,
        "videos/taken": per_video.taken,
    }


def plan_columns(dataset: Dataset) -> tuple[Cross, ...]:
    """The categories of the scene and of the viewers that vary in a data set, alone and crossed."""
    rows, viewers = dataset.impressions, dataset.viewers
    scenes = name_columns(rows.extra, {"source": rows.source})
    groups = name_columns(viewers.extra, {"market": viewers.market, "language": viewers.language})
    return plan_crosses(scenes, groups)


def _count_history(dataset: Dataset) -> Counts:
    history, catalogue = dataset.history, dataset.catalogue
    labels = label_rows(history.actions, history.watch_seconds, catalogue.duration_seconds[history.video])
    known = mask_known(labels, history.known_actions)
    return count_by(history.video, labels, known, len(catalogue))


def measure_base_rate(dataset: Dataset) -> FloatArray:
    """(N_RATES,) float32 smoothed share of each outcome among all impressions.

    One number per outcome for the whole fit: rates of every window are measured against the same base.
    """
    rows = dataset.impressions
    labels = label_rows(rows.actions, rows.watch_seconds, dataset.catalogue.duration_seconds[rows.video])
    n_known = np.isfinite(labels).sum(axis=0)
    rate: FloatArray = (np.nansum(labels, axis=0) + 0.5) / (n_known + 1.0)
    return rate.astype(np.float32).reshape(N_RATES)
