"""What each viewer did, as one stream in order: merges separate sequences, and a history with impressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recommender.contracts import Dataset, FloatArray, History, Impressions, IntArray


def merge_sequences(
    watched: Sequence[int], acted: Mapping[int, Sequence[int]]
) -> tuple[list[int], list[int]]:
    """Lay sequences of the same viewer over each other, oldest first.

    Each action's sequence is matched to the watched one from the newest end; what does not fit is older than
    the first watched video and goes in front of it, a video that comes there more than once as one event.

    Parameters
    ----------
    watched : videos in the order they were watched.
    acted : action bit position -> videos in the order of that action.

    Returns
    -------
    videos, masks : equal-length lists, oldest first; `masks` holds the action bits.

    >>> merge_sequences([5, 6, 5], {1: [9, 5], 2: [6]})
    ([9, 5, 6, 5], [2, 0, 4, 2])
    """
    masks = [0] * len(watched)
    older: dict[int, int] = {}
    for bit, videos in acted.items():
        place = len(watched)
        for position in range(len(videos) - 1, -1, -1):
            step = place - 1
            while step >= 0 and watched[step] != videos[position]:
                step -= 1
            if step >= 0:
                masks[step] |= 1 << bit
                place = step
            else:
                older[videos[position]] = older.get(videos[position], 0) | 1 << bit
    before = list(reversed(older))
    return [*before, *watched], [*(older[video] for video in before), *masks]


def join_events(dataset: Dataset, until: float = np.inf) -> History:
    """History and the impressions before `until` as one stream per viewer, oldest first.

    An impression that was neither watched nor acted on leaves no event, as in a viewer's state. Where the
    history holds no time, its events count as older than every impression.
    """
    history, rows = dataset.history, dataset.impressions
    n_rows = int(np.searchsorted(rows.happened_at, until, side="left"))
    rows = take_impressions(rows, slice(0, n_rows))
    rows = take_impressions(rows, np.flatnonzero((rows.watch_seconds > 0) | (rows.actions != 0)))
    viewer = np.concatenate([owner_of_events(history), rows.viewer])
    stamp = np.concatenate([np.nan_to_num(history.happened_at, nan=-np.inf), rows.happened_at])
    order = np.lexsort((stamp, viewer))
    return History(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(viewer, minlength=len(dataset.viewers)))]),
        video=np.concatenate([history.video, rows.video])[order],
        happened_at=np.concatenate([history.happened_at, rows.happened_at])[order],
        actions=np.concatenate([history.actions, rows.actions])[order],
        watch_seconds=np.concatenate([history.watch_seconds, rows.watch_seconds])[order],
        known_actions=history.known_actions,
    )


def owner_of_events(history: History) -> IntArray:
    """(n_events,) int32: the viewer row of each event."""
    return np.repeat(np.arange(len(history.indptr) - 1, dtype=np.int32), np.diff(history.indptr))


def take_impressions(rows: Impressions, chosen: IntArray | slice) -> Impressions:
    """The chosen rows, all columns."""
    return Impressions(
        viewer=rows.viewer[chosen],
        video=rows.video[chosen],
        happened_at=rows.happened_at[chosen],
        actions=rows.actions[chosen],
        watch_seconds=rows.watch_seconds[chosen],
        source=rows.source[chosen],
        position=rows.position[chosen],
        propensity=rows.propensity[chosen],
        extra={name: column[chosen] for name, column in rows.extra.items()},
    )


def latest_time(dataset: Dataset) -> float:
    """Unix seconds of the newest event, or the cut where nothing has a time."""
    stamps: list[FloatArray] = [dataset.impressions.happened_at, dataset.history.happened_at]
    known = [float(np.nanmax(column)) for column in stamps if np.isfinite(column).any()]
    return max(known, default=dataset.cut_at)
