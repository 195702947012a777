"""Groups in the database: labels, versions, ids that stay, and where they are used."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

from recommender import engine
from recommender.events.rollups import roll_up
from recommender.models import GroupVersion, Video, Viewer
from recommender.queries.viewers import read_viewers
from recommender.serving.groups import read_learnt_groups
from recommender.simulation.population import TOPICS, make_population
from tests.factories import bearer, make_event, make_key, make_videos

pytestmark = pytest.mark.django_db


@pytest.fixture
def habits() -> None:
    """Viewers 1-12 like what they watch, 13-24 swipe everything."""
    make_videos(16)
    Viewer.objects.bulk_create(Viewer(id=pk, market="GB", language="en") for pk in range(1, 26))
    events = []
    for viewer in range(1, 25):
        for video in range(1, 13):
            at = int((datetime.now(UTC) - timedelta(hours=video)).timestamp() * 1000) + viewer
            long = viewer <= 12
            seconds = 18.0 + (viewer + video) % 5 if long else 0.6
            events.append(make_event("watch", viewer, video, watch_seconds=seconds, happened_at=at))
            if long and (viewer + video) % 2:
                events.append(make_event("like", viewer, video, happened_at=at))
    engine.record_event_dicts(events, "test")
    while roll_up():
        pass


def test_viewers_are_labelled_and_the_next_version_keeps_the_ids(habits: None) -> None:
    call_command("regroup")
    ids = np.arange(1, 26)
    first = engine.viewer_groups(ids, "engagement")
    assert first[24] == -1 and len(set(first[:12]) & set(first[12:24])) == 0
    call_command("regroup")
    assert np.array_equal(engine.viewer_groups(ids, "engagement"), first)
    newest = GroupVersion.objects.get(kind="engagement", is_live=True)
    assert (newest.number, newest.stability) == (2, 1.0)


def test_groups_are_told_by_what_sets_them_apart(habits: None, client: Client) -> None:
    engine.regroup()
    told = client.get("/api/v1/viewer-groups", headers=bearer(make_key())).json()
    traits = {trait for group in told if group["kind"] == "engagement" for trait in group["traits"]}
    assert {"+swipe", "+like"} & traits
    assert {group["kind"] for group in told} <= {"engagement", "interest"}


def test_labels_reach_models_recall_and_the_days_of_a_creator(habits: None) -> None:
    engine.regroup()
    viewers = read_viewers(("lipstick",))
    assert (
        viewers.extra["engagement_group"].tolist()
        == engine.viewer_groups(viewers.viewer_id, "engagement").tolist()
    )
    today = datetime.now(UTC).date()
    rows = engine.digest_activity(
        11, today - timedelta(days=2), date(today.year, today.month, today.day), "UTC"
    )
    by_group = [row for row in rows if row.facet == "group"]
    assert len({row.key for row in by_group}) >= 2
    views = engine.DIGEST_MEASURES.index("views")
    source = sum(row.sums[views] for row in rows if row.facet == "source")
    assert sum(row.sums[views] for row in by_group) == source > 0


def test_nobody_is_grouped_where_nothing_happened() -> None:
    assert engine.regroup() is None


def test_a_kind_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="group kind 'age' is not known"):
        engine.viewer_groups(np.array([1]), "age")


def test_a_simulated_population_is_drawn_from_the_learnt_groups(habits: None) -> None:
    assert read_learnt_groups() is None
    names = {"lipstick": TOPICS[0], "shoes": TOPICS[1], "fishing": TOPICS[2], "bags": TOPICS[3]}
    for old, new in names.items():
        Video.objects.filter(topics=[old]).update(topics=[new])
    own = [(viewer, 13 + viewer % 2) for viewer in range(1, 13)]  # tastes differ by one video
    engine.record_event_dicts([make_event("watch", *pair, watch_seconds=30.0) for pair in own], "test")
    engine.regroup()
    groups = read_learnt_groups()
    assert groups is not None and len(groups.size) >= 2
    world = make_population(5, 40, 400, 1.79e9, 8, seed=3, groups=groups)
    assert world.taste[:, :4].sum(axis=1).mean() > 0.6
    assert make_population(5, 40, 400, 1.79e9, 8, seed=3).taste[:, :4].sum(axis=1).mean() < 0.3
