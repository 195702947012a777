"""Asking for a retraining, and calling one off. While one waits or runs, a second request joins it."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from recommender.models import TrainingRun


def request_run(trigger: str, user_id: int | None = None) -> tuple[TrainingRun, bool]:
    """The run that will retrain the engine, and whether this call made it. Nothing is published here.

    The beat finds the row within seconds, so a broker that is down delays the run and loses nothing.
    """
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                trigger=trigger, requested_by_id=user_id, data_until=timezone.now()
            )
            return run, True
    except IntegrityError:  # the constraint one_unfinished_run: another request was first
        waiting = TrainingRun.objects.filter(state__in=TrainingRun.UNFINISHED).first()
        return (waiting, False) if waiting is not None else request_run(trigger, user_id)


def cancel_run(run_id: int) -> bool:
    """Call a run off; whoever works on it stops at its next progress report. False if it is finished."""
    cancelled = TrainingRun.objects.filter(pk=run_id, state__in=TrainingRun.UNFINISHED).update(
        state=TrainingRun.State.CANCELLED,
        reason="called off",
        finished_at=timezone.now(),
        lease_until=None,
    )
    return bool(cancelled)
