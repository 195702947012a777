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
from recommender.models.learning import ModelVersion, TrainingRun
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
    "Event",
    "EventBatch",
    "EventLedger",
    "Experiment",
    "FeedChoice",
    "FeedPage",
    "HourlyRollup",
    "MarketRule",
    "ModelVersion",
    "NewNicheWord",
    "NicheNorm",
    "NicheProfile",
    "RefusedEvent",
    "RollupRow",
    "SearchShown",
    "TaxonomyVersion",
    "TrainingRun",
    "ValueWeights",
    "Video",
    "Viewer",
    "ViewerState",
]
