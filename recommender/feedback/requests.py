"""Asking for a run, and calling one off. While one of its kind waits or runs, a second request joins it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from recommender.models import EventBatch, ModelVersion, TrainingRun
from recommender.training.online_params import LoopParams


def request_run(
    trigger: str, user_id: int | None = None, kind: str = TrainingRun.Kind.FULL
) -> tuple[TrainingRun, bool]:
    """The run that will retrain or update the engine, and whether this call made it; nothing is published.

    The beat finds the row within seconds, so a broker that is down delays the run and loses nothing.
    """
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                kind=kind, trigger=trigger, requested_by_id=user_id, data_until=timezone.now()
            )
            return run, True
    except IntegrityError:  # the constraint one_unfinished_run_per_kind: another request was first
        waiting = TrainingRun.objects.filter(kind=kind, state__in=TrainingRun.UNFINISHED).first()
        return (waiting, False) if waiting is not None else request_run(trigger, user_id, kind)


def request_update(trigger: str, user_id: int | None = None) -> tuple[TrainingRun, bool]:
    """The run that will update the live version with what came in since, and whether this call made it."""
    return request_run(trigger, user_id, TrainingRun.Kind.UPDATE)


def request_update_if_due() -> TrainingRun | None:
    """Ask for an update where one can do something: a version is live, events came in, none was taken back.

    A version that was taken back is followed by a pause: the same rows would teach the same again.
    """
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    if live is None:
        return None
    pause = timezone.now() - timedelta(minutes=LoopParams().watch.pause_minutes)
    if ModelVersion.objects.filter(taken_back_at__gt=pause).exists():
        return None
    if not _came_in_since_asked(live):
        return None
    run, _ = request_update("beat")
    return run


def find_last_update() -> tuple[datetime | None, bool]:
    """When the last update ended (or the version went live), and whether there is something to learn."""
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    ended = TrainingRun.objects.filter(kind=TrainingRun.Kind.UPDATE, finished_at__isnull=False)
    last = ended.order_by("-finished_at").values_list("finished_at", flat=True).first()
    if live is None:
        return last, False
    return last or live.promoted_at, _came_in_since_asked(live)


def _came_in_since_asked(live: ModelVersion) -> bool:
    """Events came in that no update of this version was asked to read."""
    asked = TrainingRun.objects.filter(kind=TrainingRun.Kind.UPDATE, created_at__gt=live.promoted_at)
    newest = asked.order_by("-id").values_list("data_until", flat=True).first()
    if newest is None and (live.run is None or live.run.kind == TrainingRun.Kind.FULL):
        return True  # a full fit holds its newest days out; the first update learns them
    since = newest or live.trained_until
    return EventBatch.objects.filter(received_at__gt=since, stored_count__gt=0).exists()


def cancel_run(run_id: int) -> bool:
    """Call a run off; whoever works on it stops at its next progress report. False if it is finished."""
    cancelled = TrainingRun.objects.filter(pk=run_id, state__in=TrainingRun.UNFINISHED).update(
        state=TrainingRun.State.CANCELLED,
        reason="called off",
        finished_at=timezone.now(),
        lease_until=None,
    )
    return bool(cancelled)
