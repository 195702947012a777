"""What Celery runs for merchants: one call each; rows in PostgreSQL say what is due, messages only wake."""

from celery import shared_task

from merchants.alerts.watching import check_all
from merchants.figures.activity import NIGHT_DAYS, refresh_linked
from merchants.figures.limits import refresh_limits
from merchants.jobs.parts import find_waiting_parts
from merchants.jobs.working import find_waiting, work_on
from merchants.reach.simulating import WORKS, help_out
from merchants.reports.scheduling import send_due
from merchants.webhooks.sending import deliver_due


@shared_task
def refresh_activity() -> int:
    """Count the newest days of linked accounts again."""
    return refresh_linked()


@shared_task
def refresh_activity_nightly() -> int:
    """Count a month again, for events that came late."""
    return refresh_linked(NIGHT_DAYS)


@shared_task
def judge_limits() -> int:
    """Ask the engine which stage limits each video of linked accounts."""
    return refresh_limits()


@shared_task
def check_alerts() -> int:
    """Judge the closed days of every account."""
    return check_all()


@shared_task
def send_reports() -> int:
    """Send what is due."""
    return send_due()


@shared_task
def deliver_webhooks() -> int:
    """Send what is due, and try again what failed."""
    return deliver_due()


@shared_task
def wake_jobs() -> int:
    """Send each job that nobody works on to a worker; sending one twice does no harm."""
    ids = find_waiting()
    for job_id in ids:
        run_job.apply_async([job_id], expires=30)
    for part_id in find_waiting_parts():
        run_part.apply_async([part_id], expires=2)
    return len(ids)


@shared_task
def run_job(job_id: int) -> None:
    """Bring one job to its end."""
    work_on(job_id, WORKS)


@shared_task
def run_part(part_id: int) -> int:
    """Help the worker of a job."""
    return help_out(part_id)
