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
from recommender.feedback.requests import cancel_run, request_update, request_update_if_due
from recommender.feedback.requests import request_run as request_training
from recommender.queries.digests import MEASURES as DIGEST_MEASURES
from recommender.queries.digests import DigestRow, digest_activity, find_sample_creator, read_retention
from recommender.registry.versions import (
    RegistryError,
    find_live,
    promote,
    prune_artifacts,
    put_in_shadow,
    roll_back,
)
from recommender.serving.catalog import (
    UnknownCreatorError,
    VideoCard,
    describe_videos,
    list_topics,
    publish_creators,
    publish_videos,
    set_blocked,
)
from recommender.serving.for_you import FeedRequest, RequestBelongsToAnotherError, for_you
from recommender.serving.impressions import ServedPage
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
from recommender.serving.video_search import FoundVideo, VideoPage, search_videos
from recommender.simulation.reach import ReachRun, backtest_account

__all__ = [
    "DEEPEST_RANK",
    "DIGEST_MEASURES",
    "DigestRow",
    "FeedRequest",
    "FoundCreator",
    "FoundVideo",
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
    "UnknownCreatorError",
    "VideoCard",
    "VideoPage",
    "ViewerProfile",
    "activate_taxonomy",
    "activate_value_weights",
    "backtest_account",
    "cancel_run",
    "check_taxonomy",
    "claim",
    "compare_with_norm",
    "describe_videos",
    "digest_activity",
    "ensure_partitions",
    "find_claimable_runs",
    "find_live",
    "find_new_words",
    "find_picture",
    "find_pictures",
    "find_sample_creator",
    "for_you",
    "held_by",
    "judge_account",
    "keep_picture",
    "list_niches",
    "list_topics",
    "open_stored",
    "promote",
    "prune_artifacts",
    "publish_creators",
    "publish_videos",
    "put_in_shadow",
    "rank_name",
    "read_account",
    "read_active_weights",
    "read_creators",
    "read_norm",
    "read_picture",
    "read_retention",
    "read_taxonomy_content",
    "recompute_norms",
    "record_click",
    "record_event_dicts",
    "record_events",
    "record_search",
    "release_failed",
    "replay_refused",
    "request_training",
    "request_update",
    "request_update_if_due",
    "roll_back",
    "roll_up",
    "save_taxonomy",
    "save_value_weights",
    "search_creators",
    "search_videos",
    "set_blocked",
    "sign_up",
    "simulate_reach",
]
