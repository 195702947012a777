"""One version is live; who comes late, or with broken files, changes nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from recommender.feedback.leases import Lease, claim
from recommender.feedback.requests import request_run
from recommender.models import ModelVersion, TrainingRun
from recommender.registry import versions
from recommender.registry.artifacts import BrokenArtifactError

pytestmark = pytest.mark.django_db
GOOD = versions.Verdict(True, "better by 0.01", {"loss": 0.4})
BAD = versions.Verdict(False, "worse by 0.02", {"loss": 0.5})


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    settings.ARTIFACT_DIR = tmp_path
    return tmp_path


def start_run() -> Lease:
    run, _ = request_run("command")
    lease = claim(run.pk)
    assert lease is not None
    return lease


def finish(root: Path, verdict: versions.Verdict = GOOD) -> ModelVersion:
    lease = start_run()
    folder, digest = versions.write_version({"x": np.zeros(3)}, {}, ["shoes"])
    return versions.register_candidate(lease.run_id, lease.fencing_token, folder, digest, verdict)


def test_a_better_candidate_goes_live_and_retires_the_one_before(root: Path) -> None:
    first, second = finish(root), finish(root)
    first.refresh_from_db()
    assert versions.find_live() == second
    assert first.state == ModelVersion.State.RETIRED
    assert TrainingRun.objects.get(pk=second.run_id).state == TrainingRun.State.PROMOTED


def test_a_worse_candidate_is_kept_with_its_reason_and_the_live_one_stays(root: Path) -> None:
    live, refused = finish(root), finish(root, BAD)
    assert versions.find_live() == live
    assert (refused.state, refused.reason) == (ModelVersion.State.REFUSED, "worse by 0.02")


def test_a_worker_whose_lease_was_taken_over_cannot_register(root: Path) -> None:
    late = start_run()
    TrainingRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    fresh = claim(late.run_id)
    assert fresh is not None
    with pytest.raises(versions.StaleLeaseError, match="token 1 came too late"):
        versions.register_candidate(late.run_id, late.fencing_token, "f", "0" * 64, GOOD)
    assert not ModelVersion.objects.exists()


def test_two_live_versions_are_refused_by_the_database(root: Path) -> None:
    finish(root)
    with pytest.raises(IntegrityError, match="one_live_version"), transaction.atomic():
        ModelVersion.objects.create(
            state=ModelVersion.State.LIVE,
            folder="x",
            manifest_sha256="",
            trained_until=timezone.now(),
            reason="",
        )


def test_rolling_back_twice_goes_two_versions_back(root: Path) -> None:
    first, second, third = finish(root), finish(root), finish(root)
    assert versions.find_live() == third
    assert versions.roll_back("bad clicks") == second
    assert versions.roll_back("still bad") == first
    with pytest.raises(versions.RegistryError, match="no earlier version"):
        versions.roll_back("worse")
    assert versions.find_live() == first


def test_a_refused_version_is_never_a_roll_back_target(root: Path) -> None:
    first = finish(root)
    finish(root, BAD)
    finish(root)
    assert versions.roll_back("bad") == first


def test_a_version_with_broken_files_cannot_be_promoted(root: Path) -> None:
    first, second = finish(root), finish(root)
    next((root / first.folder).glob("*.npy")).write_bytes(b"")
    with pytest.raises(versions.RegistryError, match="cannot go live"):
        versions.promote(first.pk, "by hand")
    assert versions.find_live() == second


def test_files_of_another_release_are_not_served(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = finish(root)
    assert versions.read_version(version).meta["topic_names"] == ["shoes"]
    monkeypatch.setattr(versions, "ENGINE_FORMAT", "2-0")
    with pytest.raises(BrokenArtifactError, match="this release reads 2-0; retrain"):
        versions.read_version(version)


def test_promoting_the_live_version_changes_nothing(root: Path) -> None:
    live = finish(root)
    before = live.promoted_at
    assert versions.promote(live.pk, "again").promoted_at == before


def test_an_unknown_version_is_named(root: Path) -> None:
    with pytest.raises(versions.RegistryError, match="model version 99 does not exist"):
        versions.promote(99, "by hand")


def test_pruning_keeps_the_live_the_newest_and_whatever_is_young(root: Path, monkeypatch: Any) -> None:
    live = finish(root)
    others = [finish(root, BAD) for _ in range(3)]
    (root / ".draft-of-a-dead-worker").mkdir()
    assert versions.prune_artifacts(kept=1) == 0
    monkeypatch.setattr(versions, "DRAFT_SECONDS", -1)
    assert versions.prune_artifacts(kept=1) == 3
    assert {path.name for path in root.iterdir()} == {live.folder, others[-1].folder}
