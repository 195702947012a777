"""Who works on a long run: lease, heartbeat and fencing token, all decided by the database's clock.

A run whose worker died is taken over once its lease ran out; a run that killed its workers too often fails
with the reason and is not tried again. Serves every table with the columns of `TrainingRun` that it names.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Now

from recommender.models import TrainingRun

#: How long a silent worker keeps its run; the longest a killed worker holds a retraining up.
LEASE_SECONDS = 20
HEARTBEAT_SECONDS = 4
#: A run is begun at most this often before it fails (a data set that kills workers must not do so for ever).
MAX_ATTEMPTS = 3


@dataclass
class Lease:
    """The right to work on one run; `lost` is set once another worker holds it."""

    run_id: int
    fencing_token: int
    table: type[Model] = TrainingRun
    lost: threading.Event = field(default_factory=threading.Event)


def find_claimable(table: type[Model] = TrainingRun) -> list[int]:
    """Ids of runs that nobody works on: queued, or with a lease that ran out."""
    return list(_claimable(table).values_list("pk", flat=True))


def _rows(table: type[Model]) -> QuerySet[Any]:
    rows: QuerySet[Any] = table._default_manager.all()
    return rows


def _claimable(table: type[Model]) -> QuerySet[Any]:
    queued = Q(state=TrainingRun.State.QUEUED)
    abandoned = Q(state=TrainingRun.State.RUNNING, lease_until__lt=Now())
    return _rows(table).filter(queued | abandoned).order_by("pk")


@transaction.atomic
def claim(run_id: int, table: type[Model] = TrainingRun) -> Lease | None:
    """Take a run that nobody works on; None if somebody does, or if it was tried too often."""
    run = _claimable(table).select_for_update(skip_locked=True).filter(pk=run_id).first()
    if run is None:
        return None
    if run.attempts >= MAX_ATTEMPTS:
        _fail(run, f"given up after {run.attempts} attempts whose worker died; see the worker's log")
        return None
    _rows(table).filter(pk=run_id).update(
        state=TrainingRun.State.RUNNING,
        attempts=F("attempts") + 1,
        fencing_token=F("fencing_token") + 1,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        lease_until=Now() + timedelta(seconds=LEASE_SECONDS),
        heartbeat_at=Now(),
        started_at=Now(),
        progress=0,
        step="starting",
    )
    return Lease(run_id, run.fencing_token + 1, table)


def held_by(lease: Lease) -> QuerySet[Any]:
    """The run, if it is still this worker's; no row otherwise. Every write of a worker goes through it."""
    return _rows(lease.table).filter(
        pk=lease.run_id, fencing_token=lease.fencing_token, state=TrainingRun.State.RUNNING
    )


def renew(lease: Lease, progress: float, step: str) -> bool:
    """Prove life and report progress; False (and `lost` set) if the run is no longer this worker's."""
    alive = held_by(lease).update(
        lease_until=Now() + timedelta(seconds=LEASE_SECONDS),
        heartbeat_at=Now(),
        progress=progress,
        step=step[:120],
    )
    if not alive:
        lease.lost.set()
    return bool(alive)


@transaction.atomic
def release_failed(lease: Lease, reason: str) -> None:
    """Finish a run as failed, unless another worker has it."""
    run = held_by(lease).select_for_update().first()
    if run is not None:
        _fail(run, reason)


def _fail(run: Any, reason: str) -> None:
    _rows(type(run)).filter(pk=run.pk).update(
        state=TrainingRun.State.FAILED, reason=reason, finished_at=Now(), lease_until=None
    )


class Heartbeat:
    """Renews a lease from a thread of its own while the fit keeps the main thread busy."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stop = threading.Event()
        self._progress = (0.0, "starting")
        self._thread = threading.Thread(target=self._run, name="lease-heartbeat", daemon=True)

    def __enter__(self) -> Callable[[float, str], None]:
        """Start beating; returns the progress callback to hand to the fit."""
        self._thread.start()
        return self._report

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _report(self, progress: float, step: str) -> None:
        self._progress = (progress, step)
        if self._lease.lost.is_set():
            raise LeaseLostError(f"run {self._lease.run_id} was taken over or cancelled")

    def _run(self) -> None:
        try:
            while not self._stop.wait(HEARTBEAT_SECONDS):
                if not renew(self._lease, *self._progress):
                    return
        finally:
            connection.close()


class LeaseLostError(Exception):
    """Stop working: the run is another worker's now, or was cancelled."""
