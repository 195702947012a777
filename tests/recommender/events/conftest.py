"""A small platform for the activity stream: five videos of three creators, and an empty event table."""

import pytest

from recommender.events.partitions import forget_partitions
from tests.factories import make_videos


@pytest.fixture
def videos(db: None) -> dict[int, float]:
    """Videos 1 to 5 of creators 11, 12 and 13; their durations in seconds."""
    return {video.id: video.duration_seconds for video in make_videos(5)}


@pytest.fixture
def committed_videos(transactional_db: None) -> dict[int, float]:
    """The same, seen by every connection."""
    forget_partitions()
    return {video.id: video.duration_seconds for video in make_videos(5)}
