"""A report as a mail: HTML tables and a drawing made from data, no browser, no picture to load.

A part that cannot be made is left out with a sentence that says so; the report always leaves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from merchants.figures.key_figures import KeyFigure, list_key_figures
from merchants.figures.reading import find_currency, find_latest_day
from merchants.figures.scope import Scope
from merchants.figures.spans import read_range
from merchants.figures.videos import tabulate_top
from merchants.models import AlertFiring, Cadence, ReportSchedule
from merchants.shell.tables import Table

logger = logging.getLogger(__name__)

_DAYS = {Cadence.DAILY: "7", Cadence.WEEKLY: "7", Cadence.MONTHLY: "28"}
N_VIDEOS = 5


@dataclass(slots=True)
class Mail:
    """A composed report; `missing` names parts that could not be made."""

    subject: str
    html: str = ""
    text: str = ""
    missing: list[str] = field(default_factory=list)


def compose(schedule: ReportSchedule, now: datetime) -> Mail:
    """The report that is due at `now`, in its own language."""
    with translation.override(schedule.language):
        scope = _make_scope(schedule, now)
        mail = Mail(_("%(name)s: @%(handle)s") % {"name": schedule.name, "handle": schedule.account.handle})
        facts: dict[str, Any] = {
            "schedule": schedule,
            "scope": scope,
            "link": settings.SITE_URL + reverse("overview"),
        }
        for name, words, make in _list_parts(scope):
            try:
                facts[name] = make()
            except Exception:
                logger.exception("report %s: part %s failed", schedule.pk, name)
                mail.missing.append(str(words))
        facts["missing"] = mail.missing
        mail.html = render_to_string("merchants/reports/email.html", facts)
        mail.text = render_to_string("merchants/reports/email.txt", facts)
    return mail


def _list_parts(scope: Scope) -> list[tuple[str, str, Callable[[], Any]]]:
    return [
        ("figures", _("the key figures"), lambda: _list_figures(scope)),
        ("videos", _("the videos"), lambda: _list_videos(scope)),
        ("fired", _("the alerts"), lambda: _list_fired(scope)),
    ]


def _make_scope(schedule: ReportSchedule, now: datetime) -> Scope:
    account = schedule.account
    today = now.astimezone(ZoneInfo(account.zone_name)).date()
    latest = find_latest_day(account)
    until = min(latest or today, today - timedelta(days=1))  # a report tells of days that are over
    found = read_range({"range": _DAYS[Cadence(schedule.cadence)]}, today, until)
    return Scope(account, found, (), latest, today, find_currency(account))


def _list_figures(scope: Scope) -> list[KeyFigure]:
    return list_key_figures(scope)


def _list_videos(scope: Scope) -> Table:
    columns = ("title", "views", "finish_rate", "cart_clicks", "orders")
    return tabulate_top(scope.account, scope.range.shown, columns, N_VIDEOS)


def _list_fired(scope: Scope) -> list[AlertFiring]:
    span = scope.range.shown
    found = AlertFiring.objects.filter(rule__account=scope.account, day__range=(span.first, span.last))
    return list(found.select_related("rule").order_by("day"))
