"""One job from claimed row to result: lease, heartbeat, the work of its kind, one fenced write at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models.functions import Now

from merchants.models import Job, JobPart
from recommender import engine

logger = logging.getLogger(__name__)

Report = Callable[[float, str], None]
#: What a kind of job does: (job, report) -> result. It reports often; a report may raise to stop it.
Work = Callable[[Job, Report], dict[str, Any]]


def find_waiting() -> list[int]:
    """Ids of jobs that nobody works on."""
    return engine.find_claimable_runs(Job)


def work_on(job_id: int, works: Mapping[str, Work]) -> Job | None:
    """Claim a job and bring it to its end; None if somebody else works on it."""
    lease = engine.claim(job_id, Job)
    if lease is None:
        return None
    job = Job.objects.get(pk=job_id)
    try:
        with engine.Heartbeat(lease) as report:
            result = works[job.kind](job, report)
        finish_job(lease, result)
    except engine.LeaseLostError as error:
        logger.warning("job stopped: %s", error)
    except ValueError as error:  # the request cannot be answered; the message is for the merchant
        engine.release_failed(lease, str(error))
    except Exception as error:
        logger.exception("job %s failed", job_id)
        engine.release_failed(lease, f"an unexpected error ({type(error).__name__}); try again")
    return Job.objects.get(pk=job_id)


def finish_job(lease: engine.Lease, result: dict[str, Any]) -> bool:
    """Store the result, unless the job was called off or taken over meanwhile."""
    stored = engine.held_by(lease).update(
        state=Job.State.DONE, result=result, progress=1, step="", finished_at=Now(), lease_until=None
    )
    if stored:
        JobPart.objects.filter(job=lease.run_id).delete()
    return bool(stored)
