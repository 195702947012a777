"""What Celery runs for merchants: ids in, one call. The rows in PostgreSQL are the truth."""

from celery import shared_task

from merchants.jobs.working import find_waiting, work_on
from merchants.reach.simulating import WORKS


@shared_task
def wake_jobs() -> int:
    """Send each job that nobody works on to a worker; sending one twice does no harm."""
    ids = find_waiting()
    for job_id in ids:
        run_job.apply_async([job_id], expires=30)
    return len(ids)


@shared_task
def run_job(job_id: int) -> None:
    """Bring one job to its end."""
    work_on(job_id, WORKS)
