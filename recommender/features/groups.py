"""Labels of viewers by what they do and by what they watch: clustered, matched to the version before, named.

Clustering is seeded; an id survives a retraining because new clusters take the id of the old group whose
viewers
they hold (Hungarian method, Kuhn 1955). A name is the traits that set a group apart from all viewers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from recommender.contracts import (
    ACTION_INDEX,
    UNKNOWN,
    Catalogue,
    FloatArray,
    Impressions,
    IntArray,
)
from recommender.features.viewers import POSITIVE_ACTIONS, share_watched
from recommender.loop_params import GroupParams

#: What viewers are compared by, in the order of the columns of `describe_engagement`.
ENGAGEMENT_TRAITS: tuple[str, ...] = ("watch", "swipe", "like", "share", "comment", "shop", "active")
#: Watched share below which a video was swiped away.
_SWIPED = 0.15


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a version."""

    id: int
    traits: tuple[str, ...]  # "+like", "-watch": what sets it apart, strongest first; () = like everybody
    size: int
    centre: tuple[float, ...]  # per trait, in spreads above all viewers


@dataclass(frozen=True, slots=True)
class Grouping:
    """A clustering of viewers."""

    label: IntArray  # (n_viewers,) group id, UNKNOWN where too little is known
    groups: tuple[Group, ...]  # ascending by id
    stability: float  # adjusted Rand index against the version before, NaN without one


def describe_engagement(
    rows: Impressions, catalogue: Catalogue, n_viewers: int, params: GroupParams
) -> tuple[FloatArray, FloatArray]:
    """(n_viewers, len(ENGAGEMENT_TRAITS)) log-odds of each act and log activity, and (n_viewers,) shown.

    A rate is smoothed by `strength` impressions at the rate of all, so a viewer with few is like everybody.
    """
    share = share_watched(rows.watch_seconds, catalogue.duration_seconds[rows.video])
    known = np.isfinite(share)

    def taken(*names: str) -> FloatArray:
        mask = sum(1 << ACTION_INDEX[name] for name in names)
        happened: FloatArray = ((rows.actions & mask) != 0).astype(np.float64)
        return happened

    acts = [
        np.where(known, np.nan_to_num(share), taken("long_watch")),
        np.where(known, np.nan_to_num(share, nan=1.0) < _SWIPED, 0.0).astype(np.float64),
        taken("like", "follow"),
        taken("share"),
        taken("comment"),
        taken("cart_click", "order"),
    ]
    shown = np.bincount(rows.viewer, minlength=n_viewers).astype(np.float64)
    columns = []
    for act in acts:
        mean = float(np.clip(act.mean() if len(act) else 0.5, 1e-4, 1 - 1e-4))
        summed = np.bincount(rows.viewer, weights=act, minlength=n_viewers)
        rate = (summed + params.strength * mean) / (shown + params.strength)
        columns.append(np.log(rate / (1 - rate)))
    columns.append(np.log1p(shown))
    return np.stack(columns, axis=1), shown


def describe_interest(
    rows: Impressions, catalogue: Catalogue, n_viewers: int, params: GroupParams
) -> FloatArray:
    """(n_viewers, n_topics) square root of each topic's share of what a viewer liked, shrunk to everybody's.

    Square roots make the distance that of Hellinger: rare topics count, and one long evening does not.
    """
    n_topics = max(len(catalogue.topic_names), int(catalogue.topics.max(initial=0)) + 1)
    topic = catalogue.topics[rows.video, 0]
    liked = ((rows.actions & POSITIVE_ACTIONS) != 0) & (topic >= 0)
    cell = rows.viewer[liked].astype(np.int64) * n_topics + topic[liked]
    counts = np.bincount(cell, minlength=n_viewers * n_topics).reshape(n_viewers, n_topics)
    usual = (counts.sum(axis=0) + 1.0) / (counts.sum() + n_topics)
    half = params.strength / 2
    share: FloatArray = (counts + half * usual) / (counts.sum(axis=1, keepdims=True) + half)
    return np.sqrt(share)


def group_viewers(
    traits: FloatArray,
    names: Sequence[str],
    is_known: IntArray,
    n_groups: int,
    before: IntArray | None,
    params: GroupParams,
) -> Grouping:
    """Cluster viewers and give the clusters stable ids and names.

    Parameters
    ----------
    traits : (n_viewers, n_traits) numbers that compare viewers.
    names : (n_traits,) names of the columns.
    is_known : (n_viewers,) bool, shown enough to be labelled.
    before : (n_viewers,) group ids of the version before, UNKNOWN for viewers it lacks; None = no version.

    Raises
    ------
    ValueError
        if the traits and their names disagree.
    """
    if traits.shape[1] != len(names):
        raise ValueError(f"{traits.shape[1]} traits have {len(names)} names; give one name a column")
    label = np.full(len(traits), UNKNOWN, dtype=np.int64)
    rows = np.flatnonzero(is_known)
    k = min(n_groups, len(np.unique(traits[rows], axis=0))) if len(rows) else 0
    if k < 2:
        return Grouping(label, (), float("nan"))
    spread = traits[rows].std(axis=0)
    scaled = (traits[rows] - traits[rows].mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    found = KMeans(k, n_init=params.starts, random_state=params.seed).fit_predict(scaled)
    old = before[rows] if before is not None else np.full(len(rows), UNKNOWN)
    label[rows] = match_ids(found, old)[found]
    both = old >= 0
    stability = float(adjusted_rand_score(old[both], label[rows][both])) if both.sum() > 1 else float("nan")
    groups = [
        _describe(int(own), label[rows] == own, scaled, names, params) for own in np.unique(label[rows])
    ]
    return Grouping(label, tuple(groups), stability)


def match_ids(found: IntArray, before: IntArray) -> IntArray:
    """(n_clusters,) id of each new cluster: of the old group it shares most viewers with, else a new one.

    >>> match_ids(np.array([0, 0, 1, 1]), np.array([7, 7, 3, 3])).tolist()
    [7, 3]
    """
    n_new = int(found.max()) + 1
    known = before >= 0
    old_ids = np.unique(before[known])
    ids = np.full(n_new, UNKNOWN, dtype=np.int64)
    if len(old_ids):
        shared = np.zeros((n_new, len(old_ids)))
        np.add.at(shared, (found[known], np.searchsorted(old_ids, before[known])), 1)
        new, old = linear_sum_assignment(-shared)
        kept = shared[new, old] > 0
        ids[new[kept]] = old_ids[old[kept]]
    fresh = int(old_ids.max()) + 1 if len(old_ids) else 0
    for cluster in np.flatnonzero(ids < 0):
        ids[cluster], fresh = fresh, fresh + 1
    return ids


def _describe(
    own: int, inside: IntArray, scaled: FloatArray, names: Sequence[str], params: GroupParams
) -> Group:
    centre = scaled[inside].mean(axis=0)
    order = np.argsort(-np.abs(centre), kind="stable")[: params.name_traits]
    traits = [
        f"{'+' if centre[t] > 0 else '-'}{names[t]}" for t in order if abs(centre[t]) >= params.name_spread
    ]
    return Group(own, tuple(traits), int(inside.sum()), tuple(round(float(at), 4) for at in centre))


def describe_liking(
    rows: Impressions, catalogue: Catalogue, label: IntArray, names: Sequence[str], params: GroupParams
) -> dict[int, tuple[str, ...]]:
    """Group id -> names of the topics it likes most beyond everybody, for groups by interest."""
    shares = describe_interest(rows, catalogue, len(label), params) ** 2
    usual = shares[label >= 0].mean(axis=0) if (label >= 0).any() else shares.mean(axis=0)
    told = {}
    for own in np.unique(label[label >= 0]):
        lift = shares[label == own].mean(axis=0) - usual
        top = np.argsort(-lift, kind="stable")[: params.name_traits]
        told[int(own)] = tuple(f"+{names[topic]}" for topic in top if lift[topic] > 0 and topic < len(names))
    return told
