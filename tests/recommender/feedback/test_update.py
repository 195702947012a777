"""Updates of the live version from request to verdict; shadow scoring; taking a bad version back."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from recommender import engine
from recommender.contracts import ACTION_INDEX, Dataset, Impressions
from recommender.feedback import guards, retrain, shadow
from recommender.feedback.leases import claim
from recommender.feedback.requests import find_last_update, request_run, request_update, request_update_if_due
from recommender.feedback.retrain import work_on
from recommender.models import EventBatch, FeedPage, ModelVersion, ShadowScore, TrainingRun, Video, Viewer
from recommender.params import NetworkParams, Params, ResponseParams, SequenceParams
from recommender.queries.activity import read_history, read_impressions
from recommender.queries.arrivals import read_arrivals
from recommender.queries.catalogue import read_catalogue
from recommender.queries.pages import OUTCOMES, PageOutcomes
from recommender.queries.viewers import read_viewers
from recommender.registry.versions import (
    Verdict,
    find_live,
    find_shadow,
    put_in_shadow,
    read_version,
    register_candidate,
    write_version,
)
from recommender.serving.live import LiveEngine
from recommender.training.online_params import ShadowParams, WatchParams
from tests.factories import make_event, make_videos

SMALL = {"creators": 40, "videos": 300, "viewers": 300, "verbosity": 0}
#: Without the networks, whose speed is not asked here.
QUICK = Params(
    sequence=SequenceParams(epochs=0), response=ResponseParams(epochs=0), network=NetworkParams(epochs=0)
)
WATCH = WatchParams(min_viewers=20, tuned_viewers=200.0)


@pytest.fixture
def trained(
    transactional_db: None, artifact_dir: Path, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelVersion]:
    """A demo world with a first version fitted without networks."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(retrain, "Params", lambda: QUICK)
    call_command("seed_demo", **SMALL)
    run, _ = request_run("command")
    finished = work_on(run.pk)
    assert finished is not None and finished.state == TrainingRun.State.PROMOTED, finished
    live = find_live()
    assert live is not None
    yield live


def update_once() -> TrainingRun:
    run, _ = request_update("command")
    finished = work_on(run.pk)
    assert finished is not None
    return finished


def test_an_update_learns_the_newest_days_and_is_judged_by_the_gate(trained: ModelVersion) -> None:
    assert request_update_if_due() is not None  # the full fit has held its newest days out
    run = update_once()
    assert run.kind == "update"
    assert run.state in (TrainingRun.State.PROMOTED, TrainingRun.State.REFUSED), run.reason
    version = run.version
    assert version.metrics["compared_with"] == trained.pk
    assert version.metrics["taught_rows"] > 0 and version.metrics["judged_rows"] > 0
    assert "alarms" in version.metrics["drift"]
    artifact = read_version(version)
    assert artifact.meta["learnt_until"] == pytest.approx(run.data_until.timestamp())
    assert not np.array_equal(artifact.arrays["actions/bias"], read_version(trained).arrays["actions/bias"])
    again = update_once()  # nothing was shown since
    if version.state == "live":
        assert again.state == TrainingRun.State.FAILED and "nothing new" in again.reason
        retrained, _ = request_run("command")
        finished = work_on(retrained.pk)  # both versions know the held-out days by now
        assert finished is not None and finished.state != TrainingRun.State.FAILED, finished.reason


def register(expected_live: int) -> ModelVersion:
    """A candidate that the gate would promote, as a worker registers it."""
    run, _ = request_update("command")
    lease = claim(run.pk)
    assert lease is not None
    folder, digest = write_version({"x": np.zeros(2)}, {"cut_at": 0.0}, [])
    verdict = Verdict(True, "log loss improves", {})
    return register_candidate(run.pk, lease.fencing_token, folder, digest, verdict, expected_live)


@pytest.mark.django_db
def test_a_version_promoted_meanwhile_wins(artifact_dir: Path) -> None:
    started_from = make_version(artifact_dir, "retired")
    other = make_version(artifact_dir, "live", promoted_at=timezone.now())
    version = register(started_from.pk)
    assert version.state == "refused" and "meanwhile" in version.reason
    assert find_live() == other


@pytest.mark.django_db
def test_a_passed_gate_leads_into_the_shadow_where_one_is_asked_for(
    artifact_dir: Path, settings: Any
) -> None:
    live = make_version(artifact_dir, "live", promoted_at=timezone.now())
    settings.SHADOW_PAGES = 50
    first = register(live.pk)
    assert (first.state, find_live()) == ("shadow", live)
    second = register(live.pk)
    first.refresh_from_db()
    assert (first.state, second.state) == ("refused", "shadow")
    settings.SHADOW_PAGES = 0
    assert register(live.pk).state == "live"


@pytest.mark.django_db
def test_an_update_without_a_live_version_says_what_to_do(artifact_dir: Path) -> None:
    assert request_update_if_due() is None
    run = update_once()
    assert run.state == TrainingRun.State.FAILED
    assert "manage.py retrain" in run.reason


def make_version(root: Path, state: str, **fields: Any) -> ModelVersion:
    folder, digest = write_version({"x": np.zeros(2)}, {"cut_at": 0.0}, [])
    return ModelVersion.objects.create(
        state=state, folder=folder, manifest_sha256=digest, trained_until=timezone.now(), reason="", **fields
    )


@pytest.mark.django_db
def test_both_kinds_wait_beside_each_other_and_each_once(artifact_dir: Path) -> None:
    full, _ = request_run("api")
    update, is_new = request_update("api")
    again, is_new_too = request_update("beat")
    assert full.pk != update.pk and is_new
    assert again.pk == update.pk and not is_new_too


@pytest.mark.django_db
def test_updates_are_asked_for_only_when_something_came_in(artifact_dir: Path) -> None:
    run = TrainingRun.objects.create(
        kind="update", trigger="beat", data_until=timezone.now(), state="promoted"
    )
    make_version(artifact_dir, "live", promoted_at=timezone.now(), run=run)
    assert request_update_if_due() is None
    assert find_last_update()[1] is False
    EventBatch.objects.create(
        sender="x", received_count=1, stored_count=1, duplicate_count=0, refused_count=0
    )
    assert find_last_update()[1]
    assert request_update_if_due() is not None


@pytest.mark.django_db
def test_after_a_version_was_taken_back_updates_pause(artifact_dir: Path) -> None:
    make_version(artifact_dir, "live", promoted_at=timezone.now())
    make_version(artifact_dir, "retired", taken_back_at=timezone.now() - timedelta(minutes=5))
    assert request_update_if_due() is None
    ModelVersion.objects.filter(state="retired").update(taken_back_at=timezone.now() - timedelta(hours=2))
    assert request_update_if_due() is not None


def make_outcomes(n_viewers: int, rates: dict[str, float], market: int = 1, seed: int = 1) -> PageOutcomes:
    rng = np.random.default_rng(seed)
    viewer = np.repeat(np.arange(n_viewers), 10)
    happened = np.stack([rng.random(len(viewer)) < rates.get(name, 0.2) for name in OUTCOMES], axis=1)
    return PageOutcomes(viewer, np.full(len(viewer), market, dtype=np.int8), happened)


def test_a_fall_of_completion_is_found_and_named() -> None:
    before = make_outcomes(300, {"finish": 0.4})
    fallen = guards.find_fallen(before, make_outcomes(300, {"finish": 0.2}, seed=2), WATCH)
    assert {(reading.guard, reading.market) for reading in fallen} == {
        ("completion", "all markets"), ("completion", "US"),
    }  # fmt: skip
    assert "from 0.4" in fallen[0].sentence


def test_harm_in_one_market_is_found_there_alone() -> None:
    here, there = make_outcomes(200, {"swipe": 0.2}), make_outcomes(600, {"swipe": 0.2}, market=2)
    bad = make_outcomes(200, {"swipe": 0.5}, seed=3)

    def join(first: PageOutcomes, second: PageOutcomes) -> PageOutcomes:
        return PageOutcomes(
            np.concatenate([first.viewer_id, second.viewer_id + 10_000]),
            np.concatenate([first.market, second.market]),
            np.concatenate([first.happened, second.happened]),
        )

    fallen = guards.find_fallen(join(here, there), join(bad, make_outcomes(600, {}, 2, 4)), WATCH)
    assert ("swipe rate", "US") in {(reading.guard, reading.market) for reading in fallen}
    assert "ID" not in {reading.market for reading in fallen}


def test_equal_versions_are_never_taken_back_however_often_one_looks() -> None:
    before, after = make_outcomes(400, {}), make_outcomes(400, {}, seed=9)
    for n_viewers in range(20, 400, 20):
        rows = after.viewer_id < n_viewers
        seen = PageOutcomes(after.viewer_id[rows], after.market[rows], after.happened[rows])
        assert guards.find_fallen(before, seen, WATCH) == []


def test_predictions_that_part_from_what_follows_are_found() -> None:
    rng = np.random.default_rng(5)
    viewer, market = np.repeat(np.arange(200), 5), np.ones(1000, dtype=np.int8)
    sound = guards.Gaps(viewer, market, rng.normal(0, 0.4, 1000))
    off = guards.Gaps(viewer, market, rng.normal(0.4, 0.4, 1000))
    assert guards.find_misjudged(sound, sound, WATCH) == []
    (first, *_) = guards.find_misjudged(sound, off, WATCH)
    assert first.guard == "calibration of long watches"


@pytest.mark.django_db
def test_a_planted_bad_version_is_taken_back_with_the_reason(
    artifact_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    good = make_version(artifact_dir, "retired", promoted_at=now - timedelta(hours=5))
    bad = make_version(artifact_dir, "live", promoted_at=now - timedelta(hours=1))
    _show_pages(good, now - timedelta(hours=3), "watch")
    _show_pages(bad, now - timedelta(minutes=40), "swipe")
    reason = guards.watch_live(WATCH)
    assert reason is not None and "taken back by itself" in reason
    live = find_live()
    assert live is not None and (live.pk, live.reason) == (good.pk, reason)
    bad.refresh_from_db()
    assert bad.state == "retired" and bad.taken_back_at is not None and bad.reason == reason
    assert guards.watch_live(WATCH) is None


@pytest.mark.django_db
def test_a_version_as_good_as_the_one_before_stays(artifact_dir: Path) -> None:
    now = timezone.now()
    good = make_version(artifact_dir, "retired", promoted_at=now - timedelta(hours=5))
    same = make_version(artifact_dir, "live", promoted_at=now - timedelta(hours=1))
    _show_pages(good, now - timedelta(hours=3), "watch")
    _show_pages(same, now - timedelta(minutes=40), "watch")
    assert guards.watch_live(WATCH) is None
    assert find_live() == same


def _show_pages(version: ModelVersion, at: Any, kind: str, n_viewers: int = 60) -> None:
    """A page of five videos to each of many viewers, who watch them whole or swipe them away."""
    if not Video.objects.exists():
        make_videos(5)
    events = []
    for viewer in range(1, n_viewers + 1):
        page = FeedPage.objects.create(
            request_id=uuid.uuid4(), page=0, viewer_id=viewer, mode="personal", model_version=version.pk,
            arm="baseline", weights_version="1", market=1, video_ids=[1, 2, 3, 4, 5],
            propensities=[1.0] * 5, values=[1.0] * 5, reasons=[],
        )  # fmt: skip
        FeedPage.objects.filter(pk=page.pk).update(served_at=at)
        for video in range(1, 6):
            watch = {"watch_seconds": 30 if kind == "watch" else 1}
            moment = (at + timedelta(seconds=10 * video)).isoformat()
            events.append(make_event(kind, viewer, video, happened_at=moment, **watch))
    answer = engine.record_event_dicts(events, "test")
    assert answer.stored == len(events)


def test_the_shadow_scores_what_is_served_and_decides_nothing(
    trained: ModelVersion, live: LiveEngine
) -> None:
    other = ModelVersion.objects.create(
        state="refused", folder=trained.folder, manifest_sha256=trained.manifest_sha256,
        trained_until=trained.trained_until, reason="a copy", metrics={},
    )  # fmt: skip
    put_in_shadow(other.pk, "by a test")
    live.refresh()
    served = [engine.for_you(engine.FeedRequest(engine.ViewerProfile(v, "US", "en"))) for v in range(1, 6)]
    assert {page.model_version for page in served} == {trained.pk}
    ModelVersion.objects.filter(pk=other.pk).update(shadow_since=timezone.now() - timedelta(hours=1))
    scored = shadow.watch_shadow(ShadowParams(page_share=1.0, settle_seconds=0.0, pages=10_000))
    assert scored == 5
    score = ShadowScore.objects.filter(version=other).first()
    assert score is not None and score.served_count == len(served[0].items)
    np.testing.assert_allclose(score.live_probability, score.shadow_probability)  # the same files
    assert score.overlap == 1.0 and score.correlation == pytest.approx(1.0)
    assert shadow.describe_shadow(other.pk)["pages"] == 5
    assert find_shadow() == other and find_live() == trained
    decision = shadow.judge_shadow(other)  # nobody has reacted: too few rows to promote by
    assert not decision.promote
    shadow.settle_shadow(other, decision)
    other.refresh_from_db()
    assert other.state == "refused" and other.reason.startswith("after the shadow")


@pytest.mark.django_db
def test_an_order_that_comes_in_late_is_found_on_the_row_it_belongs_to() -> None:
    make_videos(3)
    Viewer.objects.bulk_create(
        [Viewer(id=v, market="US", language="en") for v in (1, 2)], ignore_conflicts=True
    )
    now = timezone.now()
    shown = (now - timedelta(hours=30)).isoformat()
    first = [make_event("watch", v, v, watch_seconds=9, happened_at=shown) for v in (1, 2)]
    engine.record_event_dicts(first, "test")
    EventBatch.objects.update(received_at=now - timedelta(hours=30))
    order = make_event("order", 2, 2, happened_at=(now - timedelta(hours=1)).isoformat(),
                       order={"value": 5, "currency": "GBP", "quantity": 1})  # fmt: skip
    assert engine.record_event_dicts([order], "test").stored == 1
    catalogue = read_catalogue()
    viewers = read_viewers(catalogue.topic_names)
    start, until = now - timedelta(days=3), timezone.now()
    rows: Impressions = read_impressions(catalogue, viewers, start, until)
    history = read_history(catalogue, viewers, start, 10)
    dataset = Dataset(catalogue, viewers, history, rows, until.timestamp())
    arrived = read_arrivals(dataset, now - timedelta(hours=2), until)
    assert arrived.sum() == 1
    (row,) = np.flatnonzero(arrived[:, ACTION_INDEX["order"]])
    assert viewers.viewer_id[rows.viewer[row]] == 2
