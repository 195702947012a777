"""Arms that learn alone: whose events they see, where their versions go; the live log's say in the gate."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from recommender import engine
from recommender.experiments.assignment import assign
from recommender.experiments.promotion import PromotionVerdict
from recommender.feedback import live_log, retrain
from recommender.feedback.leases import claim
from recommender.feedback.retrain import choose_window, read_window, work_on
from recommender.feedback.scopes import find_scope, request_arm_fits
from recommender.models import Arm, Experiment, ModelVersion, TrainingRun
from recommender.queries.experiments import read_running
from recommender.registry.versions import Verdict, find_live, prune_artifacts, register_arm_version
from recommender.serving import for_you as for_you_module
from recommender.serving.experiment_readout import find_design
from recommender.serving.live import LiveEngine
from recommender.training.fit import FittedArtifact
from recommender.training.gate import GateDecision
from tests.factories import make_event, make_experiment, make_videos

pytestmark = pytest.mark.django_db


@pytest.fixture
def watched() -> None:
    """Forty viewers who watched three videos each, an hour ago."""
    make_videos(12)
    hour_ago = int((timezone.now() - timedelta(hours=1)).timestamp() * 1000)
    events = [
        make_event("watch", viewer, 1 + (viewer + step) % 12, watch_seconds=12.0, happened_at=hour_ago + step)
        for viewer in range(40)
        for step in range(3)
    ]
    engine.record_event_dicts(events, "test")
    for viewer in range(40):
        engine.sign_up(engine.ViewerProfile(viewer, "GB", "en"))


def start_isolated(**overrides: Any) -> Experiment:
    experiment = make_experiment(overrides, learning="isolated")
    return engine.start_experiment(experiment.pk)


def test_each_arm_is_fitted_on_its_own_viewers_and_values(
    watched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = start_isolated(**{"recall.als_l2": 100.0})
    seen: dict[int, tuple[set[int], float]] = {}

    def look(known: Any, params: Any, **kwargs: Any) -> None:
        viewers = known.viewers.viewer_id[known.impressions.viewer]
        seen[len(seen)] = (set(viewers.tolist()), params.recall.als_l2)
        raise RuntimeError("seen enough")

    monkeypatch.setattr(retrain, "fit_engine", look)
    for _ in range(2):
        assert request_arm_fits() == 1
        run = TrainingRun.objects.order_by("-pk").first()
        assert run is not None
        work_on(run.pk)
    assert request_arm_fits() == 0  # both were asked for within the day
    arm = assign(find_design(experiment), np.arange(40))
    everybody = {int(viewer) for viewer in np.arange(40)}
    assert seen[0][0] <= {int(v) for v in np.flatnonzero(arm == 0)}
    assert seen[1][0] <= {int(v) for v in np.flatnonzero(arm == 1)}
    assert len(seen[0][0] | seen[1][0]) > 0.8 * len(everybody)
    assert (seen[0][1], seen[1][1]) == (300.0, 100.0)


def test_arms_are_served_once_each_has_a_model_and_the_live_one_stays(
    watched: None, artifact_dir: Any, live: LiveEngine
) -> None:
    experiment = start_isolated()
    for number, arm in enumerate(experiment.arms.all()):
        assert read_running() == ()
        assert request_arm_fits() == 1
        run = TrainingRun.objects.get(arm=arm)
        lease = claim(run.pk)
        assert lease is not None
        folder = f"folder-{number}"
        version = register_arm_version(
            run.pk, lease.fencing_token, folder, "0" * 64, Verdict(True, "better", {}), arm.pk
        )
        assert version.state == ModelVersion.State.ARM
        assert find_scope(TrainingRun.objects.get(pk=run.pk)).champion == version
    assert find_live() is None
    assert [arm.model_version for arm in read_running()[0].arms] == list(
        ModelVersion.objects.order_by("pk").values_list("pk", flat=True)
    )
    live.refresh()  # the files are not there: the experiment is left out, the feed goes on
    assert live.get().board.experiments == ()
    assert engine.check_guards() == 2


def test_a_refused_fit_leaves_the_arm_as_it_was(watched: None) -> None:
    experiment = start_isolated()
    request_arm_fits()
    run = TrainingRun.objects.get()
    lease = claim(run.pk)
    assert lease is not None
    register_arm_version(run.pk, lease.fencing_token, "x", "0" * 64, Verdict(False, "worse", {}), run.arm_id)
    assert set(experiment.arms.values_list("model_version", flat=True)) == {None}
    run.refresh_from_db()
    assert run.state == "refused"


def test_files_of_running_arms_are_not_pruned(artifact_dir: Any) -> None:
    experiment = start_isolated()
    for name in ("kept", "gone"):
        folder = artifact_dir / name
        folder.mkdir()
        version = ModelVersion.objects.create(
            state="arm", folder=name, manifest_sha256="0" * 64, trained_until=timezone.now(), reason=""
        )
        if name == "kept":
            Arm.objects.filter(experiment=experiment, place=0).update(model_version=version)
        old = (timezone.now() - timedelta(days=3)).timestamp()
        os.utime(folder, (old, old))
    assert prune_artifacts(kept=0) == 1
    assert [folder.name for folder in artifact_dir.iterdir()] == ["kept"]


PROMOTED = GateDecision(True, "log loss improves", {"rows": 900})
NOBODY = FittedArtifact(arrays={}, meta={})


def test_the_log_may_refuse_what_the_gate_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = PromotionVerdict(True, True, "long watches fall", {"pages": 300})
    monkeypatch.setattr(live_log, "_judge", lambda *args: verdict)
    asked: Any = (NOBODY, NOBODY, None, None, None)
    refused = live_log.ask_live_log(PROMOTED, *asked)
    assert not refused.promote
    assert "by the log of live choices it earns less: long watches fall" in refused.reason
    kept = replace(PROMOTED, promote=False)
    assert live_log.ask_live_log(kept, *asked) is kept
    assert live_log.ask_live_log(PROMOTED, NOBODY, None, *asked[2:]) is PROMOTED


def test_the_same_engine_earns_the_same_by_the_log(
    watched: None, live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(for_you_module, "_CHOICE_SHARE", 1.0)
    few = replace(live_log.ExperimentParams(), gate_min_pages=20)
    monkeypatch.setattr(live_log, "ExperimentParams", lambda: few)
    live.refresh()
    for viewer in range(40):
        engine.for_you(engine.FeedRequest(engine.ViewerProfile(viewer, "GB", "en"), page_size=3))
    engine.record_event_dicts(
        [make_event("watch", viewer, 1, watch_seconds=9) for viewer in range(40)], "test"
    )
    window = choose_window(timezone.now() + timedelta(minutes=1), None)
    known, held_out = read_window(window, ())
    span = (timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=1))
    decided = live_log.ask_live_log(PROMOTED, NOBODY, NOBODY, known, held_out, span)
    assert decided.promote
    told = decided.figures["live_log"]
    assert told["pages"] == 40
    if told["is_answered"]:
        assert told["difference"] == pytest.approx(0.0, abs=1e-9)
    else:
        assert "are needed" in told["reason"]


def test_a_thin_log_lets_the_gate_decide(watched: None) -> None:
    window = choose_window(timezone.now(), None)
    known, held_out = read_window(window, ())
    span = (window.cut, window.until)
    decided = live_log.ask_live_log(PROMOTED, NOBODY, NOBODY, known, held_out, span)
    assert decided.promote
    assert "200 are due" in decided.figures["live_log"]["reason"]
