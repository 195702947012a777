"""A started experiment with viewers whose habits, arms and long watches are known."""

import uuid
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
from django.utils import timezone

from recommender import engine
from recommender.events.partitions import ensure_days, forget_partitions
from recommender.experiments.assignment import assign
from recommender.models import Event, Experiment, FeedPage, Viewer
from recommender.serving.experiment_readout import find_design
from tests.factories import make_experiment, make_videos


def run_world(
    rates: tuple[float, float], lost: float = 0.0, n_viewers: int = 1200, **fields: Any
) -> Experiment:
    """A started experiment whose viewers were served and watched: Poisson long watches, `rates` by arm."""
    rng = np.random.default_rng(3)
    make_videos(3)
    experiment = make_experiment({"value.like": 9.0}, **fields)
    start = timezone.now() - timedelta(days=2)
    with patch("django.utils.timezone.now", return_value=start):
        engine.start_experiment(experiment.pk)
    experiment.refresh_from_db()
    arms = list(experiment.arms.all())
    viewers = np.arange(1, n_viewers + 1)
    place = assign(find_design(experiment), viewers)
    is_kept = (place == 0) | (rng.random(n_viewers) >= lost)
    viewers, place = viewers[is_kept], place[is_kept]
    habit = rng.gamma(3.0, 1.0, len(viewers))
    Viewer.objects.bulk_create(
        Viewer(pk=int(viewer), market="GB" if viewer % 2 else "MY") for viewer in viewers
    )
    FeedPage.objects.bulk_create(
        FeedPage(
            request_id=uuid.UUID(int=int(viewer)), page=0, viewer_id=int(viewer), mode="fallback", arm="try",
            exposed_arms=[arms[one].pk], weights_version="", market=0, video_ids=[1], propensities=[1.0],
            values=[1.0], reasons=[{}], served_at=start + timedelta(minutes=1),
        )
        for viewer, one in zip(viewers, place, strict=True)
    )  # fmt: skip
    watch_past = rng.poisson(habit)
    watch_now = rng.poisson(habit * np.array(rates)[place])
    add_watches(viewers, watch_past, start - timedelta(days=3))
    add_watches(viewers, watch_now, start + timedelta(hours=2))
    return experiment


def add_watches(viewers: Any, counts: Any, at: Any) -> None:
    """Long watches of video 1 at a moment, so many of each viewer."""
    forget_partitions()  # those of an earlier test went with its transaction
    ensure_days([int(at.timestamp() * 1_000_000)])
    Event.objects.bulk_create(
        Event(
            event_id=uuid.uuid4(), happened_at=at, batch_id=1, viewer_id=int(viewer), video_id=1,
            creator_id=11, kind=1, actions=0b11, market=0, source=0, watch_ms=10_000, is_clamped=False,
        )
        for viewer, count in zip(viewers, counts, strict=True)
        for _ in range(count)
    )  # fmt: skip
