"""Replay the past: what a viewer's state was at any moment, one viewer at a time or for many rows at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import (
    ACTION_INDEX,
    UNKNOWN,
    Dataset,
    FloatArray,
    History,
    Impressions,
    IntArray,
    ViewerState,
)
from recommender.features.viewers import Recent, share_watched
from recommender.params import STATE_EVENTS, FeatureParams
from recommender.training.histories import join_events, take_impressions


@dataclass(frozen=True, slots=True)
class Timeline:
    """Every event of every viewer in order, with keys that find "before this moment" by one search."""

    dataset: Dataset
    events: History  # history and impressions together, oldest first per viewer
    key: FloatArray  # (n_events,) float64, ascending: viewer and rank in time
    moments: FloatArray  # (n_moments,) float64 distinct times of impressions, ascending

    def count_before(self, viewer: IntArray, at: FloatArray) -> IntArray:
        """(n,) int64 position in `events` just behind the viewer's last event before `at`."""
        rank = np.searchsorted(self.moments, at, side="left")
        before: IntArray = np.searchsorted(self.key, viewer * self._stride + rank, side="right")
        return before

    @property
    def _stride(self) -> float:
        return float(len(self.moments) + 2)


def build_timeline(dataset: Dataset) -> Timeline:
    """Order all events of a data set; events whose time is not known count as older than all others."""
    events = join_events(dataset)
    moments = np.unique(events.happened_at[np.isfinite(events.happened_at)])
    viewer = np.repeat(np.arange(len(dataset.viewers)), np.diff(events.indptr))
    rank = np.where(
        np.isfinite(events.happened_at), 1 + np.searchsorted(moments, np.nan_to_num(events.happened_at)), 0
    )
    return Timeline(dataset, events, viewer * float(len(moments) + 2) + rank, moments)


def take_recent(timeline: Timeline, viewer: IntArray, at: FloatArray, params: FeatureParams) -> Recent:
    """The newest events with a watch or an action of each (viewer, moment), as (n, recent_events) blocks."""
    n_events, decay = params.recent_events, params.recency_decay
    events, catalogue = timeline.events, timeline.dataset.catalogue
    end = timeline.count_before(viewer, at)
    place = end[:, None] - np.arange(n_events, 0, -1)
    inside = place >= events.indptr[viewer][:, None]
    place = np.where(inside, place, 0)
    video = np.where(inside, events.video[place], UNKNOWN).astype(np.int32)
    watched = np.where(inside, events.watch_seconds[place], np.nan)
    steps = np.arange(n_events - 1, -1, -1)
    return Recent(
        video=video,
        actions=np.where(inside, events.actions[place], 0).astype(np.int32),
        watched_share=share_watched(watched, np.where(inside, catalogue.duration_seconds[video], 0.0)),
        weight=(np.power(decay, steps) * inside).astype(np.float32),
    )


def state_at(timeline: Timeline, viewer: int, at: float) -> ViewerState:
    """One viewer's state just before a moment, exactly as serving would hold it."""
    dataset, events = timeline.dataset, timeline.events
    start = int(events.indptr[viewer])
    stop = int(timeline.count_before(np.array([viewer]), np.array([at]))[0])
    span = slice(max(start, stop - STATE_EVENTS), stop)
    catalogue, viewers = dataset.catalogue, dataset.viewers
    every = events.video[start:stop]
    followed = every[(events.actions[start:stop] & (1 << ACTION_INDEX["follow"])) != 0]
    interests = viewers.interests[viewer]
    return ViewerState(
        viewer_id=int(viewers.viewer_id[viewer]),
        market=int(viewers.market[viewer]),
        language=int(viewers.language[viewer]),
        interests=interests[interests >= 0],
        recent_video_id=catalogue.video_id[events.video[span]],
        recent_happened_at=events.happened_at[span],
        recent_actions=events.actions[span],
        recent_watch_seconds=events.watch_seconds[span],
        seen_video_id=catalogue.video_id[
            np.unique(np.concatenate([every, _shown_before(dataset, viewer, at)]))
        ],
        followed_creator_id=np.unique(catalogue.creator_id[followed]),
        blocked_creator_id=np.zeros(0, dtype=np.int64),
        search_tokens=np.zeros(0, dtype=np.int32),
        extra={name: int(column[viewer]) for name, column in viewers.extra.items()},
    )


def _shown_before(dataset: Dataset, viewer: int, at: float) -> IntArray:
    rows: Impressions = dataset.impressions
    n_before = int(np.searchsorted(rows.happened_at, at, side="left"))
    shown: IntArray = rows.video[:n_before][rows.viewer[:n_before] == viewer]
    return shown


def known_at(dataset: Dataset, at: float) -> Dataset:
    """The data set as it was known just before a moment."""
    rows = dataset.impressions
    n_before = int(np.searchsorted(rows.happened_at, at, side="left"))
    return Dataset(
        dataset.catalogue,
        dataset.viewers,
        dataset.history,
        take_impressions(rows, slice(0, n_before)),
        cut_at=at,
    )


def market_of_rows(dataset: Dataset, rows: Impressions) -> IntArray:
    """(n,) int8 market of each impression: the viewer's."""
    return dataset.viewers.market[rows.viewer]
