"""Reports leave once, in the morning of the account's zone, and also where a part of them fails."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import Account, ReportDelivery, ReportSchedule
from merchants.onboarding.welcome import prepare_first_visit
from merchants.reports import composing
from merchants.reports.scheduling import MAX_ATTEMPTS, add_schedule, find_next, send_due
from tests.factories import make_user

ZONES = ("Asia/Bangkok", "Asia/Jakarta", "Europe/London", "America/New_York", "Asia/Singapore")


@given(
    st.sampled_from(ZONES),
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - made aware below
)
def test_the_next_report_is_at_eight_local_also_when_clocks_change(
    zone: str, cadence: str, moment: datetime
) -> None:
    after = moment.replace(tzinfo=UTC)
    local = find_next(cadence, zone, after).astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (8, 0)
    assert (
        0
        < (local - after).total_seconds()
        <= {"daily": 25, "weekly": 169, "monthly": 31 * 24 + 1}[cadence] * 3600
    )
    assert cadence != "weekly" or local.weekday() == 0
    assert cadence != "monthly" or local.day == 1


@pytest.fixture
def account(db: None) -> Account:
    return prepare_first_visit(make_user("alice", email="alice@example.org")).accounts.get()


def make_due(account: Account, language: str = "en") -> ReportSchedule:
    owner = account.team.memberships.get().user
    schedule = add_schedule(owner, account, "Weekly", "weekly", ["boss@example.org"], language)
    ReportSchedule.objects.update(next_at=timezone.now())
    return schedule


def test_a_report_leaves_once_with_its_figures_in_the_mail(account: Account) -> None:
    make_due(account)
    assert [send_due(), send_due()] == [1, 0]
    (message,) = mail.outbox
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    assert message.bcc == ["boss@example.org"]
    assert "<svg" in html and "Views" in html and "<img" not in html
    assert ReportSchedule.objects.get().next_at > timezone.now()


def test_a_report_speaks_its_own_language(account: Account) -> None:
    make_due(account, "zh-hans")
    send_due()
    assert "观看最多的视频" in str(mail.outbox[0].alternatives[0][0])  # type: ignore[attr-defined]


def test_a_part_that_fails_is_named_and_the_report_leaves(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("broken")

    monkeypatch.setattr(composing, "_list_videos", fail)
    make_due(account)
    assert send_due() == 1
    assert "Missing in this report: the videos" in mail.outbox[0].body
    assert ReportDelivery.objects.get().fault == "the videos"


def test_a_mail_server_that_is_away_is_tried_again_and_given_up(account: Account, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    make_due(account)
    for _ in range(MAX_ATTEMPTS):
        assert send_due() == 0
        ReportDelivery.objects.exclude(retry_at=None).update(retry_at=timezone.now())
    delivery = ReportDelivery.objects.get()
    assert (delivery.attempt_count, delivery.retry_at, delivery.sent_at) == (MAX_ATTEMPTS, None, None)
    assert delivery.fault.startswith("not sent")
