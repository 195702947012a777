"""What experiments read: the running ones for serving, sums per unit for readouts, logged choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from recommender.contracts import (
    ACTION_INDEX,
    VALUE_TERMS,
    BoolArray,
    FloatArray,
    IntArray,
    LoggedChoice,
    ValueWeights,
)
from recommender.events.schema import KIND_INDEX
from recommender.models import Arm, Experiment, FeedChoice
from recommender.queries.columns import read_columns


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One arm as it is stored."""

    id: int
    name: str
    share: float
    overrides: Mapping[str, Any]
    weights: ValueWeights | None
    model_version: int | None
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class RunningRow:
    """One running experiment as it is stored, its arms in order of place."""

    id: int
    name: str
    design: str
    layer: str
    first_bucket: int
    stop_bucket: int
    salt: str
    slice_seconds: int
    arms: tuple[ArmRow, ...]


def read_running() -> tuple[RunningRow, ...]:
    """The running experiments, oldest first; one query while there are none.

    Arms that learn alone are not served before each has a model of its own.
    """
    rows = Experiment.objects.filter(state=Experiment.State.RUNNING).order_by("id")
    told = [(row.learning, describe_experiment(row)) for row in rows.prefetch_related("arms__value_weights")]
    alone = Experiment.Learning.ISOLATED
    return tuple(
        row for learning, row in told if learning != alone or all(arm.model_version for arm in row.arms)
    )


def describe_experiment(row: Experiment) -> RunningRow:
    """A stored experiment as serving and readouts take it; a draft has no buckets of its own yet."""
    return RunningRow(
        row.pk,
        row.name,
        row.design,
        row.layer,
        row.first_bucket or 0,
        row.stop_bucket or 10_000,
        row.salt or row.name,
        row.slice_seconds,
        tuple(_describe_arm(arm) for arm in row.arms.all()),
    )


def _describe_arm(arm: Arm) -> ArmRow:
    stored = arm.value_weights
    weights = None if stored is None else ValueWeights(f"all:{stored.version}", stored.weights)
    return ArmRow(
        arm.pk,
        arm.name,
        arm.share,
        arm.overrides,
        weights,
        arm.model_version_id,
        arm.stopped_at is not None,
    )


_KINDS = {
    "impressions": "impression",
    "swipes": "swipe",
    "likes": "like",
    "comments": "comment",
    "shares": "share",
    "follows": "follow",
    "cart_clicks": "cart_click",
    "orders": "order",
    "not_interested": "not_interested",
}
_BITS = {"long_watches": "long_watch", "finishes": "finish"}
#: What is summed up per unit -> its SQL over events `e`.
_SUMS = {
    "watch_seconds": "coalesce(sum(e.watch_ms), 0) / 1000.0",
    **{
        name: f"count(*) filter (where e.kind = {KIND_INDEX['watch']}"
        f" and e.actions & {1 << ACTION_INDEX[action]} <> 0)"
        for name, action in _BITS.items()
    },
    **{name: f"count(*) filter (where e.kind = {KIND_INDEX[kind]})" for name, kind in _KINDS.items()},
    "active_days": "count(distinct (e.happened_at at time zone 'UTC')::date)",
}
METRICS: tuple[str, ...] = tuple(_SUMS)
_COLUMNS = ", ".join(f"({sql})::float8" for sql in _SUMS.values())


@dataclass(frozen=True, slots=True)
class UnitRows:
    """Sums per unit; everything in step. `past` is NaN for a unit nothing was known of before."""

    unit: IntArray  # (n,) int64 viewer, creator or slice
    arm_id: IntArray  # (n,) int64, UNKNOWN where the log does not say (creators, slices)
    sums: Mapping[str, FloatArray]  # each (n,)
    past: Mapping[str, FloatArray]  # each (n,)
    segments: Mapping[str, Sequence[str]]  # each (n,): market, newcomer, groups


_EXPOSED = """
    select p.viewer_id as unit, a.arm_id, min(p.served_at) as since
      from recommender_feedpage p cross join lateral unnest(p.exposed_arms) as a (arm_id)
     where p.served_at >= %(start)s and p.served_at < %(until)s and a.arm_id = any(%(arms)s)
     group by 1, 2
"""
_VIEWERS_SQL = f"""
    with exposed as ({_EXPOSED})
    select x.unit, x.arm_id, max(v.market), bool_or(v.created_at >= %(newcomer_since)s),
           max(v.attributes ->> 'engagement_group'), max(v.attributes ->> 'interest_group'),
           count(e.event_id), {_COLUMNS}
      from exposed x join recommender_viewer v on v.id = x.unit
      left join recommender_event e on e.viewer_id = x.unit
       and e.happened_at >= greatest(x.since, %(from)s) and e.happened_at < %(to)s
     group by x.unit, x.arm_id order by x.unit, x.arm_id
"""
_CREATORS_SQL = f"""
    select c.id, -1, max(c.market), bool_or(c.created_at >= %(newcomer_since)s), null, null,
           count(e.event_id), {_COLUMNS}
      from recommender_creator c
      left join recommender_event e on e.creator_id = c.id
       and e.happened_at >= %(from)s and e.happened_at < %(to)s
     where c.created_at < %(until)s
       and exists (select from recommender_video v where v.creator_id = c.id and not v.is_blocked)
     group by c.id order by c.id
"""


def read_viewer_units(
    arm_ids: Sequence[int], start: datetime, until: datetime, past_days: int, newcomer_days: int
) -> UnitRows:
    """Viewers exposed in [start, until), each from their first exposure on, and their days before `start`."""
    parts = {"arms": list(arm_ids), "start": start, "until": until}
    past = _VIEWERS_SQL.replace("greatest(x.since, %(from)s)", "%(from)s")
    return _read_units(_VIEWERS_SQL, past, parts, past_days, newcomer_days)


def read_creator_units(start: datetime, until: datetime, past_days: int, newcomer_days: int) -> UnitRows:
    """Every creator with a video to show, whether it was shown or not: being shown is part of the effect."""
    parts = {"start": start, "until": until}
    return _read_units(_CREATORS_SQL, _CREATORS_SQL, parts, past_days, newcomer_days)


def _read_units(
    sql: str, past_sql: str, parts: dict[str, Any], past_days: int, newcomer_days: int
) -> UnitRows:
    start = parts["start"]
    parts = {**parts, "newcomer_since": start - timedelta(days=newcomer_days)}
    width = 7 + len(METRICS)
    now = read_columns(sql, {**parts, "from": start, "to": parts["until"]}, width)
    before = {**parts, "from": start - timedelta(days=past_days), "to": start}
    past = read_columns(past_sql, before, width)
    was_there = np.array(past[6], dtype=np.int64) > 0
    sums = {name: np.array(column, dtype=np.float64) for name, column in zip(METRICS, now[7:], strict=True)}
    return UnitRows(
        unit=np.array(now[0], dtype=np.int64),
        arm_id=np.array(now[1], dtype=np.int64),
        sums=sums,
        past={
            name: np.where(was_there, np.array(column, dtype=np.float64), np.nan)
            for name, column in zip(METRICS, past[7:], strict=True)
        },
        segments=_label_segments(now),
    )


def _label_segments(columns: list[list[Any]]) -> dict[str, list[str]]:
    """Market, newcomer, and the groups of viewers where they have some."""
    segments = {
        "market": [market or "elsewhere" for market in columns[2]],
        "newcomer": ["newcomer" if is_new else "known" for is_new in columns[3]],
    }
    for name, labels in (("engagement group", columns[4]), ("interest group", columns[5])):
        if any(label is not None for label in labels):
            segments[name] = ["none" if label in (None, "-1") else str(label) for label in labels]
    return segments


_SLICES_SQL = f"""
    select floor(extract(epoch from e.happened_at) / %(slice)s)::bigint, count(distinct e.viewer_id),
           {_COLUMNS}
      from recommender_event e
     where e.happened_at >= %(from)s and e.happened_at < %(to)s
       and mod(extract(epoch from e.happened_at), %(slice)s) >= %(washout)s
     group by 1 order by 1
"""


def read_slices(
    start: datetime, until: datetime, slice_seconds: int, washout_share: float, past_days: int
) -> UnitRows:
    """Whole slices of [start, until): sums per active viewer, and those of the slice a week before."""
    first, stop = -int(-start.timestamp() // slice_seconds), int(until.timestamp() // slice_seconds)
    days = max(7, past_days // 7 * 7)
    parts = {
        "slice": slice_seconds,
        "washout": washout_share * slice_seconds,
        "from": start - timedelta(days=days, seconds=slice_seconds),
        "to": until,
    }
    slices, viewers, *sums = read_columns(_SLICES_SQL, parts, 2 + len(METRICS))
    unit, active = np.array(slices, dtype=np.int64), np.maximum(np.array(viewers, dtype=np.float64), 1)
    per_viewer = [np.array(column, dtype=np.float64) / active for column in sums]
    inside = (unit >= first) & (unit < stop)
    earlier = unit[inside] - round(days * 86_400 / slice_seconds)
    place = np.minimum(np.searchsorted(unit, earlier), max(len(unit) - 1, 0))
    known: BoolArray = unit[place] == earlier if len(unit) else np.zeros(0, dtype=np.bool_)
    if days * 86_400 % slice_seconds:
        known = np.zeros_like(known)
    return UnitRows(
        unit=unit[inside],
        arm_id=np.full(int(inside.sum()), -1, dtype=np.int64),
        sums={name: column[inside] for name, column in zip(METRICS, per_viewer, strict=True)},
        past={
            name: np.where(known, column[place], np.nan) if len(column) else column
            for name, column in zip(METRICS, per_viewer, strict=True)
        },
        segments={},
    )


_HABITS_SQL = f"""
    select e.viewer_id, {_COLUMNS} from recommender_event e
     where e.happened_at >= %(from)s and e.happened_at < %(to)s and e.viewer_id = any(%(viewers)s)
     group by 1
"""


def read_habits(until: datetime, days: int, limit: int) -> UnitRows:
    """Viewers active in the last `days`, at most `limit`, with their sums and those of the days before.

    What a power calculation stands on; who was not there before counts 0 in the past.
    """
    middle = until - timedelta(days=days)
    (viewers,) = read_columns(
        "select distinct viewer_id from recommender_event where happened_at >= %(from)s"
        " and happened_at < %(to)s order by 1 limit %(limit)s",
        {"from": middle, "to": until, "limit": limit},
        1,
    )
    unit = np.array(viewers, dtype=np.int64)
    now, past = (
        _spread(unit, read_columns(_HABITS_SQL, {"from": a, "to": b, "viewers": viewers}, 1 + len(METRICS)))
        for a, b in ((middle, until), (middle - timedelta(days=days), middle))
    )
    return UnitRows(unit, np.full(len(unit), -1, dtype=np.int64), now, past, {})


def _spread(unit: IntArray, columns: list[list[Any]]) -> dict[str, FloatArray]:
    place = np.searchsorted(unit, np.array(columns[0], dtype=np.int64))
    spread: dict[str, FloatArray] = {}
    for name, column in zip(METRICS, columns[1:], strict=True):
        spread[name] = np.zeros(len(unit))
        spread[name][place] = column
    return spread


_REWARDS_SQL = """
    select c.id, e.video_id, bit_or(e.actions)
      from recommender_feedchoice c
      join recommender_event e on e.viewer_id = c.viewer_id and e.video_id = any(c.shown_ids)
       and e.happened_at >= c.served_at and e.happened_at < c.served_at + interval '1 day'
     where c.id = any(%(ids)s) group by 1, 2
"""


def read_choices(since: datetime, until: datetime, limit: int) -> list[LoggedChoice]:
    """The newest logged choices of [since, until), at most `limit`, with their rewards."""
    found = FeedChoice.objects.filter(served_at__gte=since, served_at__lt=until).order_by("-served_at")[
        :limit
    ]
    rows = list(found)
    reward: dict[tuple[int, int], int] = {}
    ids, videos, actions = read_columns(_REWARDS_SQL, {"ids": [row.pk for row in rows]}, 3)
    for choice, video, mask in zip(ids, videos, actions, strict=True):
        reward[choice, video] = mask
    return [_build_choice(row, reward) for row in rows]


def _build_choice(row: FeedChoice, reward: Mapping[tuple[int, int], int]) -> LoggedChoice:
    expected = np.frombuffer(bytes(row.expected), dtype=np.float32)
    return LoggedChoice(
        viewer_id=row.viewer_id,
        happened_at=row.served_at.timestamp(),
        market=row.market,
        scenario=row.scenario,
        video_id=np.array(row.video_ids, dtype=np.int64),
        expected=expected.reshape(len(row.video_ids), len(VALUE_TERMS)),
        is_new=np.array(row.is_new, dtype=np.bool_),
        last_creator=row.last_creator,
        last_sound=row.last_sound,
        policy=row.policy,
        shown=np.array(row.shown_ids, dtype=np.int64),
        propensity=np.array(row.propensities, dtype=np.float64),
        actions=np.array([reward.get((row.pk, video), 0) for video in row.shown_ids], dtype=np.int64),
    )
