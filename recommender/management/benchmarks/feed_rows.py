"""The feed benchmark's world as rows, and its model as the live version."""

from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone

from recommender import engine
from recommender.contracts import ACTIONS, Catalogue, Dataset, Viewers
from recommender.management import demo_world
from recommender.models import ModelVersion, Viewer
from recommender.params import NetworkParams, Params, ResponseParams, SequenceParams
from recommender.queries.catalogue import read_catalogue
from recommender.queries.viewers import read_viewers
from recommender.registry.versions import write_version
from recommender.simulation.population import Population
from recommender.simulation.response import Responses
from recommender.training.fit import fit_engine

#: Every part of the hybrid stands in the artifact, each after one pass: more of them change no speed.
_PARAMS = Params(
    sequence=SequenceParams(epochs=1, refresh_epochs=0),
    response=ResponseParams(epochs=1),
    network=NetworkParams(epochs=1),
)


def write_world(world: Population) -> None:
    """Creators, videos and viewers, by the same lists that pour the demo world."""
    rows = demo_world.DemoWorld(world, None, None)  # type: ignore[arg-type]  # nothing happened yet
    engine.publish_creators(demo_world.list_creators(rows))
    engine.publish_videos(demo_world.list_videos(rows))
    Viewer.objects.bulk_create([Viewer(**row) for row in demo_world.list_viewers(rows)], batch_size=5000)


def write_states(past: tuple[Any, Any, Any], responses: Responses, per_viewer: int) -> None:
    """Each viewer's state after the past: `per_viewer` watched videos, in the order of time."""
    viewer, video, happened_at = past
    bits = (responses.taken << np.arange(len(ACTIONS))).sum(axis=1)
    with connection.cursor() as cursor:  # one statement for the whole world: the pages' limit is not for it
        cursor.execute("SET statement_timeout = 0")
    with connection.cursor() as cursor, cursor.copy(_COPY_STATES) as copy:
        for start in range(0, len(viewer), per_viewer):
            rows = slice(start, start + per_viewer)
            # A state holds each video once; the last watch stands.
            unique = start + per_viewer - 1 - np.unique(video[rows][::-1], return_index=True)[1]
            kept = np.sort(unique)
            ids = (demo_world.FIRST_VIDEO + video[kept].astype(np.int64)).tolist()
            at = happened_at[kept]
            copy.write_row(
                (
                    demo_world.FIRST_VIEWER + int(viewer[start]),
                    ids,
                    at.tolist(),
                    bits[kept].tolist(),
                    responses.watch_seconds[kept].tolist(),
                    [0.0] * len(kept),
                    ids,
                    at.astype(int).tolist(),
                    *([[]] * 6),
                )
            )


_COPY_STATES = """
COPY recommender_viewerstate (viewer_id, recent_video_ids, recent_happened_at, recent_actions,
    recent_watch_seconds, recent_like_at, seen_video_ids, seen_at, followed_creator_ids, followed_at,
    blocked_creator_ids, blocked_at, searches, searched_at) FROM STDIN
"""


def read_world() -> tuple[Catalogue, Viewers]:
    """The rows as the engine sees them; they come in the order in which they were drawn."""
    catalogue = read_catalogue()
    return catalogue, read_viewers(catalogue.topic_names)


def fit_and_promote(dataset: Dataset) -> None:
    """Fit on the whole past (nothing is judged here) and make the version live."""
    fitted = fit_engine(dataset, _PARAMS)
    folder, digest = write_version(fitted.arrays, fitted.meta, dataset.catalogue.topic_names)
    ModelVersion.objects.create(
        state=ModelVersion.State.LIVE,
        folder=folder,
        manifest_sha256=digest,
        trained_until=timezone.now(),
        promoted_at=timezone.now(),
        reason="the benchmark's own version, not judged",
    )
