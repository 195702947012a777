"""The front door: everything other apps, the API, the admin, tasks and commands may ask of the engine.

Fitting is not here: the training stack would make every web process larger (see `feedback.retrain`).
"""

from recommender.events.ingest import record_event_dicts, record_events
from recommender.events.metrics import read_account
from recommender.events.partitions import ensure_partitions
from recommender.events.replay import replay_refused
from recommender.events.rollups import roll_up
from recommender.features.images.safe import RefusedPictureError, SafePicture, open_stored, read_picture
from recommender.feedback.leases import Heartbeat, Lease, LeaseLostError, claim, held_by, release_failed
from recommender.feedback.leases import find_claimable as find_claimable_runs
from recommender.feedback.requests import cancel_run
from recommender.feedback.requests import request_run as request_training
from recommender.queries.digests import MEASURES as DIGEST_MEASURES
from recommender.queries.digests import DigestRow, digest_activity, find_sample_creator, read_retention
from recommender.queries.groups import viewer_groups
from recommender.registry.versions import RegistryError, find_live, promote, prune_artifacts, roll_back
from recommender.serving.catalog import (
    UnknownCreatorError,
    VideoCard,
    describe_videos,
    find_creator_of,
    list_topics,
    publish_creators,
    publish_videos,
    set_blocked,
)
from recommender.serving.for_you import FeedRequest, RequestBelongsToAnotherError, for_you
from recommender.serving.groups import GroupTold, list_groups, regroup
from recommender.serving.impressions import ServedPage
from recommender.serving.newcomers import (
    StageTold,
    describe_stages,
    judge_newcomers,
    list_floors,
    read_exposure,
)
from recommender.serving.niche import (
    Judgement,
    activate_taxonomy,
    check_taxonomy,
    find_new_words,
    judge_account,
    list_niches,
    read_creators,
    read_taxonomy_content,
    save_taxonomy,
)
from recommender.serving.norms import compare_with_norm, read_norm, recompute_norms
from recommender.serving.pictures import NoSuchCreatorError, find_picture, find_pictures, keep_picture
from recommender.serving.reach import simulate_reach
from recommender.serving.search import (
    DEEPEST_RANK,
    FoundCreator,
    RankTold,
    SearchPage,
    rank_name,
    record_click,
    record_search,
    search_creators,
)
from recommender.serving.settings import activate_value_weights, read_active_weights, save_value_weights
from recommender.serving.state import ViewerProfile, sign_up
from recommender.serving.trust import judge_trust, pardon_viewers
from recommender.serving.video_search import FoundVideo, VideoPage, search_videos
from recommender.serving.why import explain_video
from recommender.serving.wishes import (
    UnknownViewerError,
    Wishes,
    mute,
    read_wishes,
    reset_feed,
    undo_reset,
)
from recommender.simulation.reach import ReachRun, backtest_account
from recommender.trace import VideoTrace

__all__ = [
    "DEEPEST_RANK",
    "DIGEST_MEASURES",
    "DigestRow",
    "FeedRequest",
    "FoundCreator",
    "FoundVideo",
    "GroupTold",
    "Heartbeat",
    "Judgement",
    "Lease",
    "LeaseLostError",
    "NoSuchCreatorError",
    "RankTold",
    "ReachRun",
    "RefusedPictureError",
    "RegistryError",
    "RequestBelongsToAnotherError",
    "SafePicture",
    "SearchPage",
    "ServedPage",
    "StageTold",
    "UnknownCreatorError",
    "UnknownViewerError",
    "VideoCard",
    "VideoPage",
    "VideoTrace",
    "ViewerProfile",
    "Wishes",
    "activate_taxonomy",
    "activate_value_weights",
    "backtest_account",
    "cancel_run",
    "check_taxonomy",
    "claim",
    "compare_with_norm",
    "describe_stages",
    "describe_videos",
    "digest_activity",
    "ensure_partitions",
    "explain_video",
    "find_claimable_runs",
    "find_creator_of",
    "find_live",
    "find_new_words",
    "find_picture",
    "find_pictures",
    "find_sample_creator",
    "for_you",
    "held_by",
    "judge_account",
    "judge_newcomers",
    "judge_trust",
    "keep_picture",
    "list_floors",
    "list_groups",
    "list_niches",
    "list_topics",
    "mute",
    "open_stored",
    "pardon_viewers",
    "promote",
    "prune_artifacts",
    "publish_creators",
    "publish_videos",
    "rank_name",
    "read_account",
    "read_active_weights",
    "read_creators",
    "read_exposure",
    "read_norm",
    "read_picture",
    "read_retention",
    "read_taxonomy_content",
    "read_wishes",
    "recompute_norms",
    "record_click",
    "record_event_dicts",
    "record_events",
    "record_search",
    "regroup",
    "release_failed",
    "replay_refused",
    "request_training",
    "reset_feed",
    "roll_back",
    "roll_up",
    "save_taxonomy",
    "save_value_weights",
    "search_creators",
    "search_videos",
    "set_blocked",
    "sign_up",
    "simulate_reach",
    "undo_reset",
    "viewer_groups",
]
