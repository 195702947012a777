"""Actions that came in lately on videos shown before: late answers to what an earlier fit took for a no."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from recommender import contracts as c
from recommender.queries.columns import read_columns

_ARRIVALS_SQL = """
    select e.viewer_id, e.video_id, bit_or(e.actions)
      from recommender_event e join recommender_eventbatch b on b.id = e.batch_id
     where b.received_at > %(since)s and b.received_at <= %(until)s and e.happened_at >= %(shown_from)s
       and e.happened_at < %(until)s and e.video_id is not null and e.actions <> 0
     group by 1, 2
"""


def read_arrivals(dataset: c.Dataset, since: datetime, until: datetime) -> c.BoolArray:
    """(n_impressions, N_ACTIONS): which actions of each row came in within (since, until]."""
    rows, n_videos = dataset.impressions, len(dataset.catalogue)
    arrived = np.zeros((len(rows), c.N_ACTIONS), dtype=np.bool_)
    if not len(rows):
        return arrived
    span = {
        "since": since,
        "until": until,
        "shown_from": datetime.fromtimestamp(float(rows.happened_at[0]), since.tzinfo),
    }
    viewer_ids, video_ids, actions = read_columns(_ARRIVALS_SQL, span, 3)
    viewer = np.searchsorted(dataset.viewers.viewer_id, np.array(viewer_ids, dtype=np.int64))
    viewer = np.minimum(viewer, max(len(dataset.viewers) - 1, 0))
    is_known = dataset.viewers.viewer_id[viewer] == np.array(viewer_ids, dtype=np.int64)
    video = dataset.catalogue.find_rows(np.array(video_ids, dtype=np.int64))
    kept = is_known & (video >= 0)
    came = dict(
        zip(
            (viewer[kept] * n_videos + video[kept]).tolist(),
            np.array(actions, dtype=np.int64)[kept].tolist(),
            strict=True,
        )
    )
    pairs = rows.viewer.astype(np.int64) * n_videos + rows.video
    bits = np.array([came.get(pair, 0) for pair in pairs.tolist()], dtype=np.int64)
    for place in range(c.N_ACTIONS):
        arrived[:, place] = (bits >> place) & 1 == 1
    return arrived
