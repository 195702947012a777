"""The engine's tables."""

from recommender.models.access import ApiToken
from recommender.models.activity import (
    Event,
    EventBatch,
    EventLedger,
    HourlyRollup,
    RefusedEvent,
    RollupRow,
    ViewerState,
)
from recommender.models.catalog import Creator, Video, Viewer
from recommender.models.experiments import Arm, Experiment, FeedChoice
from recommender.models.groups import GroupVersion, ViewerGroup
from recommender.models.learning import ModelVersion, ShadowScore, TrainingRun
from recommender.models.newcomers import DiscountedCount, ExposureHour, VideoStage, ViewerTrust
from recommender.models.niche import (
    CreatorPicture,
    NewNicheWord,
    NicheNorm,
    NicheProfile,
    SearchShown,
    TaxonomyVersion,
)
from recommender.models.serving import FeedPage, MarketRule, ValueWeights

__all__ = [
    "ApiToken",
    "Arm",
    "Creator",
    "CreatorPicture",
    "DiscountedCount",
    "Event",
    "EventBatch",
    "EventLedger",
    "Experiment",
    "ExposureHour",
    "FeedChoice",
    "FeedPage",
    "GroupVersion",
    "HourlyRollup",
    "MarketRule",
    "ModelVersion",
    "NewNicheWord",
    "NicheNorm",
    "NicheProfile",
    "RefusedEvent",
    "RollupRow",
    "SearchShown",
    "ShadowScore",
    "TaxonomyVersion",
    "TrainingRun",
    "ValueWeights",
    "Video",
    "VideoStage",
    "Viewer",
    "ViewerGroup",
    "ViewerState",
    "ViewerTrust",
]
