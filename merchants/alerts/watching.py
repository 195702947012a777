"""Rules at work: the back-test before one is saved, and the check of every closed day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from merchants.accounts.announcing import announce
from merchants.alerts.judging import LOOK_BACK_DAYS, Firing, Rule, judge
from merchants.figures.metrics import METRICS
from merchants.figures.reading import find_currency, read_series
from merchants.figures.spans import Span
from merchants.models import Account, AlertFiring, AlertRule, Membership, Role
from merchants.shell.tables import Column

#: Days that a new rule is tried on, and days that are judged again each night: imports may come late.
TEST_DAYS, NIGHT_DAYS = 90, 14


def find_yesterday(account: Account) -> date:
    """The newest closed day of an account."""
    return timezone.now().astimezone(ZoneInfo(account.zone_name)).date() - timedelta(days=1)


def try_out(
    account: Account, metric: str, rule: Rule
) -> tuple[list[date], list[Decimal | None], list[Firing]]:
    """The last `TEST_DAYS` closed days, their figures, and where the rule would have fired."""
    last = find_yesterday(account)
    first = last - timedelta(days=TEST_DAYS - 1)
    days, values = _read(account, metric, first, last)
    fired = judge(days, values, rule, first)
    return days[LOOK_BACK_DAYS:], values[LOOK_BACK_DAYS:], fired


def check_rule(rule: AlertRule) -> list[AlertFiring]:
    """Judge the newest closed days; the firings that are new. A day fires once, whenever it is judged."""
    account, last = rule.account, find_yesterday(rule.account)
    since = max(last - timedelta(days=NIGHT_DAYS - 1), rule.created_at.date() - timedelta(days=1))
    days, values = _read(account, rule.metric, since, last)
    found = judge(days, values, describe_rule(rule), since)
    with transaction.atomic():
        AlertRule.objects.select_for_update().get(pk=rule.pk)
        known = set(AlertFiring.objects.filter(rule=rule).values_list("day", flat=True))
        made = [
            AlertFiring(rule=rule, day=one.day, value=one.value, usual=one.usual)
            for one in found
            if one.day not in known and not _is_quiet(one.day, known, rule.quiet_days)
        ]
        AlertFiring.objects.bulk_create(made)
        AlertRule.objects.filter(pk=rule.pk).update(checked_until=last)
        for one in made:
            announce(account.team, "alert.fired", _describe(rule, one))
    for one in made:
        tell_by_mail(rule, one)
    return made


def check_all() -> int:
    """Every rule that is not paused; how many firings are new."""
    rules = AlertRule.objects.filter(is_paused=False).select_related("account__team").order_by("pk")
    return sum(len(check_rule(rule)) for rule in rules)


def describe_rule(rule: AlertRule) -> Rule:
    """A stored rule as judging takes it."""
    return Rule(rule.kind, rule.threshold, rule.quiet_days)


def tell_by_mail(rule: AlertRule, firing: AlertFiring) -> None:
    """A mail to the owners and editors of the team."""
    roles = (Role.OWNER, Role.EDITOR)
    people = Membership.objects.filter(team=rule.account.team, role__in=roles, user__is_active=True)
    addresses = [email for email in people.values_list("user__email", flat=True) if email]
    facts = {
        "rule": rule,
        "firing": firing,
        "metric": METRICS[rule.metric],
        "value": write_value(rule, firing.value),
        "usual": write_value(rule, firing.usual),
        "link": settings.SITE_URL + reverse("alerts"),
    }
    subject = render_to_string("merchants/alerts/email_subject.txt", facts).strip()
    body = render_to_string("merchants/alerts/email_body.txt", facts)
    if addresses and send_mail(subject, body, None, addresses, fail_silently=True):
        AlertFiring.objects.filter(pk=firing.pk).update(sent_at=timezone.now())


def write_value(rule: AlertRule, value: Decimal | None) -> str:
    """A figure of the rule's metric, as people read it."""
    metric = METRICS[rule.metric]
    return Column("value", metric.title, metric.kind, find_currency(rule.account)).show({"value": value})


def _is_quiet(day: date, known: Sequence[date] | set[date], quiet_days: int) -> bool:
    return any(0 < (day - earlier).days <= quiet_days for earlier in known)


def _read(account: Account, metric: str, first: date, last: date) -> tuple[list[date], list[Decimal | None]]:
    span = Span(first - timedelta(days=LOOK_BACK_DAYS), last)
    return span.days, read_series(account, [metric], span)[metric].values


def _describe(rule: AlertRule, firing: AlertFiring) -> dict[str, object]:
    told = {
        name: None if value is None else str(value)
        for name, value in (("value", firing.value), ("usual", firing.usual))
    }
    return {
        "rule": rule.name,
        "account": rule.account.handle,
        "metric": rule.metric,
        "day": str(firing.day),
        **told,
    }
