"""The minute's round over new videos: who is owed viewers, moves on, or is let go, and who is seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from recommender.coldstart import exposure, videos
from recommender.coldstart.lanes import PoolTable
from recommender.contracts import UNKNOWN, BoolArray, FloatArray
from recommender.markets import MARKET_CODES, encode_market
from recommender.models import ExposureHour, VideoStage
from recommender.params import Params
from recommender.queries import newcomers as queries
from recommender.queries.settings import read_market_rules
from recommender.rerank.rules import derive_market_rules
from recommender.simulation.worlds import shipped_worlds

#: One round at a time, whatever the number of workers: the key of an advisory lock.
_ROUND_LOCK = 7_420_001


@dataclass(frozen=True, slots=True)
class StageTold:
    """Where a new video stands in a market, in numbers a page can put into words."""

    video_id: int
    market: str
    state: str
    pool: int  # pools passed
    pools: int  # guaranteed ones
    shown: float
    target: float | None
    mean: float | None
    bar: float | None
    chance: float | None
    cohort: str
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did."""

    n_tried: int
    n_promoted: int
    n_let_go: int
    n_expired: int


def shipped_ladder(pools: int) -> videos.Ladder:
    """The pools' shape as the simulation's ladder was fitted to real view counts."""
    ladder = shipped_worlds().ladder
    return videos.Ladder(ladder.list_passing()[:pools], ladder.growth)


def judge_newcomers(now: datetime | None = None) -> Round | None:
    """Judge every new video in every market and measure exposure; None if another worker is at it."""
    now, params = now or timezone.now(), Params()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [_ROUND_LOCK])
            if not cursor.fetchone()[0]:
                return None
        recent = queries.read_recent_videos(now, params.new_videos.cohort_days)
        evidence = _weigh_evidence(recent, now, params)
        before = _stand(recent, now, params)
        ladder = shipped_ladder(params.new_videos.pools)
        after = videos.judge(evidence, before, ladder, params.new_videos)
        _write(recent, evidence, before, after, ladder, params, now)
        _measure(evidence, after, ladder, params, now)
    moved = after.state != before.state
    return Round(
        n_tried=int((after.state == videos.TRYING).sum()),
        n_promoted=int((after.pool > before.pool).sum()),
        n_let_go=int((moved & (after.state == videos.LET_GO)).sum()),
        n_expired=int((moved & (after.state == videos.EXPIRED)).sum()),
    )


def _weigh_evidence(recent: queries.RecentVideos, now: datetime, params: Params) -> videos.Evidence:
    rules = (read_market_rules() or derive_market_rules(params.rerank)).by_market
    derived = derive_market_rules(params.rerank).by_market
    admitted = np.zeros(recent.shown.shape, dtype=np.bool_)
    for code in range(len(MARKET_CODES)):
        allowed = rules.get(code, derived[code]).allowed_languages
        admitted[:, code] = np.isin(recent.language, [UNKNOWN, *allowed]) & ~recent.is_blocked
    return videos.Evidence(
        shown=recent.shown,
        good=recent.good,
        age_days=(now.timestamp() - recent.published_at) / 86_400.0,
        home=recent.home,
        is_admitted=admitted,
        duration_seconds=recent.duration_seconds,
    )


def _stand(recent: queries.RecentVideos, now: datetime, params: Params) -> videos.Standing:
    """The standing of the last round. Videos older than their time when first met are not tried."""
    stored = queries.read_stages(now - timedelta(days=params.new_videos.cohort_days))
    standing = videos.Standing.start(len(recent.video_id), len(MARKET_CODES))
    old = now.timestamp() - recent.published_at > params.new_videos.owed_days * 86_400.0
    standing.state[old] = videos.EXPIRED
    rows = np.searchsorted(recent.video_id, stored.video_id)
    rows = np.minimum(rows, max(len(recent.video_id) - 1, 0))
    here = recent.video_id[rows] == stored.video_id if len(recent.video_id) else rows < 0
    place = (rows[here], stored.market[here])
    standing.state[place] = [videos.STANDINGS.index(state) for state in np.array(stored.state)[here]]
    standing.pool[place] = stored.pool[here]
    figures = (standing.mean.copy(), standing.bar.copy(), standing.chance.copy())
    for figure, column in zip(figures, stored.figures[here].T, strict=True):
        figure[place] = column
    standing.width[place] = [
        videos.WIDTHS.index(cohort) if cohort in videos.WIDTHS else UNKNOWN
        for cohort in np.array(stored.cohort)[here]
    ]
    return videos.Standing(standing.state, standing.pool, *figures, standing.width)


def _write(
    recent: queries.RecentVideos,
    evidence: videos.Evidence,
    before: videos.Standing,
    after: videos.Standing,
    ladder: videos.Ladder,
    params: Params,
    now: datetime,
) -> None:
    """Rows of what is tried, and of what has just been decided."""
    need = videos.measure_need(evidence, after, ladder, params.new_videos)
    full_at = videos.sum_pools(ladder, params.new_videos)
    changed = (after.state != before.state) | (after.pool != before.pool)
    rows = []
    for row, market in zip(*np.nonzero(changed | (after.state == videos.TRYING)), strict=True):
        pool, width = int(after.pool[row, market]), int(after.width[row, market])
        rows.append(
            (
                int(recent.video_id[row]), MARKET_CODES[market],
                videos.STANDINGS[after.state[row, market]], pool,
                float(evidence.shown[row, market]), float(evidence.good[row, market]),
                float(full_at[pool]) if pool < len(full_at) else None, _spell(after.mean[row, market]),
                _spell(after.bar[row, market]), _spell(after.chance[row, market]),
                videos.WIDTHS[width] if width >= 0 else "", float(need[row, market]),
                bool(changed[row, market] and before.state[row, market] == videos.TRYING),
            )
        )  # fmt: skip
    queries.write_stages(rows, now)


def _spell(number: float) -> float | None:
    return float(number) if isfinite(number) else None


def _measure(
    evidence: videos.Evidence, standing: videos.Standing, ladder: videos.Ladder, params: Params, now: datetime
) -> None:
    """This hour's exposure of each market, and what the next hour is given."""
    seen = queries.read_seen_lately(now)
    shares = exposure.measure_exposure(
        seen.shown,
        np.ones(seen.shown.shape, dtype=np.bool_),
        now.timestamp() - seen.published_at < params.new_videos.owed_days * 86_400.0,
        _mark_small(seen, params),
        seen.home,
    )
    positions = videos.share_positions(
        evidence, standing, shares.impressions, params.rerank.exploration_share, ladder, params.new_videos
    )
    floors = exposure.keep_floors(shares.shares, params.floors)
    kept = queries.read_kept_promises(now, 7.0, params.new_videos.first_pool)
    coverage = _cover(evidence)
    ExposureHour.objects.bulk_create(
        [
            ExposureHour(
                hour_at=now.replace(minute=0, second=0, microsecond=0),
                market=market,
                impression_count=float(shares.impressions[code]),
                **dict(zip(exposure.KEPT, map(_spell, shares.shares[code]), strict=True)),
                coverage=_spell(coverage[code]),
                gini=_spell(shares.gini),
                new_video_share=float(positions[code]),
                floors=dict(floors[code]),
                owed_kept=kept.get(market),
            )
            for code, market in enumerate(MARKET_CODES)
        ],
        update_conflicts=True,
        unique_fields=["hour_at", "market"],
        update_fields=[
            "impression_count", *exposure.KEPT, "coverage", "gini", "new_video_share", "floors", "owed_kept"
        ],
    )  # fmt: skip


def _mark_small(seen: queries.SeenLately, params: Params) -> BoolArray:
    if not len(seen.creator_impressions):
        return np.zeros(len(seen.video_id), dtype=np.bool_)
    bar = np.quantile(seen.creator_impressions, params.floors.small_quantile)
    small: BoolArray = seen.creator_impressions[seen.creator] <= bar
    return small


def _cover(evidence: videos.Evidence) -> FloatArray:
    """(m,) share of the recent admitted videos that the market's viewers were shown at all."""
    with np.errstate(invalid="ignore", divide="ignore"):
        met = ((evidence.shown > 0) & evidence.is_admitted).sum(axis=0)
        share: FloatArray = met / evidence.is_admitted.sum(axis=0)
    return share


def read_pools() -> PoolTable:
    """What feeds need of the newest round."""
    stored = queries.read_stages(timezone.now() - timedelta(days=Params().new_videos.cohort_days))
    newest = queries.read_newest_exposure()
    return PoolTable(
        video_id=stored.video_id,
        market=stored.market,
        need=stored.need,
        share={encode_market(row.market): row.new_video_share for row in newest},
        floors={encode_market(row.market): row.floors for row in newest},
    )


def describe_stages(video_ids: list[int], creator_id: int | None = None) -> list[StageTold]:
    """Where some videos stand, by video and market; nothing of videos that were never new here.

    `creator_id` leaves out the videos of everybody else.
    """
    return [_tell(row) for row in queries.find_stages(video_ids, creator_id)]


def _tell(row: VideoStage) -> StageTold:
    return StageTold(
        video_id=row.video_id,
        market=row.market,
        state=row.state,
        pool=row.pool,
        pools=Params().new_videos.pools,
        shown=row.shown_count,
        target=row.target_count,
        mean=row.mean,
        bar=row.bar,
        chance=row.chance,
        cohort=row.cohort,
        judged_at=row.judged_at,
    )


def read_exposure() -> list[ExposureHour]:
    """The newest exposure of each market."""
    return queries.read_newest_exposure()


def list_floors() -> dict[str, float]:
    """The floors in force, share of impressions by name."""
    return exposure.list_floors(Params().floors)
