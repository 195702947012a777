"""Which model version is live, and why: register, promote, roll back, each one transaction.

At most one version is live (a database constraint holds it). A worker whose lease was taken over cannot
register: its fencing token is old.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from recommender.build import ENGINE_FORMAT
from recommender.models import Arm, Experiment, ModelVersion, TrainingRun
from recommender.registry.artifacts import Artifact, BrokenArtifactError, read_artifact, write_artifact

#: A folder that no version names is a dead worker's once it is this old.
DRAFT_SECONDS = 86_400
#: An update's folder that is not kept goes after this long: a hundred come in a day.
UPDATE_SECONDS = 3_600


class StaleLeaseError(Exception):
    """Another worker took the run over; what this one made must not count."""


class RegistryError(Exception):
    """The registry cannot do what was asked; the message says what would work."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate said of a candidate."""

    promote: bool
    reason: str
    metrics: Mapping[str, Any]


def find_live() -> ModelVersion | None:
    """The live version, or None before the first promotion."""
    return ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()


def artifact_folder(version: ModelVersion) -> Path:
    """Where the version's files are."""
    return Path(settings.ARTIFACT_DIR) / version.folder


def write_version(
    arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any], topic_names: Sequence[str]
) -> tuple[str, str]:
    """Write what a fit left behind; (folder, SHA-256 of its manifest) for a `ModelVersion`."""
    known = {"engine_format": ENGINE_FORMAT, "topic_names": list(topic_names)}
    return write_artifact(Path(settings.ARTIFACT_DIR), arrays, {**meta, **known})


def read_version(version: ModelVersion) -> Artifact:
    """The version's files, checked byte by byte.

    Raises BrokenArtifactError if they were changed, or written by a release that reads them otherwise.
    """
    artifact = read_artifact(artifact_folder(version), version.manifest_sha256)
    written = artifact.meta.get("engine_format")
    if written != ENGINE_FORMAT:
        raise BrokenArtifactError(
            f"version {version.pk} has engine format {written}, this release reads {ENGINE_FORMAT}; retrain"
        )
    return artifact


def find_servable() -> ModelVersion | None:
    """The live version if its files can be served, else None."""
    version = find_live()
    try:
        return version if version is not None and read_version(version) else None
    except BrokenArtifactError:
        return None


@transaction.atomic
def register_candidate(
    run_id: int,
    fencing_token: int,
    folder: str,
    manifest_sha256: str,
    verdict: Verdict,
    expected_live: int | None = None,
) -> ModelVersion:
    """Record a finished run's version; make it live if the verdict says so. All or nothing.

    Where the installation asks for a shadow (settings.SHADOW_PAGES), a promoted version first scores what the
    live one serves. `expected_live` is the version that the candidate goes on from: if another one is live
    by now, it is refused.

    Raises StaleLeaseError if the run has moved on to another worker or is finished.
    """
    run = TrainingRun.objects.select_for_update().get(pk=run_id)
    if run.fencing_token != fencing_token or run.state != TrainingRun.State.RUNNING:
        raise StaleLeaseError(
            f"run {run_id} is {run.state} with token {run.fencing_token}; token {fencing_token} came too late"
        )
    now = timezone.now()
    live, present = ModelVersion.State.LIVE, find_live()
    if verdict.promote and expected_live is not None and (present is None or present.pk != expected_live):
        reason = "another version went live meanwhile; the next update goes on from that one"
        verdict = Verdict(False, reason, verdict.metrics)
    state = live if verdict.promote else ModelVersion.State.REFUSED
    if verdict.promote and settings.SHADOW_PAGES > 0 and present is not None:
        state = ModelVersion.State.SHADOW
        retire_shadow("another version took its place in the shadow")
    if state == live:
        _retire_live()
    version = ModelVersion.objects.create(
        run=run,
        state=state,
        folder=folder,
        manifest_sha256=manifest_sha256,
        trained_until=run.data_until,
        metrics=dict(verdict.metrics),
        reason=verdict.reason,
        promoted_at=now if state == live else None,
        shadow_since=now if state == ModelVersion.State.SHADOW else None,
    )
    run.state = TrainingRun.State.PROMOTED if verdict.promote else TrainingRun.State.REFUSED
    run.reason, run.progress, run.finished_at, run.lease_until = verdict.reason, 1.0, now, None
    run.step = "done"
    run.save()
    return version


@transaction.atomic
def register_arm_version(
    run_id: int, fencing_token: int, folder: str, manifest_sha256: str, verdict: Verdict, arm_id: int
) -> ModelVersion:
    """Record the version of an arm that learns alone; the arm is served by it if the verdict says so.

    Raises StaleLeaseError as `register_candidate` does.
    """
    run = TrainingRun.objects.select_for_update().get(pk=run_id)
    if run.fencing_token != fencing_token or run.state != TrainingRun.State.RUNNING:
        raise StaleLeaseError(f"run {run_id} is {run.state}; token {fencing_token} came too late")
    version = ModelVersion.objects.create(
        run=run,
        state=ModelVersion.State.ARM if verdict.promote else ModelVersion.State.REFUSED,
        folder=folder,
        manifest_sha256=manifest_sha256,
        trained_until=run.data_until,
        metrics=dict(verdict.metrics),
        reason=verdict.reason,
    )
    if verdict.promote:
        Arm.objects.filter(pk=arm_id).update(model_version=version)
    TrainingRun.objects.filter(pk=run_id).update(
        state=TrainingRun.State.PROMOTED if verdict.promote else TrainingRun.State.REFUSED,
        reason=verdict.reason,
        progress=1.0,
        step="done",
        finished_at=timezone.now(),
        lease_until=None,
    )
    return version


@transaction.atomic
def promote(version_id: int, reason: str) -> ModelVersion:
    """Make an existing version live, after checking its files. Promoting the live one changes nothing."""
    version = ModelVersion.objects.select_for_update().filter(pk=version_id).first()
    if version is None:
        raise RegistryError(
            f"model version {version_id} does not exist; list them with GET /api/v1/model-versions"
        )
    if version.state == ModelVersion.State.LIVE:
        return version
    try:
        read_version(version)
    except BrokenArtifactError as error:
        raise RegistryError(f"model version {version_id} cannot go live: {error}") from error
    _retire_live()
    version.state, version.promoted_at, version.reason = ModelVersion.State.LIVE, timezone.now(), reason
    version.save()
    return version


@transaction.atomic
def roll_back(reason: str) -> ModelVersion:
    """Make the version that was live before the present one live again."""
    live = ModelVersion.objects.select_for_update().filter(state=ModelVersion.State.LIVE).first()
    earlier = ModelVersion.objects.filter(state=ModelVersion.State.RETIRED, promoted_at__isnull=False)
    if live is not None:
        earlier = earlier.filter(promoted_at__lt=live.promoted_at)
    target = earlier.order_by("-promoted_at").first()
    if target is None:
        raise RegistryError("there is no earlier version to roll back to; promote one by its id instead")
    became_live_at = target.promoted_at
    version = promote(target.pk, reason)
    # Its first promotion's place in the order stays, so that a second roll-back goes one further back.
    ModelVersion.objects.filter(pk=version.pk).update(promoted_at=became_live_at)
    return version


def prune_artifacts(kept: int = 10) -> int:
    """Delete files of versions that nobody will roll back to, and drafts of dead workers.

    Kept are the live one, the shadow and the arms', the `kept` newest and the `kept` newest that were live,
    and as many full retrainings among them: updates come every few minutes and must not push those out.

    Returns how many folders went.
    """
    root = Path(settings.ARTIFACT_DIR)
    if not root.is_dir():
        return 0
    versions = ModelVersion.objects.order_by("-id")
    served = versions.filter(promoted_at__isnull=False)
    now = time.time()
    keep = {
        *_list_arm_folders(),
        *versions.values_list("folder", flat=True)[:kept],
        *served.values_list("folder", flat=True)[:kept],
        *served.exclude(run__kind=TrainingRun.Kind.UPDATE).values_list("folder", flat=True)[:kept],
        *versions.filter(state__in=[ModelVersion.State.LIVE, ModelVersion.State.SHADOW]).values_list(
            "folder", flat=True
        ),
    }
    updates = set(versions.filter(run__kind=TrainingRun.Kind.UPDATE).values_list("folder", flat=True))
    gone = 0
    for folder in root.iterdir():
        rest = UPDATE_SECONDS if folder.name in updates else DRAFT_SECONDS
        if folder.name not in keep and folder.stat().st_mtime < now - rest:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _list_arm_folders() -> list[str]:
    """Folders of versions that experiments serve or are about to."""
    open_states = (Experiment.State.DRAFT, Experiment.State.RUNNING)
    arms = Arm.objects.filter(experiment__state__in=open_states, model_version__isnull=False)
    return list(arms.values_list("model_version__folder", flat=True))


def _retire_live() -> None:
    ModelVersion.objects.filter(state=ModelVersion.State.LIVE).update(state=ModelVersion.State.RETIRED)


@transaction.atomic
def put_in_shadow(version_id: int, reason: str) -> ModelVersion:
    """Let a version that is not live score what the live one serves, without deciding."""
    version = ModelVersion.objects.select_for_update().filter(pk=version_id).first()
    if version is None:
        raise RegistryError(f"model version {version_id} does not exist; choose one from the list")
    if version.state == ModelVersion.State.LIVE:
        raise RegistryError(f"model version {version_id} is live; a shadow decides nothing, choose another")
    try:
        read_version(version)
    except BrokenArtifactError as error:
        raise RegistryError(f"model version {version_id} cannot be a shadow: {error}") from error
    retire_shadow("another version took its place in the shadow")
    version.state, version.shadow_since, version.reason = ModelVersion.State.SHADOW, timezone.now(), reason
    version.save()
    return version


def find_shadow() -> ModelVersion | None:
    """The version in the shadow, if there is one."""
    return ModelVersion.objects.filter(state=ModelVersion.State.SHADOW).first()


def retire_shadow(reason: str) -> None:
    """End the shadow without a promotion."""
    ModelVersion.objects.filter(state=ModelVersion.State.SHADOW).update(
        state=ModelVersion.State.REFUSED, reason=reason
    )
