"""Numbers of the loop between retrainings: unit, range, why this value, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Seconds after a video was shown until the absence of an action counts as a no, 0-30 days. What a watch
#: tells is over with the watch (three minutes hold 99.9 % of short videos and their first loops); a tap
#: follows within minutes; a cart is filled within the hour; an order is paid for within three days.
ATTRIBUTION_SECONDS: Mapping[str, float] = {
    "finish": 180.0,
    "long_watch": 180.0,
    "like": 240.0,
    "comment": 300.0,
    "share": 300.0,
    "follow": 300.0,
    "not_interested": 240.0,
    "cart_click": 3600.0,
    "order": 259_200.0,
}
#: Mean seconds from a video shown to the action, for actions that are learnt from before their window is
#: over, 60 s to the window: the delay of Chapelle (KDD 2014), whose exponential law is assumed here.
MEAN_DELAY_SECONDS: Mapping[str, float] = {"cart_click": 300.0, "order": 43_200.0}


@dataclass(frozen=True, slots=True)
class OnlineParams:
    """How the live version's weights follow new events."""

    # Step of AdaGrad (Duchi et al., JMLR 2011) on standardised features, 0.0001-0.1. About what averages all
    # rows with 150 features that go together; 0.03 lost 0.014 of log loss on the last two days of
    # KuaiRand-Pure's first log.
    rate: float = 0.001
    # The same for the last layer of the network part, whose inputs are not standardised.
    answer_rate: float = 0.0005
    # Rows a step, 8-4096: a quarter of an hour of a small platform must hold several.
    batch: int = 64
    # Replayed rows a new row, 0-10: one to one keeps what was learnt without drowning what is new.
    replay_ratio: float = 1.0
    # Older rows that travel with a version, described as they were then, 1,000-100,000: with vectors
    # and categories 10,000 take 13 MB.
    replay_rows: int = 10_000
    # Newest rows an update learns from and judges by at most, 1,000-1,000,000: describing 100,000 takes
    # about 20 s on two cores.
    learning_rows: int = 100_000
    judging_rows: int = 30_000
    # Share of viewers whose rows judge updates and are learnt from by none, 0.05-0.5.
    judge_share: float = 0.2
    # Imagined rows behind the calibration in force, 500-1,000,000: an hour's rows bend it and do not rule it.
    calibration_memory: float = 20_000.0
    # Rows behind one step at most, so that a feature rarely met does not leap, in learning rows, 1-10,000.
    least_memory: float = 50.0


@dataclass(frozen=True, slots=True)
class DriftParams:
    """When a live window counts as unlike the rows a version was fitted on."""

    # Bins of the population stability index, 5-50; ten is the usual.
    bins: int = 10
    # Index of a feature or score from which it alarms, 0.1-1: above 0.25 is the usual word for a population
    # that has shifted (Siddiqi, Credit Risk Scorecards, 2006).
    psi_alarm: float = 0.25
    # Largest distance of distribution functions (Kolmogorov-Smirnov) of a score that does not alarm, 0-1.
    ks_alarm: float = 0.2
    # Largest gap between the mean prediction and the observed rate, relative to the rate, beyond chance, 0-2.
    calibration_alarm: float = 0.25
    # Rows below which a window tells nothing, 50-10,000; features shown in the admin, 1-50.
    min_rows: int = 200
    features_told: int = 10


@dataclass(frozen=True, slots=True)
class ShadowParams:
    """A version that scores what the live one serves, and decides nothing."""

    # Share of pages that are scored twice, 0-1, and pages a round at most, 1-1,000: a page takes about 20 ms.
    page_share: float = 0.1
    pages_per_round: int = 100
    # Seconds after a page until it is scored and its outcome read, 60-3,600: the watch window and a margin.
    settle_seconds: float = 300.0
    # Pages before the shadow is judged where the installation names no number, 20-100,000.
    pages: int = 500


@dataclass(frozen=True, slots=True)
class WatchParams:
    """When a promoted version is taken back by itself."""

    # Chance that a version as good as the one before is ever taken back, 0.001-0.1, over all guards.
    alpha: float = 0.01
    # Relative worsening that is borne, 0-0.5: days differ by about as much.
    tolerance: float = 0.1
    # The same for the gap between predicted and observed long watches, in points of probability, 0-0.3.
    calibration_tolerance: float = 0.05
    # Viewers with a page of the version before it is judged, 20-10,000; where the interval is narrowest.
    min_viewers: int = 50
    tuned_viewers: float = 1_000.0
    # Hours of the versions before that it is compared with, 1-168, and hours a version is watched, 1-168.
    baseline_hours: float = 24.0
    watch_hours: float = 24.0
    # Minutes without updates after a version was taken back, 10-1,440: the same rows would teach the same.
    pause_minutes: float = 60.0


@dataclass(frozen=True, slots=True)
class LoopParams:
    """Everything above."""

    online: OnlineParams = field(default_factory=OnlineParams)
    drift: DriftParams = field(default_factory=DriftParams)
    shadow: ShadowParams = field(default_factory=ShadowParams)
    watch: WatchParams = field(default_factory=WatchParams)
