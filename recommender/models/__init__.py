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
from recommender.models.learning import ModelVersion, ShadowScore, TrainingRun
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
    "Creator",
    "CreatorPicture",
    "Event",
    "EventBatch",
    "EventLedger",
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
    "ShadowScore",
    "TaxonomyVersion",
    "TrainingRun",
    "ValueWeights",
    "Video",
    "Viewer",
    "ViewerState",
]
