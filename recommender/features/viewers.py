"""What a viewer is like: the rows of what they did last, decayed, and what may not be shown to them again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import (
    ACTION_INDEX,
    ACTIONS,
    N_ACTIONS,
    UNKNOWN,
    BoolArray,
    Catalogue,
    FloatArray,
    IntArray,
    ViewerState,
)
from recommender.features.content import Content
from recommender.features.votes import Answer
from recommender.params import INTEREST_WEIGHTS, FeatureParams

#: Interest of each action bit, in the order of ACTIONS.
_INTEREST = np.array([INTEREST_WEIGHTS[name] for name in ACTIONS], dtype=np.float32)
#: Mask of the actions that make an event a sign of liking.
POSITIVE_ACTIONS = sum(1 << bit for bit, name in enumerate(ACTIONS) if INTEREST_WEIGHTS[name] >= 0.5)
#: Positions of those actions in ACTIONS.
INTEREST_ACTIONS = [bit for bit, name in enumerate(ACTIONS) if INTEREST_WEIGHTS[name] >= 0.5]
#: Weight of an interest chosen at sign-up, in long watches.
CHOSEN_INTEREST_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest events of one viewer (1, w) or of many rows (n, w); padded with UNKNOWN, newest last."""

    video: IntArray  # (n, w) int32 rows in Catalogue, UNKNOWN = no event
    actions: IntArray  # (n, w) int32 bit mask
    watched_share: FloatArray  # (n, w) float32 in [0, 1], NaN where not known
    weight: FloatArray  # (n, w) float32 recency weight, 0 where there is no event

    def __len__(self) -> int:
        return len(self.video)


@dataclass(frozen=True, slots=True)
class ViewerProfile:
    """One viewer against one catalogue: what recall, features and rules need, looked up once a request."""

    state: ViewerState
    recent: Recent  # (1, w)
    liked_video: IntArray  # (m,) int32 rows of positive events, newest last
    liked_weight: FloatArray  # (m,) float32 recency weight of each positive
    topic: IntArray  # (n_topics_known,) int32 codes, strongest first
    topic_affinity: FloatArray  # (n_topics_known,) float32
    followed_creator: IntArray  # (n,) int32 creator codes
    allowed: BoolArray  # (n_videos,) admitted by the rules, not seen, not by a blocked creator
    vector: FloatArray  # (d,) float32 mean content vector of what was liked, length 1 or 0
    votes: dict[str, Answer]  # by source, kept so that one request computes them once
    read: dict[str, FloatArray]  # what networks read of the past, kept likewise


def interest_of(actions: IntArray) -> FloatArray:
    """(n,) float32 sum of the interest weights of the actions in each mask.

    >>> float(interest_of(np.array([0b10]))[0])
    1.0
    """
    bits = (np.asarray(actions)[..., None] >> np.arange(N_ACTIONS)) & 1
    interest: FloatArray = bits.astype(np.float32) @ _INTEREST
    return interest


def share_watched(watch_seconds: FloatArray, duration_seconds: FloatArray) -> FloatArray:
    """(n,) float32 watched part of each video, cut at 1; NaN where time or duration is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.minimum(watch_seconds / duration_seconds, 1.0)
    return np.where(duration_seconds > 0, share, np.nan).astype(np.float32)


def read_viewer(
    catalogue: Catalogue,
    content: Content,
    state: ViewerState,
    admitted: BoolArray,
    imagined: IntArray,
    params: FeatureParams,
) -> ViewerProfile:
    """Look a viewer's state up in a catalogue; ids the catalogue lacks are passed over.

    Parameters
    ----------
    admitted : (n_videos,) bool, what the rules of the viewer's market let through.
    imagined : (n,) rows a newcomer is taken to have watched long before everything else; they stay allowed.
    """
    rows = catalogue.find_rows(state.recent_video_id[-params.recent_events :])
    known = rows >= 0
    really = rows[known].astype(np.int32)
    video = np.concatenate([imagined.astype(np.int32), really])
    long_watch = np.full(len(imagined), 1 << ACTION_INDEX["long_watch"], dtype=np.int32)
    actions = np.concatenate([long_watch, state.recent_actions[-params.recent_events :][known]])
    watched = np.concatenate(
        [catalogue.duration_seconds[imagined], state.recent_watch_seconds[-params.recent_events :][known]]
    )
    recent = Recent(
        video=video[None, :],
        actions=actions[None, :],
        watched_share=share_watched(watched, catalogue.duration_seconds[video])[None, :],
        weight=decay_steps(len(video), params.recency_decay)[None, :],
    )
    liked = np.flatnonzero(actions & POSITIVE_ACTIONS)
    followed = find_codes(content.creator_ids, state.followed_creator_id)
    topic, affinity = _weigh_topics(catalogue, state, video, actions, recent.weight[0])
    return ViewerProfile(
        state=state,
        recent=recent,
        liked_video=video[liked],
        liked_weight=decay_steps(len(liked), params.recency_decay),
        topic=topic,
        topic_affinity=affinity,
        followed_creator=followed[followed >= 0],
        allowed=_mask_videos(catalogue, content, state, really, admitted),
        vector=_average_content(content, video[liked], recent.weight[0][liked]),
        votes={},
        read={},
    )


def decay_steps(n_events: int, decay: float) -> FloatArray:
    """(n_events,) float32 decay ** steps back, newest last and 1."""
    return np.power(decay, np.arange(n_events - 1, -1, -1)).astype(np.float32)


def find_codes(sorted_ids: IntArray, wanted: IntArray) -> IntArray:
    """(n,) int32 position of each id among ascending ids, UNKNOWN where it is not there."""
    if not len(sorted_ids) or not len(wanted):
        return np.full(len(wanted), UNKNOWN, dtype=np.int32)
    position = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[position] == wanted, position, UNKNOWN).astype(np.int32)


def _weigh_topics(
    catalogue: Catalogue, state: ViewerState, video: IntArray, actions: IntArray, weight: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Topics of what was watched, weighted by interest and recency, plus the topics chosen at sign-up."""
    slots = catalogue.topics[video]
    strength = np.broadcast_to((interest_of(actions) * weight)[:, None], slots.shape)
    chosen = np.asarray(state.interests, dtype=np.int32)
    codes = np.concatenate([slots.ravel(), chosen])
    weights = np.concatenate(
        [strength.ravel(), np.full(len(chosen), CHOSEN_INTEREST_WEIGHT, dtype=np.float32)]
    )
    codes, weights = codes[codes >= 0], weights[codes >= 0]
    topic, place = np.unique(codes, return_inverse=True)
    affinity = np.bincount(place, weights=weights, minlength=len(topic)).astype(np.float32)
    order = np.argsort(-affinity, kind="stable")
    order = order[affinity[order] > 0]
    return topic[order].astype(np.int32), affinity[order]


def _average_content(content: Content, video: IntArray, weight: FloatArray) -> FloatArray:
    mean: FloatArray = weight @ content.vectors[video]
    length = float(np.linalg.norm(mean))
    return mean / length if length > 0 else mean


def _mask_videos(
    catalogue: Catalogue, content: Content, state: ViewerState, recent_video: IntArray, admitted: BoolArray
) -> BoolArray:
    allowed = admitted.copy()
    # In order, so that the binary searches walk through memory once.
    seen = catalogue.find_rows(np.sort(state.seen_video_id))
    allowed[seen[seen >= 0]] = False
    allowed[recent_video] = False
    for code in find_codes(content.creator_ids, state.blocked_creator_id):
        if code >= 0:
            start, stop = content.creator_indptr[code], content.creator_indptr[code + 1]
            allowed[content.creator_videos[start:stop]] = False
    if state.muted_sound_ids or state.muted_words:
        allowed &= ~find_muted(catalogue, state)
    return allowed


def find_muted(catalogue: Catalogue, state: ViewerState) -> BoolArray:
    """(n_videos,) bool: with a sound, or with a word in its caption, that the viewer muted."""
    muted: BoolArray = np.isin(catalogue.sound_id, [sound for sound in state.muted_sound_ids if sound >= 0])
    for tokens in state.muted_words:
        if len(tokens):
            muted |= np.all([(catalogue.tokens == token).any(axis=1) for token in tokens], axis=0)
    return muted
