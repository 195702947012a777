"""Take a promoted version back when viewers fare worse with it: completion, swipes, rejections, calibration.

Looked at every minute, so the intervals hold at all moments at once (experiments.sequential). Each guard is
judged everywhere and in each market; the error is shared among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import F
from django.utils import timezone

from recommender.contracts import ACTION_INDEX, ACTIONS, UNKNOWN, BoolArray, FloatArray, IntArray
from recommender.experiments.sequential import always_valid_radius
from recommender.markets import MARKET_CODES
from recommender.models import ModelVersion, ShadowScore
from recommender.queries.pages import OUTCOMES, PageOutcomes, read_actions, read_outcomes
from recommender.registry.versions import RegistryError, find_live, roll_back
from recommender.training.online_params import WatchParams

#: Guard -> outcome and the direction that is worse.
GUARDS: dict[str, tuple[str, int]] = {
    "completion": ("finish", -1),
    "swipe rate": ("swipe", 1),
    "not interested": ("not_interested", 1),
    "long watches": ("long_watch", -1),
}


@dataclass(frozen=True, slots=True)
class GuardReading:
    """One guard in one place: the means, and the interval of the change."""

    guard: str
    market: str
    before: float
    after: float
    low: float
    high: float
    n_viewers: int

    @property
    def sentence(self) -> str:
        """The reading as the registry keeps it."""
        return (
            f"{self.guard} in {self.market} went from {self.before:.4f} to {self.after:.4f} "
            f"(change {self.low:+.4f} to {self.high:+.4f}, {self.n_viewers} viewers)"
        )


def watch_live(params: WatchParams | None = None) -> str | None:
    """Roll the live version back if a guard has fallen; the reason, or None while all is well."""
    params = params or WatchParams()
    live = find_live()
    if live is None or live.promoted_at is None:
        return None
    now = timezone.now()
    if now - live.promoted_at > timedelta(hours=params.watch_hours):
        return None
    start = live.promoted_at - timedelta(hours=params.baseline_hours)
    before = read_outcomes(live.pk, start, live.promoted_at, own=False)
    after = read_outcomes(live.pk, live.promoted_at, now, own=True)
    fallen = find_fallen(before, after, params)
    fallen += find_misjudged(
        read_gaps(None, start, live.promoted_at), read_gaps(live.pk, live.promoted_at, now), params
    )
    if not fallen:
        return None
    reason = f"taken back by itself: {fallen[0].sentence}"
    try:
        take_back(live, reason)
    except RegistryError:
        return None  # nothing to return to; the sentence is in the log of the task
    return reason


def take_back(live: ModelVersion, reason: str) -> ModelVersion:
    """Make the version before live again and keep the reason on both."""
    earlier = roll_back(reason)
    ModelVersion.objects.filter(pk=live.pk).update(taken_back_at=timezone.now(), reason=reason)
    return earlier


def find_fallen(before: PageOutcomes, after: PageOutcomes, params: WatchParams) -> list[GuardReading]:
    """Guards that are worse than the tolerance by an interval that holds at every look."""
    readings = read_guards(before, after, params)
    fallen = []
    for reading in readings:
        direction = GUARDS[reading.guard][1]
        margin = params.tolerance * reading.before
        is_worse = reading.low > margin if direction > 0 else reading.high < -margin
        if is_worse:
            fallen.append(reading)
    return fallen


@dataclass(frozen=True, slots=True)
class Gaps:
    """How far predictions of long watches lay from what followed; one row a served video."""

    viewer_id: IntArray  # (n,) int64
    market: IntArray  # (n,) int8
    gap: FloatArray  # (n,) predicted minus observed


def read_gaps(version_id: int | None, since: datetime, until: datetime) -> Gaps:
    """Gaps of the pages that versions scored for themselves; of one version, or of all."""
    place = ACTION_INDEX["long_watch"]
    scores = ShadowScore.objects.filter(
        served_at__gte=since, served_at__lt=until, version_id=F("live_version")
    )
    if version_id is not None:
        scores = scores.filter(version_id=version_id)
    lines: list[tuple[int, int, float]] = []
    for score in scores.order_by("id").iterator():
        videos = score.video_ids[: score.served_count]
        met = read_actions(score.viewer_id, videos, score.served_at, score.scored_at)
        for row, video_id in enumerate(videos):
            if video_id in met:
                said = score.live_probability[row * len(ACTIONS) + place]
                lines.append((score.viewer_id, score.market, said - (met[video_id] >> place & 1)))
    viewer, market, gap = zip(*lines, strict=True) if lines else ((), (), ())
    return Gaps(np.array(viewer, np.int64), np.array(market, np.int8), np.array(gap, np.float64))


def find_misjudged(before: Gaps, after: Gaps, params: WatchParams) -> list[GuardReading]:
    """Where the mean gap has grown by more than the tolerance, by an interval that holds at every look."""
    places: list[int | None] = [None, *(int(code) for code in np.unique(after.market) if code != UNKNOWN)]
    alpha, found = params.alpha / len(places), []
    for code in places:
        old, new = (
            _mean_by(side.viewer_id, side.gap, None if code is None else side.market == code)
            for side in (before, after)
        )
        if min(len(old), len(new)) < params.min_viewers:
            continue
        variance = np.array([float(old.var(ddof=1)) / len(old) + float(new.var(ddof=1)) / len(new)])
        radius = always_valid_radius(variance, np.array([float(len(new))]), alpha, params.tuned_viewers)[0]
        change = abs(float(new.mean())) - abs(float(old.mean()))
        low, high = change - float(radius), change + float(radius)
        where = "all markets" if code is None else MARKET_CODES[code]
        reading = GuardReading(
            "calibration of long watches", where, float(old.mean()), float(new.mean()), low, high, len(new)
        )
        if low > params.calibration_tolerance:
            found.append(reading)
    return found


def _mean_by(viewer: IntArray, values: FloatArray, chosen: BoolArray | None) -> FloatArray:
    """(n_viewers,) mean of each viewer's values."""
    if chosen is not None:
        viewer, values = viewer[chosen], values[chosen]
    _, place, count = np.unique(viewer, return_inverse=True, return_counts=True)
    means: FloatArray = np.bincount(place, weights=values, minlength=len(count)) / np.maximum(count, 1)
    return means


def read_guards(before: PageOutcomes, after: PageOutcomes, params: WatchParams) -> list[GuardReading]:
    """Every guard everywhere and per market, where enough viewers were there on both sides."""
    places: list[int | None] = [None, *(int(code) for code in np.unique(after.market) if code != UNKNOWN)]
    alpha = params.alpha / (len(GUARDS) * len(places))
    readings = []
    for code in places:
        sides = [_by_viewer(side, None if code is None else side.market == code) for side in (before, after)]
        if min(len(side) for side in sides) < params.min_viewers:
            continue
        for guard, (outcome, _) in GUARDS.items():
            place = OUTCOMES.index(outcome)
            old, new = sides[0][:, place], sides[1][:, place]
            variance = _variance(old) + _variance(new)
            radius = always_valid_radius(
                np.array([variance]), np.array([float(len(new))]), alpha, params.tuned_viewers
            )[0]
            change = float(new.mean() - old.mean())
            where = "all markets" if code is None else MARKET_CODES[code]
            readings.append(
                GuardReading(
                    guard,
                    where,
                    float(old.mean()),
                    float(new.mean()),
                    change - float(radius),
                    change + float(radius),
                    len(new),
                )
            )
    return readings


def _variance(values: FloatArray) -> float:
    """Of the mean; one imagined answer of either kind keeps it above 0 where nothing happened yet."""
    n = len(values)
    p = (float(values.sum()) + 1) / (n + 2)
    return max(float(values.var(ddof=1)), p * (1 - p) / n) / n if n > 1 else 1.0


def _by_viewer(side: PageOutcomes, chosen: BoolArray | None) -> FloatArray:
    """(n_viewers, len(OUTCOMES)) mean of each viewer: the unit that is independent."""
    happened = side.happened.astype(np.float64)
    columns = [_mean_by(side.viewer_id, happened[:, place], chosen) for place in range(len(OUTCOMES))]
    return np.stack(columns, axis=1)
