"""Asking for long work, watching it and calling it off. The same key asked twice is one job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from merchants.models import Account, Job

#: Jobs of a team that may wait or run at once; a form that hangs must not fill the queue.
MOST_UNFINISHED = 8


class TooManyJobsError(Exception):
    """The team has enough work waiting; the message says how much."""


def request_job(
    account: Account, kind: str, title: str, request: dict[str, Any], key: str, user_id: int | None
) -> tuple[Job, bool]:
    """The job of this key, and whether this call made it. Nothing is published here.

    The beat finds the row within seconds, so a broker that is down delays the job and loses nothing.

    Raises
    ------
    TooManyJobsError
        If the team has `MOST_UNFINISHED` unfinished jobs already.
    """
    known = Job.objects.filter(team=account.team_id, request_key=key).first()
    if known is not None:
        return known, False
    waiting = Job.objects.filter(team=account.team_id, state__in=Job.UNFINISHED).count()
    if waiting >= MOST_UNFINISHED:
        raise TooManyJobsError(f"{waiting} jobs of your team are not finished; wait for one or cancel it")
    try:
        with transaction.atomic():
            job = Job.objects.create(
                team_id=account.team_id, account=account, kind=kind, title=title[:200], request=request,
                request_key=key, requested_by_id=user_id,
            )  # fmt: skip
            return job, True
    except IntegrityError:  # the constraint job_asked_once: the same request was a moment faster
        return Job.objects.get(team=account.team_id, request_key=key), False


def cancel_job(job_id: int) -> bool:
    """Call a job off; whoever works on it stops at its next report. False if it is finished."""
    cancelled = Job.objects.filter(pk=job_id, state__in=Job.UNFINISHED).update(
        state=Job.State.CANCELLED, reason="called off", finished_at=timezone.now(), lease_until=None
    )
    return bool(cancelled)


def guess_remaining_seconds(job: Job, now: datetime | None = None) -> int | None:
    """Seconds until the job is done, going on as it has; None while nothing can be said."""
    if job.state != Job.State.RUNNING or job.started_at is None or job.progress < 0.02:
        return None
    spent = ((now or timezone.now()) - job.started_at).total_seconds()
    return max(round(spent * (1 - job.progress) / job.progress), 1)
