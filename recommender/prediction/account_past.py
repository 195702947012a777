"""What an account's past says about its next video: the columns that a reach forecast reads.

Strict about time: of the earlier videos it reads that they were posted, and the counts of those alone that
had settled when the video went out. Nothing of the video's own outcome.
"""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray
from recommender.forecasts import Posts

#: Days after which a video's count is taken as known. Growth after a week is 2 % a day and falling
#: (YouTube, GB, 2017: ln growth 0.024 on day six), so the later count stands for the one of that day.
SETTLED_DAYS = 7.0
_DAY_SECONDS = 86_400.0
#: Memory of the three recency-weighted means, in videos.
_MEMORIES = (1.5, 4.0, 12.0)
#: Knots of the horizon spline, ln days.
_HORIZON_KNOTS = (-1.0, 0.0, 1.0, 2.0, 3.0, 4.0)
#: Summaries of the settled past, in the order of `summarise_pasts`.
PAST_COLUMNS = (
    "n_settled", "last", "median_5", "median", "mean", "recent_1", "recent_4", "recent_12", "spread",
    "largest", "smallest", "slope", "like_rate", "comment_rate", "share_rate", "days_since_settled",
    "days_since_post", "days_between_posts", "n_unsettled",
)  # fmt: skip


def summarise_pasts(posts: Posts) -> FloatArray:
    """(n, len(PAST_COLUMNS)) float64: each video's past as it stood when the video went out.

    Counts are natural logs, rates log shares of views, days log(1 + days); NaN where the past is empty.
    """
    table = np.full((len(posts), len(PAST_COLUMNS)), np.nan)
    starts = np.flatnonzero(np.diff(posts.creator, prepend=posts.creator[:1] - 1))
    views = np.log(np.maximum(posts.plays, 1.0))
    rates = [
        np.log((count + 0.5) / (posts.plays + 1)) for count in (posts.likes, posts.comments, posts.shares)
    ]
    for start, stop in zip(starts, [*starts[1:], len(posts)], strict=True):
        times = posts.published_at[start:stop]
        n_settled = np.searchsorted(times, times - SETTLED_DAYS * _DAY_SECONDS, side="right")
        for row in range(stop - start):
            until = int(n_settled[row])
            _summarise(table[start + row], times, row, until, views[start : start + until])
            if until:
                weight = _recency(until, _MEMORIES[-1])
                for column, rate in enumerate(rates):
                    table[start + row, 12 + column] = weight @ rate[start : start + until]
    return table


def _recency(n: int, memory: float) -> FloatArray:
    weight = np.exp(-np.arange(n)[::-1] / memory)
    normed: FloatArray = weight / weight.sum()
    return normed


def _summarise(line: FloatArray, times: FloatArray, row: int, until: int, views: FloatArray) -> None:
    """Fill one line of the table: the video at `row`, of whose past the first `until` have settled."""
    line[0], line[18] = until, row - until
    if row:
        line[16] = np.log1p((times[row] - times[row - 1]) / _DAY_SECONDS)
        line[17] = np.log1p((times[row] - times[0]) / _DAY_SECONDS / row)
    if not until:
        return
    line[1], line[2], line[3], line[4] = views[-1], np.median(views[-5:]), np.median(views), views.mean()
    line[5:8] = [_recency(until, memory) @ views for memory in _MEMORIES]
    line[9], line[10] = views.max(), views.min()
    line[15] = np.log1p((times[row] - times[until - 1]) / _DAY_SECONDS)
    if until > 1:
        line[8] = views.std()
    if until > 3:
        steps = np.arange(until) - (until - 1) / 2
        line[11] = steps @ views / (steps @ steps)


def size_class(followers: FloatArray) -> FloatArray:
    """(n,) ln of the follower count rounded to the next power of two; 0 for none.

    A factor of two is what a count taken months after a posting still tells about the day of the posting.

    >>> np.exp(size_class(np.array([0.0, 900.0, 1_500.0]))).round().tolist()
    [1.0, 1024.0, 2048.0]
    """
    classed: FloatArray = np.round(np.log2(np.maximum(followers, 1.0))) * np.log(2.0)
    return classed


def expect_level(
    table: FloatArray, followers: FloatArray, prior: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(n,) ln views to start from, and (n,) what the size of the account alone says.

    The mean of the settled past, recent videos first, shrunk to the size's line as if that were one video.

    Parameters
    ----------
    prior : (3,) intercept, slope on the size class, and the shift of accounts whose follower count is 0.
    """
    size = size_class(np.nan_to_num(followers, nan=0.0))
    by_size = prior[0] + prior[1] * size + prior[2] * (size == 0)
    n = np.minimum(table[:, 0], _MEMORIES[-1])
    recent = np.nan_to_num(table[:, 7])
    level: FloatArray = (recent * n + by_size) / (n + 1.0)
    return level, by_size


#: (summary, videos it stands for, at most, and videos of prior knowledge it is shrunk by)
_LEVELS = (
    ("last", 1, 1), ("recent_1", 2, 1), ("recent_4", 5, 1), ("recent_12", 40, 1), ("median_5", 5, 1),
    ("median", 40, 1), ("mean", 40, 1),
)  # fmt: skip
#: Differences of summaries: how uneven the past is.
_CONTRASTS = (
    ("last", "median"), ("recent_1", "median"), ("largest", "median"), ("smallest", "median"),
    ("mean", "median"),
)  # fmt: skip
#: Columns used as they are, with the value that stands for "no past".
_PLAIN = (
    ("spread", 0.9), ("slope", 0.0), ("like_rate", -2.0), ("comment_rate", -6.9), ("share_rate", -7.5),
    ("days_since_settled", 2.0), ("days_since_post", 1.0), ("days_between_posts", 1.0),
)  # fmt: skip

FEATURES: tuple[str, ...] = (
    "size", "size_squared", "size_line", *(name for name, _, _ in _LEVELS),
    *(f"{first}-{second}" for first, second in _CONTRASTS), *(name for name, _ in _PLAIN),
    "has_past", "one_over_n", "log_n", "log_unsettled", "duration", "duration_squared", "duration_unknown",
    "hashtags", "original_sound", *(f"horizon>{knot:g}" for knot in _HORIZON_KNOTS), "horizon<0",
)  # fmt: skip


def describe_posts(posts: Posts, table: FloatArray, by_size: FloatArray) -> FloatArray:
    """(n, len(FEATURES)) float64, finite: what the quantile lines read.

    Parameters
    ----------
    table : of `summarise_pasts`.
    by_size : of `expect_level`.
    """
    column = dict(zip(PAST_COLUMNS, table.T, strict=True))
    n, has_past = column["n_settled"], column["n_settled"] > 0
    size = size_class(np.nan_to_num(posts.followers, nan=0.0)) - 14
    blocks = [size, size**2 / 10, by_size - 13]
    for name, most, strength in _LEVELS:
        worth = np.minimum(n, most)
        blocks.append(np.where(has_past, (column[name] - by_size) * worth / (worth + strength), 0.0))
    blocks += [np.where(has_past, column[first] - column[second], 0.0) for first, second in _CONTRASTS]
    blocks += [np.nan_to_num(column[name], nan=usual) for name, usual in _PLAIN]
    blocks += [has_past, 1 / (1 + n), np.log1p(n), np.log1p(column["n_unsettled"])]
    duration = np.log1p(np.nan_to_num(posts.duration_seconds, nan=15.0)) - 2.8
    blocks += [
        duration,
        duration**2,
        np.float64(1) * (duration < -1.8),
        np.sqrt(np.nan_to_num(posts.hashtag_count, nan=2.0)),
    ]
    blocks.append(np.nan_to_num(posts.original_sound, nan=0.6))
    horizon = np.log(posts.horizon_days)
    blocks += [np.maximum(horizon - knot, 0.0) for knot in _HORIZON_KNOTS] + [np.minimum(horizon, 0.0)]
    return np.stack([np.asarray(block, dtype=np.float64) for block in blocks], axis=1)
