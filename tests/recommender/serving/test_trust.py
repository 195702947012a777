"""Trust in the database: fakes found from events, discounted, learnt from by nobody, pardoned."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from recommender import engine
from recommender.events.rollups import recount, roll_up
from recommender.models import DiscountedCount, Viewer, ViewerTrust
from recommender.queries.activity import read_impressions, read_live_stats
from recommender.queries.catalogue import read_catalogue
from recommender.queries.viewers import read_viewers
from tests.factories import make_event, make_videos

pytestmark = pytest.mark.django_db


def send(events: list[dict[str, Any]]) -> None:
    for start in range(0, len(events), 1000):
        assert engine.record_event_dicts(events[start : start + 1000], "test").refused == 0
    while roll_up():
        pass


def make_ring(n_fakes: int = 8, first: int = 900) -> list[dict[str, Any]]:
    """Fakes of one session who like the same twelve videos after watching them."""
    session = str(uuid.uuid4())
    told = []
    for fake in range(first, first + n_fakes):
        for video in range(1, 13):
            at = int((datetime.now(UTC) - timedelta(minutes=fake - first + 1)).timestamp() * 1000)
            base = {"session_id": session, "happened_at": at}
            told.append(make_event("watch", fake, video, watch_seconds=9.0 + video / 3, **base))
            told.append(make_event("like", fake, video, **base))
    return told


@pytest.fixture
def poisoned() -> None:
    make_videos(40)
    Viewer.objects.bulk_create(Viewer(id=pk, market="GB", language="en") for pk in (1, 2, *range(900, 908)))
    honest = [make_event("watch", viewer, 20 + viewer, watch_seconds=12.0) for viewer in (1, 2)]
    send([*make_ring(), *honest, make_event("like", 1, 21)])


def count_likes() -> float:
    stats = read_live_stats(timezone.now() - timedelta(days=1))
    return float(stats.taken[:, 2].sum())


def test_a_ring_is_found_and_what_it_did_counts_for_nothing(poisoned: None) -> None:
    assert count_likes() == 8 * 12 + 1
    told = engine.judge_trust()
    assert told is not None and told.n_found == 8
    found = ViewerTrust.objects.get(pk=900)
    assert found.trust < 0.5 and "session" in found.findings
    assert count_likes() == 1
    assert not ViewerTrust.objects.filter(pk__in=[1, 2]).exists()


def test_the_hourly_counts_themselves_stay_what_happened(poisoned: None) -> None:
    engine.judge_trust()
    now = timezone.now()
    assert recount(now - timedelta(hours=2), now) == []
    assert DiscountedCount.objects.exists()


def test_no_fit_and_no_window_reads_a_fake(poisoned: None) -> None:
    now = timezone.now() + timedelta(minutes=1)
    catalogue = read_catalogue()
    before = read_impressions(catalogue, read_viewers(()), now - timedelta(days=1), now)
    engine.judge_trust()
    viewers = read_viewers(())
    assert viewers.trust is not None and (viewers.trust < 0.5).sum() == 8
    after = read_impressions(catalogue, viewers, now - timedelta(days=1), now)
    assert len(before) == 8 * 12 + 2
    assert set(viewers.viewer_id[np.unique(after.viewer)].tolist()) == {1, 2}


def test_an_operators_pardon_brings_the_counts_back(poisoned: None) -> None:
    engine.judge_trust()
    assert engine.pardon_viewers([900, 901], True) == 2
    assert count_likes() == 1 + 2 * 12
    engine.judge_trust()  # the verdict may come again; the pardon stays
    assert count_likes() == 1 + 2 * 12
    assert engine.pardon_viewers([900, 901], False) == 2
    assert count_likes() == 1


def test_one_viewers_repeats_are_discounted_and_everybody_elses_word_stays() -> None:
    make_videos(3)
    send([make_event("like", 5, 1) for _ in range(7)] + [make_event("like", 6, 1)])
    engine.judge_trust()
    assert count_likes() == 3  # two of the seven, and one


def test_who_is_cleared_has_no_row_left(poisoned: None) -> None:
    engine.judge_trust()
    ViewerTrust.objects.create(viewer_id=1, trust=0.2, findings=["dwell"])
    engine.judge_trust()
    assert not ViewerTrust.objects.filter(pk=1).exists()
