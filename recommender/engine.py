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
from recommender.feedback.scopes import request_arm_fits
from recommender.queries.digests import MEASURES as DIGEST_MEASURES
from recommender.queries.digests import DigestRow, digest_activity, find_sample_creator, read_retention
from recommender.queries.experiments import METRICS as EXPERIMENT_METRICS
from recommender.queries.groups import viewer_groups
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
    find_creator_of,
    list_topics,
    publish_creators,
    publish_videos,
    set_blocked,
)
from recommender.serving.choices import prune_choices
from recommender.serving.experiment_control import (
    check_guards,
    conclude_experiment,
    discard_experiment,
    save_experiment,
    start_experiment,
    stop_experiment,
)
from recommender.serving.experiment_pages import describe_power, describe_readout, name_values
from recommender.serving.experiment_preview import preview_experiment
from recommender.serving.experiment_readout import calculate_power, read_experiment
from recommender.serving.experiment_rules import ExperimentError
from recommender.serving.experiment_rules import find_faults as find_experiment_faults
from recommender.serving.for_you import FeedRequest, RequestBelongsToAnotherError, for_you
from recommender.serving.groups import GroupTold, list_groups, regroup
from recommender.serving.impressions import ServedPage
from recommender.serving.losses import LimitTold, find_limits, list_pool_states
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
from recommender.serving.reach import (
    OpenRun,
    close_run,
    fingerprint_run,
    list_part_markets,
    open_run,
    read_cover,
    simulate_reach,
    work_on_part,
)
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
from recommender.simulation.cover import move_cover
from recommender.simulation.reach import ReachRun, backtest_account
from recommender.trace import VideoTrace

__all__ = [
    "DEEPEST_RANK",
    "DIGEST_MEASURES",
    "EXPERIMENT_METRICS",
    "DigestRow",
    "ExperimentError",
    "FeedRequest",
    "FoundCreator",
    "FoundVideo",
    "GroupTold",
    "Heartbeat",
    "Judgement",
    "Lease",
    "LeaseLostError",
    "LimitTold",
    "NoSuchCreatorError",
    "OpenRun",
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
    "calculate_power",
    "cancel_run",
    "check_guards",
    "check_taxonomy",
    "claim",
    "close_run",
    "compare_with_norm",
    "conclude_experiment",
    "describe_power",
    "describe_readout",
    "describe_stages",
    "describe_videos",
    "digest_activity",
    "discard_experiment",
    "ensure_partitions",
    "explain_video",
    "find_claimable_runs",
    "find_creator_of",
    "find_experiment_faults",
    "find_limits",
    "find_live",
    "find_new_words",
    "find_picture",
    "find_pictures",
    "find_sample_creator",
    "fingerprint_run",
    "for_you",
    "held_by",
    "judge_account",
    "judge_newcomers",
    "judge_trust",
    "keep_picture",
    "list_floors",
    "list_groups",
    "list_niches",
    "list_part_markets",
    "list_pool_states",
    "list_topics",
    "move_cover",
    "mute",
    "name_values",
    "open_run",
    "open_stored",
    "pardon_viewers",
    "preview_experiment",
    "promote",
    "prune_artifacts",
    "prune_choices",
    "publish_creators",
    "publish_videos",
    "put_in_shadow",
    "rank_name",
    "read_account",
    "read_active_weights",
    "read_cover",
    "read_creators",
    "read_experiment",
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
    "request_arm_fits",
    "request_training",
    "request_update",
    "request_update_if_due",
    "reset_feed",
    "roll_back",
    "roll_up",
    "save_experiment",
    "save_taxonomy",
    "save_value_weights",
    "search_creators",
    "search_videos",
    "set_blocked",
    "sign_up",
    "simulate_reach",
    "start_experiment",
    "stop_experiment",
    "undo_reset",
    "viewer_groups",
    "work_on_part",
]
