"""How far each viewer's doings may be believed, and how much of them counts.

Fakes are found by hands faster than hands, watching that never varies, praise for what was not watched,
shared
sessions, the same act again and again, and rings: viewers who like the same rare videos. Nothing here
looks at
what is liked; a ring of honest fans of one video stays far below the bar, as they share little else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.contracts import (
    ACTION_INDEX,
    BoolArray,
    Catalogue,
    Dataset,
    FloatArray,
    Impressions,
    IntArray,
)
from recommender.features.viewers import POSITIVE_ACTIONS, share_watched
from recommender.loop_params import TrustParams

#: What may be found of a viewer, in the order of `Trust.findings`.
FINDINGS: tuple[str, ...] = ("velocity", "dwell", "blind", "session", "repeats", "ring")
#: Acts that nobody does by accident.
_PRAISE = sum(1 << ACTION_INDEX[name] for name in ("like", "comment", "share", "follow"))
_BLIND_SECONDS = 1.0
_DAY_SECONDS = 86_400.0
#: Viewers compared at a time: bounds the overlaps in memory.
_CHUNK_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What n viewers did in a span; one row each, positives as pairs."""

    per_minute: FloatArray  # (n,) most events within one minute
    watches: FloatArray  # (n,) watches with a known share of the duration
    share_spread: FloatArray  # (n,) standard deviation of that share, 0-0.5
    praises: FloatArray  # (n,) likes, comments, shares and follows
    blind_praises: FloatArray  # (n,) those of videos watched for less than a second
    session_viewers: FloatArray  # (n,) most viewers that one of its sessions was shared by
    repeats: FloatArray  # (n,) events beyond what counts per kind, video and day
    events: FloatArray  # (n,) in all
    positive_viewer: IntArray  # (p,) row of each liked pair; pairs are unique
    positive_video: IntArray  # (p,) video code of each pair, from 0


@dataclass(frozen=True, slots=True)
class Trust:
    """The verdict on n viewers."""

    trust: FloatArray  # (n,) float32 in [0, 1]
    findings: BoolArray  # (n, len(FINDINGS))

    def is_believed(self, params: TrustParams) -> BoolArray:
        """(n,) bool: teaches and counts."""
        believed: BoolArray = self.trust >= params.least
        return believed


def judge_viewers(behaviour: Behaviour, params: TrustParams) -> Trust:
    """Trust = product over findings of what each leaves; 1 for whom nothing is found."""
    n = len(behaviour.events)
    with np.errstate(invalid="ignore", divide="ignore"):
        blind = behaviour.blind_praises / behaviour.praises
        repeated = behaviour.repeats / behaviour.events
    dwells = (behaviour.watches >= params.dwell_watches) & (behaviour.share_spread < params.dwell_spread)
    found = np.stack(
        [
            behaviour.per_minute > params.most_per_minute,
            dwells,
            (behaviour.praises >= params.alike_shared) & (np.nan_to_num(blind) >= params.blind_share),
            behaviour.session_viewers >= params.session_viewers,
            (behaviour.repeats >= params.alike_shared) & (np.nan_to_num(repeated) >= params.repeat_share),
            find_rings(behaviour.positive_viewer, behaviour.positive_video, n, params),
        ],
        axis=1,
    )
    left = np.array(
        [
            params.after_velocity, params.after_dwell, params.after_blind, params.after_session,
            params.after_repeats, params.after_ring,
        ]
    )  # fmt: skip
    trust = np.where(found, left, 1.0).prod(axis=1).astype(np.float32)
    return Trust(trust, found)


def find_rings(viewer: IntArray, video: IntArray, n_viewers: int, params: TrustParams) -> BoolArray:
    """(n_viewers,) bool: likes what at least `ring_neighbours` others like, far beyond what tastes explain.

    Two viewers are alike where they share `alike_shared` rare positives, more than `alike_excess` times what
    popularity explains by three standard deviations, and those are `alike_cosine` of the geometric mean of
    both
    lists. Videos liked by more than `common_share` of the viewers, or by `common_most`, say nothing.

    Parameters
    ----------
    viewer, video : (p,) unique pairs.
    """
    is_in_ring = np.zeros(n_viewers, dtype=np.bool_)
    if not len(viewer):
        return is_in_ring
    likes = np.bincount(video)
    active = max(len(np.unique(viewer)), 1)
    # A small world has few viewers: below the ring's own size nothing is common.
    common = max(params.common_share * active, 4.0 * (params.ring_neighbours + 1))
    rare = likes[video] <= min(common, params.common_most)
    size = np.bincount(viewer[rare], minlength=n_viewers).astype(np.float32)
    odds = np.bincount(video[rare], minlength=len(likes)) / max(int(rare.sum()), 1)
    meeting = float((odds**2).sum())  # chance that two likes drawn by popularity are of one video
    busy = np.flatnonzero(size >= params.alike_shared)
    if len(busy) <= params.ring_neighbours:
        return is_in_ring
    place = np.full(n_viewers, -1)
    place[busy] = np.arange(len(busy))
    kept = rare & (place[viewer] >= 0)
    ones = np.ones(int(kept.sum()), dtype=np.float32)
    liked = sp.csr_matrix((ones, (place[viewer[kept]], video[kept])), (len(busy), len(likes)))
    for start in range(0, len(busy), _CHUNK_ROWS):
        rows = slice(start, start + _CHUNK_ROWS)
        shared = (liked[rows] @ liked.T).tocoo()
        own = size[busy[shared.row + start]]
        product = own * size[busy[shared.col]]
        usual = params.alike_excess * product * meeting
        alike = shared.data >= np.maximum(params.alike_shared, usual + 3 * np.sqrt(usual))
        alike &= shared.data / np.sqrt(product) >= params.alike_cosine
        alike &= shared.row + start != shared.col
        neighbours = np.bincount(shared.row[alike], minlength=len(busy[rows]))
        is_in_ring[busy[rows]] = neighbours >= params.ring_neighbours
    return is_in_ring


def observe(rows: Impressions, catalogue: Catalogue, n_viewers: int, params: TrustParams) -> Behaviour:
    """Behaviour in an impressions log; sessions are not in it, so none is shared."""
    viewer, n = rows.viewer.astype(np.int64), n_viewers
    share = share_watched(rows.watch_seconds, catalogue.duration_seconds[rows.video])
    known = np.isfinite(share)
    watches = np.bincount(viewer[known], minlength=n).astype(np.float64)
    first = np.bincount(viewer[known], weights=share[known], minlength=n)
    second = np.bincount(viewer[known], weights=share[known].astype(np.float64) ** 2, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.maximum(second / watches - (first / watches) ** 2, 0.0))
    praised = (rows.actions & _PRAISE) != 0
    blind = praised & (rows.watch_seconds < _BLIND_SECONDS)
    minute = viewer * 60_000_000 + (rows.happened_at // 60).astype(np.int64)
    minutes, per_minute = np.unique(minute, return_counts=True)
    most = np.zeros(n)
    np.maximum.at(most, minutes // 60_000_000, per_minute)
    liked = (rows.actions & POSITIVE_ACTIONS) != 0
    pairs = np.unique(viewer[liked] * len(catalogue) + rows.video[liked])
    return Behaviour(
        per_minute=most,
        watches=watches,
        share_spread=np.nan_to_num(spread, nan=1.0),
        praises=np.bincount(viewer[praised], minlength=n).astype(np.float64),
        blind_praises=np.bincount(viewer[blind], minlength=n).astype(np.float64),
        session_viewers=np.ones(n),
        repeats=count_repeats(rows, len(catalogue), n, params),
        events=np.bincount(viewer, minlength=n).astype(np.float64),
        positive_viewer=pairs // len(catalogue),
        positive_video=pairs % len(catalogue),
    )


def count_repeats(rows: Impressions, n_videos: int, n_viewers: int, params: TrustParams) -> FloatArray:
    """(n_viewers,) positives of a viewer beyond `repeats_per_video` a video and day."""
    again = ~find_first(rows, n_videos, params) & ((rows.actions & POSITIVE_ACTIONS) != 0)
    counted: FloatArray = np.bincount(rows.viewer[again], minlength=n_viewers).astype(np.float64)
    return counted


def find_first(rows: Impressions, n_videos: int, params: TrustParams) -> BoolArray:
    """(n,) bool: among the first `repeats_per_video` rows of its viewer, video and day."""
    key = rows.viewer.astype(np.int64) * n_videos + rows.video
    day = (rows.happened_at // _DAY_SECONDS).astype(np.int64)
    is_first: BoolArray = rank_within(key, day) < params.repeats_per_video
    return is_first


def rank_within(key: IntArray, day: IntArray) -> IntArray:
    """(n,) how many earlier rows have the same key on the same day; rows in order of time.

    >>> rank_within(np.array([5, 5, 6, 5]), np.array([1, 1, 1, 2])).tolist()
    [0, 1, 0, 0]
    """
    order = np.lexsort((np.arange(len(key)), day, key))
    key, day = key[order], day[order]
    begins = np.append(True, (key[1:] != key[:-1]) | (day[1:] != day[:-1])) if len(key) else key == key
    start = np.maximum.accumulate(np.where(begins, np.arange(len(key)), 0))
    rank = np.empty(len(key), dtype=np.int64)
    rank[order] = np.arange(len(key)) - start
    return rank


def weigh_influence(rows: Impressions, trust: FloatArray, n_videos: int, params: TrustParams) -> FloatArray:
    """(n,) float32 in [0, 1]: what each impression adds to rates and trends.

    A viewer below `least` adds nothing, a repeat adds nothing, and on a day with more positives than
    `daily_positives` they share that many.
    """
    believed = np.where(trust >= params.least, trust, 0.0)[rows.viewer]
    liked = (rows.actions & POSITIVE_ACTIONS) != 0
    day = (rows.happened_at // _DAY_SECONDS).astype(np.int64)
    _, place = np.unique(np.stack([rows.viewer, day]), axis=1, return_inverse=True)
    place = place.reshape(-1)
    a_day = np.bincount(place, weights=liked)[place] if len(place) else np.zeros(0)
    capped = np.where(liked, np.minimum(1.0, params.daily_positives / np.maximum(a_day, 1.0)), 1.0)
    weight = believed * capped * find_first(rows, n_videos, params)
    return np.asarray(weight, dtype=np.float32)


def keep_believed(dataset: Dataset, trust: FloatArray, params: TrustParams) -> tuple[BoolArray, BoolArray]:
    """(n_history,) and (n_impressions,) bool: what a fit may learn from."""
    believed = trust >= params.least
    owner = np.repeat(np.arange(len(dataset.viewers)), np.diff(dataset.history.indptr))
    return believed[owner], believed[dataset.impressions.viewer]
