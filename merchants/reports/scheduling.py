"""When reports leave: eight in the morning of the account's zone, each once, tried again where it fails."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from merchants.accounts.access import require_role
from merchants.accounts.announcing import announce
from merchants.accounts.audit import note
from merchants.models import Account, Cadence, ReportDelivery, ReportSchedule, Role
from merchants.reports.composing import compose

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MORNING = time(8)
MAX_ATTEMPTS = 5
RETRY_MINUTES = 10


def find_next(cadence: str, zone: str, after: datetime) -> datetime:
    """The first morning after a moment on which a cadence has a report due.

    >>> find_next("weekly", "Asia/Bangkok", datetime(2026, 1, 5, 1, 0, tzinfo=ZoneInfo("UTC"))).isoformat()
    '2026-01-12T08:00:00+07:00'
    """
    clock = ZoneInfo(zone)
    local = after.astimezone(clock)
    day = local.date()
    while True:
        moment = datetime.combine(day, MORNING, clock)
        fits = (
            cadence == Cadence.DAILY
            or (cadence == Cadence.WEEKLY and day.weekday() == 0)
            or (cadence == Cadence.MONTHLY and day.day == 1)
        )
        if fits and moment > local:
            return moment
        day += timedelta(days=1)


def add_schedule(
    user: User, account: Account, name: str, cadence: str, recipients: list[str], language: str
) -> ReportSchedule:
    """A report of an account from now on."""
    require_role(user, account, Role.EDITOR)
    with transaction.atomic():
        schedule = ReportSchedule.objects.create(
            account=account,
            name=name,
            cadence=cadence,
            recipients=recipients,
            language=language,
            made_by=user,
            next_at=find_next(cadence, account.zone_name, timezone.now()),
        )
        note(account.team, user, "report_added", name)
    return schedule


def remove_schedule(user: User, schedule: ReportSchedule) -> None:
    """End a report; what left of it goes with it."""
    require_role(user, schedule.account, Role.EDITOR)
    with transaction.atomic():
        note(schedule.account.team, user, "report_removed", schedule.name)
        schedule.delete()


def send_due() -> int:
    """Send every report that is due; how many left. Two workers never send the same one."""
    sent = 0
    while (delivery := _claim()) is not None:
        sent += _send(delivery)
    return sent


def send_now(schedule: ReportSchedule) -> str:
    """Send a report right away, beside its schedule; what is missing in it, or ''."""
    return _mail(schedule, timezone.now())


def _claim() -> ReportDelivery | None:
    """The next report to try: one that failed before and waits no longer, else a new one that is due."""
    now = timezone.now()
    with transaction.atomic():
        waiting = ReportDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        delivery = (
            waiting.filter(retry_at__lte=now)
            .select_related("schedule__account__team")
            .order_by("due_at")
            .first()
        )
        if delivery is None:
            delivery = _open_delivery(now)
        if delivery is not None:
            delivery.attempt_count += 1
            is_last = delivery.attempt_count >= MAX_ATTEMPTS
            delivery.retry_at = None if is_last else now + timedelta(minutes=RETRY_MINUTES)
            delivery.save()
    return delivery


def _open_delivery(now: datetime) -> ReportDelivery | None:
    """A row for a schedule that is due, whose next report moves on in the same transaction."""
    schedules = ReportSchedule.objects.select_for_update(skip_locked=True, of=("self",))
    due = (
        schedules.filter(is_paused=False, next_at__lte=now)
        .select_related("account__team")
        .order_by("next_at")
        .first()
    )
    if due is None:
        return None
    delivery, _ = ReportDelivery.objects.get_or_create(schedule=due, due_at=due.next_at)
    due.next_at = find_next(due.cadence, due.account.zone_name, now)
    due.save(update_fields=["next_at"])
    delivery.schedule = due
    return delivery


def _send(delivery: ReportDelivery) -> int:
    schedule = delivery.schedule
    try:
        missing = _mail(schedule, timezone.now())
    except OSError as error:  # the mail server; every SMTP error is one
        ReportDelivery.objects.filter(pk=delivery.pk).update(fault=f"not sent: {error}"[:300])
        return 0
    with transaction.atomic():
        ReportDelivery.objects.filter(pk=delivery.pk).update(
            sent_at=timezone.now(), retry_at=None, fault=missing[:300]
        )
        announce(
            schedule.account.team,
            "report.sent",
            {"report": schedule.name, "account": schedule.account.handle},
        )
    return 1


def _mail(schedule: ReportSchedule, now: datetime) -> str:
    mail = compose(schedule, now)
    message = EmailMultiAlternatives(mail.subject, mail.text, None, bcc=schedule.recipients)
    message.attach_alternative(mail.html, "text/html")
    message.send()
    return ", ".join(mail.missing)
