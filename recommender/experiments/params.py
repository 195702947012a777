"""Every tunable number of experiments, and how far an arm may move each value of `params.Params`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExperimentParams:
    """Readouts, guards and the log that off-policy answers stand on."""

    # Chance of a false alarm of each statement that is shown, 0.001-0.2: the usual convention.
    alpha: float = 0.05
    # Chance that a guard stops a harmless arm, over the whole run, all guards and arms together, 0.001-0.2.
    guard_alpha: float = 0.05
    # Chance to find the effect that was planned for, 0.5-0.99: the usual convention.
    power: float = 0.8
    # Units each arm needs before a guard may stop it, 20-100,000: the intervals are asymptotic.
    guard_min_units: int = 100
    # Days before the start that tell of a unit's habits (CUPED), 1-56: Deng et al. (2013) found one to two
    # weeks enough.
    covariate_days: int = 14
    # Days since sign-up below which a viewer counts as a newcomer at the start, 1-90.
    newcomer_days: int = 7
    # Units a segment needs in every arm before it is told, 20-10,000.
    segment_min_units: int = 50
    # Seconds of a switchback slice, 600-604,800: an hour is longer than nearly every session.
    slice_seconds: int = 3600
    # Share of a slice, its beginning, that is not counted, 0-0.5: the slice before still has its say then.
    slice_washout: float = 0.1
    # Days of the past the power calculator and the preview look at, 1-90.
    planning_days: int = 14
    # Viewers the power calculator looks at, at most, 1,000-1,000,000.
    planning_viewers: int = 50_000
    # Share of feed pages whose whole choice is logged, 0-1. A choice is about 7 kB; at 50 feeds a second two
    # in a hundred are 0.6 GB a day.
    choice_share: float = 0.02
    # Days a logged choice is kept, 1-90.
    choice_days: int = 14
    # Logged pages a preview reads, at most, 100-100,000: a thousand take an operator about a second an arm.
    choice_pages: int = 2_000
    # Logged pages the promotion gate needs to decide, and reads at most: each is scored by two engines.
    gate_min_pages: int = 200
    gate_pages: int = 600
    # Loss of long watches a position, relative, from which on the gate refuses, 0-0.5.
    gate_tolerance: float = 0.02
    # Hours between the fits of an arm that learns alone, 1-168: as often as the nightly retraining.
    arm_fit_hours: int = 24


Range = tuple[float, float]

#: Values read at each request: an arm replaces them for that request.
SERVED: dict[str, Range] = {
    "features.recent_events": (10, 500),
    "features.recency_decay": (0.8, 1.0),
    "features.viewer_rate_strength": (1, 100),
    "recall.candidates": (50, 2000),
    "recall.per_source": (10, 1000),
    "recall.similar_seeds": (1, 50),
    "recall.topics_asked": (1, 20),
    "recall.newcomer_positives": (1, 20),
    "recall.imagined_per_interest": (1, 10),
    "recall.follow_videos": (1, 50),
    "recall.follow_creators": (1, 500),
    "rerank.creator_decay": (0.0, 1.0),
    "rerank.creator_floor": (0.0, 1.0),
    "rerank.diversity": (0.0, 1.0),
    "rerank.shortlist": (50, 500),
    "rerank.exploration_share": (0.0, 0.5),
    "rerank.exploration_pool": (2, 100),
    "rerank.exploration_temperature": (0.1, 10.0),
    "rerank.creator_daily_cap": (1, 1000),
    "rerank.topic_daily_cap": (1, 1000),
}
#: Values that shape what an engine is put together from: an arm has an engine of its own.
BUILT: dict[str, Range] = {
    "features.duration_edges": (1, 3600),
    "features.rate_strength": (1, 1000),
    "recall.topic_length": (50, 2000),
    "recall.trending_half_life_hours": (1, 168),
    "recall.trending_length": (100, 5000),
    "recall.fresh_hours": (1, 720),
    "recall.fresh_impressions": (1, 100_000),
    "rerank.hit_quantile": (0.5, 1.0),
    "rerank.language_min_share": (0.0, 1.0),
}
#: What stored files or hashes stand on, or what only a benchmark reads: no arm may move it.
FIXED: frozenset[str] = frozenset(
    {"features.token_buckets", "features.token_slots", "features.content_dimensions", "training.seed"}
)
#: Worth of a value term, times the base; and how much a recall signal weighs, times what was learnt.
VALUE_RANGE: Range = (-1000.0, 1000.0)
MIX_RANGE: Range = (0.0, 10.0)
#: Range of a number that a fit reads, as a multiple of the shipped one: fits break far outside it.
FITTED_FACTOR: Range = (0.01, 100.0)
