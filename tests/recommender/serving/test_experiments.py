"""An experiment from draft to conclusion: what is frozen, what stops it, what it says."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from recommender import engine
from recommender.engine import ExperimentError
from recommender.experiments.assignment import assign
from recommender.models import Arm, Experiment
from recommender.serving.experiment_readout import find_design
from recommender.serving.live import LiveEngine
from tests.experiment_world import add_watches, run_world
from tests.factories import make_experiment, make_videos

pytestmark = pytest.mark.django_db


def find_metric(readout: dict[str, Any], metric: str) -> dict[str, Any]:
    return next(one for one in readout["arms"][0]["metrics"] if one["metric"] == metric)


def test_a_planted_effect_is_found_and_habits_sharpen_it() -> None:
    experiment = run_world((1.0, 1.4))
    readout = engine.read_experiment(experiment)
    primary = find_metric(readout, "long_watches")
    assert primary["role"] == "primary"
    assert primary["verdict"] == "better"
    low, high = primary["relative_interval"]
    assert low < 0.4 < high
    assert primary["variance_kept"] < 0.9
    assert readout["split"]["is_sound"]
    assert readout["progress"]["planned_units"] == 500
    told = {(one["segment"], one["value"]) for one in readout["segments"]}
    assert told == {("market", "GB"), ("market", "MY")}  # all are newcomers: no segment of its own
    assert any("learn from every arm" in note for note in readout["notes"])


def test_no_effect_is_not_called_one() -> None:
    readout = engine.read_experiment(run_world((1.0, 1.0)))
    assert find_metric(readout, "long_watches")["verdict"] == "undecided"
    assert not any(one["stands"] for one in readout["segments"])


def test_a_split_that_loses_viewers_of_one_arm_is_found() -> None:
    readout = engine.read_experiment(run_world((1.0, 1.0), lost=0.4))
    assert not readout["split"]["is_sound"]
    assert "believed" in readout["notes"][0]


def test_a_broken_guard_stops_its_arm_and_the_reason_stays() -> None:
    experiment = run_world((1.0, 0.4), guards=[{"metric": "long_watches", "tolerance": 0.05}])
    assert engine.check_guards() == 1
    arm = Arm.objects.get(place=1)
    assert arm.stopped_at is not None
    assert "long_watches changed by" in arm.stop_reason
    experiment.refresh_from_db()
    assert experiment.state == "stopped"  # it was the last treated arm
    assert "stopped by its guards" in experiment.stop_reason
    assert experiment.readout["arms"][0]["breach"]
    assert engine.check_guards() == 0


def test_a_guard_that_holds_stops_nobody() -> None:
    experiment = run_world((1.0, 1.1), guards=[{"metric": "long_watches", "tolerance": 0.05}])
    assert engine.check_guards() == 0
    experiment.refresh_from_db()
    assert experiment.state == "running"


def test_what_it_is_about_is_frozen_by_the_start() -> None:
    experiment = make_experiment({"value.like": 9.0})
    Experiment.objects.filter(pk=experiment.pk).update(primary_metric="likes")
    engine.start_experiment(experiment.pk)
    for change in ({"primary_metric": "shares"}, {"planned_days": 3}, {"guards": []}, {"traffic_share": 0.5}):
        if change == {"guards": []}:
            change = {"guards": [{"metric": "likes", "tolerance": 0.1}]}
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            Experiment.objects.filter(pk=experiment.pk).update(**change)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Arm.objects.filter(place=1).update(overrides={"value.like": 1.0})
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        experiment.delete()
    with pytest.raises(ExperimentError, match="it must be draft"):
        engine.start_experiment(experiment.pk)


def test_a_layer_has_no_room_for_more_than_all_of_it() -> None:
    engine.start_experiment(make_experiment({"value.like": 9.0}, traffic_share=0.7).pk)
    second = make_experiment({"value.like": 8.0}, name="second", traffic_share=0.4)
    with pytest.raises(ExperimentError, match=r"no 40% left in one piece \(try 70%\)"):
        engine.start_experiment(second.pk)
    third = make_experiment({"value.like": 8.0}, name="third", traffic_share=0.3)
    started = engine.start_experiment(third.pk)
    assert (started.first_bucket, started.stop_bucket) == (7000, 10_000)


def test_layers_may_not_move_the_same_value() -> None:
    engine.start_experiment(make_experiment({"rerank.diversity": 0.3}).pk)
    other = make_experiment({"rerank.diversity": 0.5}, name="other", layer="elsewhere")
    with pytest.raises(ExperimentError, match=r"moves rerank\.diversity too; choose its layer"):
        engine.start_experiment(other.pk)
    creators = make_experiment({"value.like": 0.5}, name="creators", design="creator")
    with pytest.raises(ExperimentError, match="holds a viewer experiment"):
        engine.start_experiment(creators.pk)


@pytest.mark.parametrize(
    ("fields", "arms", "words"),
    [
        ({"primary_metric": "joy"}, None, "metric 'joy' is not known"),
        ({"guards": [{"metric": "likes"}]}, None, "give a list like"),
        ({"guards": [{"metric": "likes", "tolerance": 2}]}, None, "choose 0 to 0.5"),
        ({"planned_days": 400}, None, "planned_days is 400; choose 1 to 90"),
        ({}, [{"name": "control", "share": 0.5}], "there are 1 arms"),
        ({}, [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.4}], "add up to 0.9"),
        ({}, {"rerank.diversity": 3}, "choose 0 to 1"),
        ({}, {"rerank.diversitee": 0.3}, "is no value of the engine"),
        ({}, {"recall.als_l2": 100.0}, "takes effect when a model is fitted"),
        ({"design": "creator"}, {"rerank.diversity": 0.3}, "change 'value.*' alone"),
        ({"design": "creator", "learning": "isolated"}, {}, "only arms of viewers can learn alone"),
    ],
)
def test_what_could_not_be_started_is_refused_in_words(fields: Any, arms: Any, words: str) -> None:
    both = [{"name": "control", "share": 0.5}, {"name": "other", "share": 0.5, "overrides": arms or {}}]
    about = {"name": "try", "hypothesis": "it helps", **fields}
    with pytest.raises(ExperimentError) as refused:
        engine.save_experiment(about, arms if isinstance(arms, list) else both, None)
    assert words in str(refused.value)
    assert not Experiment.objects.exists()


def test_stopping_needs_a_reason_and_keeps_the_readout(live: LiveEngine) -> None:
    experiment = make_experiment({"value.like": 9.0})
    engine.start_experiment(experiment.pk)
    with pytest.raises(ExperimentError, match="say why"):
        engine.stop_experiment(experiment.pk, " ")
    live.refresh()
    assert len(live.get().board.experiments) == 1
    stopped = engine.stop_experiment(experiment.pk, "wrong weights")
    live.refresh()
    assert live.get().board.experiments == ()
    assert stopped.readout["split"]["counts"] == [0, 0]
    ended = engine.conclude_experiment(experiment.pk, "nothing learnt")
    assert (ended.state, ended.conclusion) == ("ended", "nothing learnt")


def test_the_past_says_how_many_viewers_an_effect_needs() -> None:
    rng = np.random.default_rng(5)
    make_videos(3)
    viewers = np.arange(1, 201)
    add_watches(viewers, 1 + rng.poisson(4.0, 200), timezone.now() - timedelta(days=3))
    small, large = (
        engine.calculate_power("viewer", "long_watches", effect, 2, 14, 3600) for effect in (0.05, 0.1)
    )
    assert small.n_units == 200
    assert 3.5 * large.units_an_arm < small.units_an_arm < 4.5 * large.units_an_arm
    with pytest.raises(ValueError, match="name planned_units yourself"):
        engine.calculate_power("viewer", "orders", 0.05, 2, 14, 3600)


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_do_not_take_the_same_place() -> None:
    ids = [make_experiment({"value.like": 9.0}, name=name, traffic_share=0.6).pk for name in ("one", "two")]
    refused: list[str] = []

    def start(pk: int) -> None:
        try:
            engine.start_experiment(pk)
        except ExperimentError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=(pk,)) for pk in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Experiment.objects.filter(state="running").count() == 1
    assert len(refused) == 1


def test_a_switchback_is_read_by_slices_without_their_beginnings() -> None:
    make_videos(3)
    hour, first = 3600, int(timezone.now().timestamp()) // 3600 - 60
    start = datetime.fromtimestamp(first * hour, UTC)
    experiment = make_experiment({"value.like": 9.0}, design="switchback", planned_units=30)
    with patch("django.utils.timezone.now", return_value=start):
        engine.start_experiment(experiment.pk)
    experiment.refresh_from_db()
    slices = np.arange(first, first + 60)
    arm = assign(find_design(experiment), slices)
    viewers = np.arange(8)
    rng = np.random.default_rng(2)
    for one, place in zip(slices.tolist(), arm.tolist(), strict=True):
        begun = datetime.fromtimestamp(one * hour, UTC)
        add_watches(viewers, 1 + rng.poisson(2 + 3 * place, 8), begun + timedelta(minutes=20))
        add_watches(viewers, np.full(8, 9), begun + timedelta(minutes=2))  # still the slice before's doing
    readout = engine.read_experiment(experiment)
    assert readout["split"]["counts"] == np.bincount(arm).tolist()
    primary = find_metric(readout, "long_watches")
    assert primary["control_mean"] == pytest.approx(3.0, abs=0.4)  # a viewer, a slice
    assert primary["treatment_mean"] == pytest.approx(6.0, abs=0.4)
    assert primary["verdict"] == "better"
    assert any("lasts into the next" in note for note in readout["notes"])


def test_creators_nobody_saw_count_in_a_creator_experiment() -> None:
    make_videos(7)
    experiment = make_experiment({"value.like": 9.0}, design="creator", planned_units=5)
    engine.start_experiment(experiment.pk)
    experiment.refresh_from_db()
    add_watches(np.arange(5), np.full(5, 2), timezone.now())  # of creator 11 alone
    with patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(minutes=1)):
        readout = engine.read_experiment(experiment)
    arm = assign(find_design(experiment), np.arange(11, 18))
    assert readout["split"]["counts"] == np.bincount(arm, minlength=2).tolist()
    told = find_metric(readout, "long_watches")
    sums = [told["control_mean"] * (arm == 0).sum(), told["treatment_mean"] * (arm == 1).sum()]
    assert sums == pytest.approx([10.0, 0.0] if arm[0] == 0 else [0.0, 10.0])
    assert any("compete for the same places" in note for note in readout["notes"])
