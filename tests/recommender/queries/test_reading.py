"""Rows become the arrays that the engine learns from: a small platform whose answers are known by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender import contracts as c
from recommender import engine
from recommender.markets import encode_language, encode_market
from recommender.models import Creator, Video
from recommender.queries.activity import read_history, read_impressions, read_live_stats
from recommender.queries.catalogue import read_catalogue
from recommender.queries.scenes import encode_scene
from recommender.queries.viewers import read_viewers
from tests.factories import make_event, make_videos

pytestmark = pytest.mark.django_db


def record(*events: dict[str, object]) -> None:
    assert engine.record_event_dicts(list(events), "test").stored == len(events)


def at(hours_ago: float) -> int:
    return int((datetime.now(UTC) - timedelta(hours=hours_ago)).timestamp() * 1000)


def read(hours_from: float, hours_to: float) -> tuple[c.Catalogue, c.Viewers, c.Impressions]:
    now = datetime.now(UTC)
    catalogue = read_catalogue()
    viewers = read_viewers(catalogue.topic_names)
    since, until = now - timedelta(hours=hours_from), now - timedelta(hours=hours_to)
    return catalogue, viewers, read_impressions(catalogue, viewers, since, until)


def test_the_catalogue_is_ascending_and_takes_language_and_market_from_the_creator() -> None:
    make_videos(9)
    Video.objects.filter(pk=2).update(language="zh-Hans")
    catalogue = read_catalogue()
    assert catalogue.video_id.tolist() == list(range(1, 10))
    assert catalogue.market[0] == encode_market("GB")
    assert catalogue.language[:3].tolist() == [encode_language(tag) for tag in ("en", "zh", "th")]
    assert catalogue.topic_names == ("bags", "fishing", "lipstick", "shoes")
    assert [catalogue.topic_names[code] for code in catalogue.topics[:4, 0]] == [
        "lipstick",
        "shoes",
        "fishing",
        "bags",
    ]


def test_codes_of_topics_a_model_knows_stay_and_new_ones_follow() -> None:
    make_videos(4)
    assert read_catalogue(("shoes", "gone")).topic_names == (
        "shoes",
        "gone",
        "bags",
        "fishing",
        "lipstick",
    )


def test_a_blocked_creator_blocks_the_videos() -> None:
    make_videos(7)
    engine.set_blocked(Creator.objects.filter(pk=12), True)
    assert read_catalogue().is_blocked.tolist() == [False, True, False, False, False, False, False]


def test_an_impression_gathers_what_came_of_it() -> None:
    make_videos(3, duration_seconds=10)
    record(
        make_event(
            "impression", 7, 2, happened_at=at(2), position=3, device={"os": "iOS 19", "network": "5G"}
        ),
        make_event("watch", 7, 2, happened_at=at(1.9), watch_seconds=12.5),
        make_event("like", 7, 2, happened_at=at(1.8)),
        make_event("share", 7, 2, happened_at=at(1.7)),
        make_event("watch", 8, 1, happened_at=at(1), watch_seconds=1.0),
    )
    catalogue, viewers, rows = read(3, 0)
    assert viewers.viewer_id[rows.viewer].tolist() == [7, 8]
    assert catalogue.video_id[rows.video].tolist() == [2, 1]
    assert rows.actions.tolist() == [c.encode_actions(["finish", "long_watch", "like", "share"]), 0]
    assert rows.watch_seconds.tolist() == [12.5, 1.0]
    assert rows.position.tolist() == [3, -1]
    assert rows.extra["device_os"].tolist() == [c.DEVICE_OSES.index("ios"), c.UNKNOWN]
    assert rows.extra["network"].tolist() == [c.NETWORKS.index("5g"), c.UNKNOWN]


def test_a_like_taken_back_does_not_count_and_one_given_again_does() -> None:
    make_videos(2)
    record(
        make_event("impression", 7, 1, happened_at=at(5)),
        make_event("like", 7, 1, happened_at=at(4)),
        make_event("unlike", 7, 1, happened_at=at(3)),
        make_event("impression", 7, 2, happened_at=at(5)),
        make_event("like", 7, 2, happened_at=at(4)),
        make_event("unlike", 7, 2, happened_at=at(3)),
        make_event("like", 7, 2, happened_at=at(2)),
    )
    rows = read(6, 0)[2]
    assert rows.label("like")[np.argsort(rows.video)].tolist() == [False, True]


def test_what_happens_after_the_span_is_not_seen_in_it() -> None:
    make_videos(1)
    record(make_event("impression", 7, 1, happened_at=at(5)), make_event("like", 7, 1, happened_at=at(1)))
    rows = read(6, 2)[2]
    assert (len(rows), rows.label("like").any()) == (1, False)


def test_an_action_without_an_impression_in_the_span_is_no_row() -> None:
    make_videos(1)
    record(make_event("like", 7, 1, happened_at=at(1)))
    assert len(read(6, 0)[2]) == 0


def test_history_is_each_viewers_newest_videos_oldest_first() -> None:
    make_videos(5)
    record(
        *(
            make_event("watch", 7, video, happened_at=at(10 - video), watch_seconds=3)
            for video in (1, 2, 3, 4)
        )
    )
    record(make_event("watch", 9, 5, happened_at=at(8), watch_seconds=20), make_event("impression", 9, 1))
    catalogue = read_catalogue()
    viewers = read_viewers(catalogue.topic_names)
    until = datetime.now(UTC) - timedelta(hours=1)
    history = read_history(catalogue, viewers, until, per_viewer=3)
    assert history.indptr.tolist() == [0, 3, 4]
    assert catalogue.video_id[history.video].tolist() == [2, 3, 4, 5]
    assert history.watch_seconds.tolist() == [3, 3, 3, 20]


def test_live_counts_come_from_the_rollups_by_action() -> None:
    make_videos(2)
    record(
        make_event("impression", 7, 1), make_event("watch", 7, 1, watch_seconds=30), make_event("like", 7, 1),
        make_event("impression", 8, 1, market="MY"),
    )  # fmt: skip
    engine.roll_up()
    stats = read_live_stats(datetime.now(UTC) - timedelta(hours=2))
    gb = stats.market == encode_market("GB")
    assert stats.shown[gb].tolist() == [1.0]
    assert stats.watched_seconds[gb].tolist() == [30.0]
    taken = dict(zip(c.ACTIONS, stats.taken[gb][0].tolist(), strict=True))
    assert (taken["like"], taken["long_watch"], taken["share"]) == (1.0, 1.0, 0.0)
    assert stats.shown[~gb].tolist() == [1.0]


def test_a_device_is_encoded_by_what_is_known_of_it() -> None:
    codes = encode_scene({"os": "Android", "network": "wifi", "app_categories": ["games", "beauty", "moon"]})
    assert codes == {
        "device_os": 0,
        "network": 0,
        "app_categories": 1 << c.APP_CATEGORIES.index("games") | 1 << c.APP_CATEGORIES.index("beauty"),
    }
    assert encode_scene({})["device_os"] == c.UNKNOWN
