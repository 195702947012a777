"""Arms reach exactly the requests they are for, and what is logged says so."""

from typing import Any

import numpy as np
import pytest

from recommender import engine
from recommender.contracts import ValueWeights
from recommender.engine import FeedRequest, ViewerProfile, for_you
from recommender.experiments.assignment import assign
from recommender.models import Arm, Experiment, FeedPage, Video
from recommender.serving.experiment_readout import find_design
from recommender.serving.live import LiveEngine
from tests.factories import make_event, make_experiment, make_videos

pytestmark = pytest.mark.django_db
#: Watching is all that counts: the longest videos lead.
LONG_FIRST: dict[str, Any] = {f"value.{name}": 0.0 for name in ("affinity", "finish", "long_watch", "like")}
LONG_FIRST |= {f"value.{name}": 0.0 for name in ("comment", "share", "follow", "cart_click", "order")}
LONG_FIRST |= {"value.not_interested": 0.0, "value.watch": 1000.0, "rerank.diversity": 0.0}


@pytest.fixture
def platform(live: LiveEngine) -> LiveEngine:
    make_videos(80)
    live.refresh()
    return live


def serve(viewers: range, market: str = "GB") -> dict[int, tuple[FeedPage, float]]:
    """Viewer -> logged page, mean duration of its videos."""
    duration = dict(Video.objects.values_list("pk", "duration_seconds"))
    for viewer in viewers:
        for_you(FeedRequest(ViewerProfile(viewer, market, "en"), page_size=5))
    pages = FeedPage.objects.filter(viewer_id__in=viewers)
    return {
        page.viewer_id: (page, float(np.mean([duration[video] for video in page.video_ids])))
        for page in pages
    }


def start(experiment: Experiment, live: LiveEngine) -> list[Arm]:
    engine.start_experiment(experiment.pk)
    live.refresh()
    return list(experiment.arms.all())


def test_new_weights_change_the_feeds_of_their_arm_alone(platform: LiveEngine) -> None:
    before = {viewer: page.video_ids for viewer, (page, _) in serve(range(1, 2)).items()}
    experiment = make_experiment(overrides=LONG_FIRST)
    control, treated = start(experiment, platform)
    served = serve(range(100, 140))
    by_arm: dict[str, list[float]] = {"try/control": [], "try/other": []}
    for page, seconds in served.values():
        by_arm[page.arm].append(seconds)
    assert min(len(found) for found in by_arm.values()) > 5
    assert np.mean(by_arm["try/other"]) > np.mean(by_arm["try/control"]) + 5
    arm = assign(find_design(Experiment.objects.get()), np.array(list(served)))
    ids = {0: control.pk, 1: treated.pk}
    assert [page.exposed_arms for page, _ in served.values()] == [[ids[int(one)]] for one in arm]
    assert before  # the baseline was served before the start, under no arm
    assert FeedPage.objects.get(viewer_id=1).arm == "baseline"


def test_a_market_in_which_the_arms_do_not_differ_is_not_exposed(platform: LiveEngine) -> None:
    engine.save_value_weights("MY", {"like": 7.0})
    experiment = make_experiment(overrides={"value.like": 7.0})
    Arm.objects.filter(place=0).update(overrides={"value.comment": 8.0})
    platform.refresh()
    start(experiment, platform)
    weights = platform.get().weights
    served = platform.get().board.experiments[0]
    assert served.makes_difference(weights, 0)
    same = ValueWeights("same", {"like": 7.0, "comment": 8.0})
    assert not served.makes_difference(same, 0)


def test_arms_alike_in_everything_are_logged_all_the_same(platform: LiveEngine) -> None:
    start(make_experiment(overrides={}), platform)
    (page, _) = serve(range(5, 6))[5]
    assert page.arm in {"try/control", "try/other"}
    assert len(page.exposed_arms) == 1


def test_traffic_outside_the_slot_is_baseline(platform: LiveEngine) -> None:
    experiment = make_experiment(overrides=LONG_FIRST, traffic_share=0.2)
    start(experiment, platform)
    arms = [page.arm for page, _ in serve(range(200, 260)).values()]
    assert 0.5 < arms.count("baseline") / len(arms) < 0.95


def test_a_stopped_arm_gets_the_control_and_is_no_longer_logged(platform: LiveEngine) -> None:
    experiment = make_experiment(overrides=LONG_FIRST)
    _, treated = start(experiment, platform)
    Arm.objects.filter(pk=treated.pk).update(stopped_at=experiment.created_at, stop_reason="broken guard")
    platform.refresh()
    pages = [page for page, _ in serve(range(100, 130)).values()]
    assert {page.arm for page in pages} == {"try/control", "baseline"}
    assert all(treated.pk not in page.exposed_arms for page in pages)


def test_a_value_that_shapes_the_engine_gives_the_arm_an_engine_of_its_own(platform: LiveEngine) -> None:
    start(make_experiment(overrides={"recall.fresh_hours": 1.0}), platform)
    (served,) = platform.get().board.experiments
    control, treated = served.arms
    assert control.engine is None
    assert treated.engine is not None
    assert treated.engine.params.recall.fresh_hours == 1.0
    assert platform.get().engine.params.recall.fresh_hours == 72.0


def test_two_layers_add_up(platform: LiveEngine) -> None:
    start(make_experiment(name="one", layer="value", overrides={"value.like": 99.0}), platform)
    start(make_experiment(name="two", layer="page", overrides={"rerank.diversity": 0.9}), platform)
    board, found = platform.get().board, set()
    for viewer in range(60):
        setting = board.choose(viewer, 0, 0.0)
        assert len(setting.exposed_arms) == 2
        found.add((setting.weights.default["like"] == 99.0, setting.engine.params.rerank.diversity == 0.9))
    assert len(found) == 4


def test_everybody_changes_arms_together_in_a_switchback(platform: LiveEngine) -> None:
    experiment = make_experiment(design="switchback", overrides=LONG_FIRST, planned_units=10)
    start(experiment, platform)
    board = platform.get().board
    by_slice = [{board.choose(viewer, 0, 3600.0 * slot).label for viewer in range(20)} for slot in range(40)]
    assert all(len(labels) == 1 for labels in by_slice)
    assert set.union(*by_slice) == {"try/control", "try/other"}


def test_creators_of_the_treated_arm_alone_are_valued_anew(platform: LiveEngine) -> None:
    experiment = make_experiment(design="creator", overrides={"value.affinity": 1000.0}, planned_units=5)
    _, treated = start(experiment, platform)
    creators = np.array([11, 12, 13, 14, 15, 16, 17])
    arm = assign(find_design(Experiment.objects.get()), creators)
    in_arm = {int(creator) for creator in creators[arm == 1]}
    assert 0 < len(in_arm) < 7
    served = serve(range(300, 330))
    owner = dict(Video.objects.values_list("pk", "creator_id"))
    tops = [owner[page.video_ids[0]] for page, _ in served.values()]
    assert set(tops) <= in_arm
    assert all(treated.pk in page.exposed_arms for page, _ in served.values())


def test_nothing_is_claimed_where_no_experiment_runs(platform: LiveEngine) -> None:
    setting = platform.get().board.choose(5, 0, 0.0)
    assert setting.engine is platform.get().engine
    assert (setting.label, setting.exposed_arms) == ("baseline", ())


def test_from_served_feeds_to_the_effect_they_had(platform: LiveEngine) -> None:
    experiment = make_experiment(LONG_FIRST, primary_metric="watch_seconds")
    start(experiment, platform)
    duration = dict(Video.objects.values_list("pk", "duration_seconds"))
    served = serve(range(1000, 1120))
    events = [  # everybody watches whatever they are shown to its end
        make_event("watch", viewer, video, watch_seconds=duration[video])
        for viewer, (page, _) in served.items()
        for video in page.video_ids
    ]
    assert engine.record_event_dicts(events, "test").refused == 0
    experiment.refresh_from_db()
    readout = engine.read_experiment(experiment)
    assert sum(readout["split"]["counts"]) == 120
    primary = readout["arms"][0]["metrics"][0]
    assert (primary["metric"], primary["verdict"]) == ("watch_seconds", "better")
    planted = [
        np.mean([seconds for page, seconds in served.values() if page.arm == f"try/{arm}"])
        for arm in ("control", "other")
    ]
    assert primary["control_mean"] == pytest.approx(5 * planted[0], rel=0.01)
    assert primary["treatment_mean"] == pytest.approx(5 * planted[1], rel=0.01)
