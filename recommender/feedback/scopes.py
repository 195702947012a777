"""Whose events a retraining learns from: everybody's for the live model, or one arm's viewers' alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from recommender import contracts as c
from recommender.experiments.assignment import Design, assign
from recommender.experiments.overrides import apply_to_params
from recommender.experiments.params import ExperimentParams
from recommender.feedback.leases import Lease
from recommender.models import Arm, Experiment, ModelVersion, TrainingRun
from recommender.params import Params
from recommender.queries.experiments import describe_experiment
from recommender.registry.versions import Verdict, find_live, register_arm_version, register_candidate
from recommender.training.histories import take_impressions


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run starts from, learns from, and where its version goes."""

    arm: Arm | None
    champion: ModelVersion | None  # what the candidate is compared with
    params: Params

    def take(self, known: c.Dataset, held_out: c.Impressions) -> tuple[c.Dataset, c.Impressions]:
        """The rows of the scope's viewers; histories before the learning days stay whole."""
        if self.arm is None:
            return known, held_out
        row = describe_experiment(self.arm.experiment)
        shares = tuple(arm.share for arm in row.arms)
        design = Design(row.name, row.layer, row.first_bucket, row.stop_bucket, shares, row.salt)
        is_mine = assign(design, known.viewers.viewer_id) == self.arm.place
        mine, held = (
            take_impressions(rows, np.flatnonzero(is_mine[rows.viewer]))
            for rows in (known.impressions, held_out)
        )
        return replace(known, impressions=mine), held

    def register(self, lease: Lease, folder: str, manifest_sha256: str, verdict: Verdict) -> ModelVersion:
        """Record the version: for everybody, or for the arm."""
        if self.arm is None:
            return register_candidate(lease.run_id, lease.fencing_token, folder, manifest_sha256, verdict)
        return register_arm_version(
            lease.run_id, lease.fencing_token, folder, manifest_sha256, verdict, self.arm.pk
        )


def find_scope(run: TrainingRun) -> Scope:
    """Everybody, or the arm that the run is for."""
    if run.arm is None:
        return Scope(None, find_live(), Params())
    return Scope(run.arm, run.arm.model_version, apply_to_params(Params(), run.arm.overrides))


def request_arm_fits() -> int:
    """Ask for the next fit that an arm which learns alone is due; how many were asked for (one at a time)."""
    running = Arm.objects.filter(
        experiment__state=Experiment.State.RUNNING,
        experiment__learning=Experiment.Learning.ISOLATED,
        stopped_at=None,
    )
    oldest = timezone.now() - timedelta(hours=ExperimentParams().arm_fit_hours)
    for arm in running.order_by("pk"):
        if not arm.runs.filter(created_at__gte=oldest).exists():
            return _request(arm)
    return 0


def _request(arm: Arm) -> int:
    try:
        with transaction.atomic():
            TrainingRun.objects.create(trigger="arm", arm=arm, data_until=timezone.now())
    except IntegrityError:  # another run waits or works; this one's turn comes
        return 0
    return 1
