"""Carry what an earlier fit knew of each video into the next one: matched by video id.

An earlier fit is a start only where it had seen nothing that this fit is judged or chosen by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recommender.contracts import IntArray
from recommender.training.jax_process import Arrays

#: Share of today's videos that an earlier fit must know before fewer passes are enough.
ENOUGH_KNOWN = 0.5


def carry_over(start: Mapping[str, Any], prefix: str, video_id: IntArray) -> Arrays:
    """What the training process needs of an earlier fit, under "start/": tables as they are, videos by id.

    Parameters
    ----------
    start : arrays of an artifact; `prefix` names the fit, as in "response".
    video_id : (c,) ids of the videos that the new fit covers.

    Returns
    -------
    Arrays by name; "start/known" is (c,) bool, "start/video" (c, d) and "start/bias" (c, ...) 0 where it is
    false. Nothing where the earlier fit is not there or knows none of the videos.
    """
    if f"{prefix}/covered" not in start or "videos/id" not in start:
        return {}
    earlier_id = np.asarray(start["videos/id"])[np.asarray(start[f"{prefix}/covered"])]
    _, mine, theirs = np.intersect1d(video_id, earlier_id, assume_unique=True, return_indices=True)
    if not len(mine):
        return {}
    carried: Arrays = {"start/known": np.zeros(len(video_id), dtype=bool)}
    carried["start/known"][mine] = True
    for name, array in start.items():
        key = name.removeprefix(f"{prefix}/")
        if key in ("covered", "own", "losses") or not name.startswith(f"{prefix}/"):
            continue
        array = np.asarray(array)
        if key == "video" and len(array) > len(earlier_id):
            carried["start/other"] = array[-1]  # what stands for any video that is not covered
        if key in ("video", "bias"):
            rows = np.zeros((len(video_id), *array.shape[1:]), dtype=np.float32)
            rows[mine] = array[theirs]
            array = rows
        carried[f"start/{key}"] = array
    return carried


def knows_enough(carried: Arrays) -> bool:
    """Enough of today's videos are known for the shorter fit."""
    known = carried.get("start/known")
    return known is not None and float(known.mean()) >= ENOUGH_KNOWN
