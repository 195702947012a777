"""Why this video, and why not that one, for one viewer by the live engine."""

from __future__ import annotations

from recommender.queries.viewers import read_viewer
from recommender.serving.for_you import build_scenario
from recommender.serving.live import live_engine
from recommender.serving.wishes import UnknownViewerError
from recommender.trace import VideoTrace, trace_video


def explain_video(viewer_id: int, video_id: int, page_size: int = 10) -> VideoTrace:
    """Follow a video towards the viewer's next page; nothing is logged and nothing counts as seen.

    Raises UnknownViewerError.
    """
    engine = live_engine.get()
    viewer = read_viewer(viewer_id, engine.topic_codes)
    if viewer is None:
        raise UnknownViewerError(
            f"viewer_id {viewer_id} is not known; sign the viewer up by POST /api/v1/viewers first"
        )
    scenario = build_scenario(viewer.market, 0, dict(viewer.device))
    return trace_video(engine.engine, viewer.state, scenario, engine.weights, video_id, page_size)
