"""A job in pieces: its worker lays them out and works on them, and any other worker may take some.

A piece is claimed by lease and stored once, so a killed worker's piece is taken again and what is done stays
done. Pieces are joined in their order: the answer does not tell who worked on what.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db.models.functions import Now

from merchants.models import Job, JobPart
from recommender import engine

#: Seconds between two looks at pieces that others hold.
_LOOK_SECONDS = 0.2
#: Helpers that are woken for one job at most; each takes one piece after another.
_MOST_HELPERS = 4

#: What a piece adds to its job's answer: number -> plain numbers.
Do = Callable[[int], dict[str, Any]]
#: Told how many pieces are done and which one comes next.
Told = Callable[[int, int], None]


def work_in_parts(job: Job, n_parts: int, fingerprint: str, do: Do, tell: Told) -> list[dict[str, Any]]:
    """Every piece's result in order, once all are done; `tell` may raise to stop.

    Raises
    ------
    RuntimeError
        If a piece failed for good; the message says why.
    """
    _lay_out(job, n_parts, fingerprint)
    while True:
        states = dict(job.parts.values_list("number", "state"))
        done = sum(state == Job.State.DONE for state in states.values())
        if done == n_parts:
            return [part.result or {} for part in job.parts.order_by("number")]
        failed = job.parts.filter(state=Job.State.FAILED).first()
        if failed is not None:
            raise RuntimeError(f"part {failed.number}: {failed.reason}")
        left = [number for number, state in states.items() if state != Job.State.DONE]
        tell(done, min(left))
        if not take_one(job, do):
            time.sleep(_LOOK_SECONDS)


def _lay_out(job: Job, n_parts: int, fingerprint: str) -> None:
    """Rows of the pieces; those laid out by a worker that saw something else are of no use."""
    job.parts.exclude(fingerprint=fingerprint).delete()
    JobPart.objects.bulk_create(
        [JobPart(job=job, number=number, fingerprint=fingerprint) for number in range(n_parts)],
        ignore_conflicts=True,
    )


def take_one(job: Job, do: Do) -> bool:
    """Work on one piece that nobody holds; False where there is none."""
    for part_id in engine.find_claimable_runs(JobPart):
        part = JobPart.objects.filter(pk=part_id, job=job).first()
        lease = engine.claim(part_id, JobPart) if part is not None else None
        if part is not None and lease is not None:
            finish_part(lease, do(part.number))
            return True
    return False


def finish_part(lease: engine.Lease, result: dict[str, Any]) -> bool:
    """Store a piece, unless it was taken over meanwhile."""
    stored = engine.held_by(lease).update(
        state=Job.State.DONE, result=result, progress=1, finished_at=Now(), lease_until=None
    )
    return bool(stored)


def find_waiting_parts() -> list[int]:
    """Ids of pieces that helpers should be woken for, some of each running job; finished jobs' rows go."""
    JobPart.objects.exclude(job__state__in=Job.UNFINISHED).delete()
    waiting = JobPart.objects.filter(pk__in=engine.find_claimable_runs(JobPart), job__state=Job.State.RUNNING)
    found: dict[int, list[int]] = {}
    for part_id, job_id in waiting.values_list("pk", "job_id"):
        found.setdefault(job_id, []).append(part_id)
    return [part_id for ids in found.values() for part_id in ids[1 : 1 + _MOST_HELPERS]]


def help_with(part_id: int, open_job: Callable[[Job], tuple[str, Do]]) -> int:
    """Take pieces of the job that a piece belongs to until none is left; how many were done.

    `open_job` gives the fingerprint of what this worker sees, and what to do with a piece.
    """
    part = JobPart.objects.filter(pk=part_id, state__in=Job.UNFINISHED).select_related("job").first()
    if part is None or part.job.state != Job.State.RUNNING:
        return 0
    fingerprint, do = open_job(part.job)
    done = 0
    while _is_ours(part.job, fingerprint) and take_one(part.job, do):
        done += 1
    return done


def _is_ours(job: Job, fingerprint: str) -> bool:
    """Does the job still run, and over what this worker sees?"""
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).exists()
    return running and not job.parts.exclude(fingerprint=fingerprint).exists()
