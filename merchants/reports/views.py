"""Scheduled reports of the chosen account: add, look at, send now, pause, remove."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from merchants.accounts.access import accounts_for, require_role
from merchants.accounts.selection import choose_account
from merchants.models import ReportDelivery, ReportSchedule, Role
from merchants.reports.composing import compose
from merchants.reports.forms import ReportForm
from merchants.reports.scheduling import add_schedule, remove_schedule, send_now


def _find(request: HttpRequest, schedule_id: int) -> ReportSchedule:
    own = ReportSchedule.objects.filter(account__in=accounts_for(request.user)).select_related(
        "account__team"
    )
    return get_object_or_404(own, pk=schedule_id)


@login_required
def reports(request: HttpRequest) -> HttpResponse:
    """The schedules and what left; a schedule is added on POST."""
    account = choose_account(request)
    if account is None:
        return redirect("welcome")
    user = cast(User, request.user)
    form = ReportForm(
        request.POST or None, initial={"language": request.LANGUAGE_CODE, "recipients": user.email}
    )
    if request.method == "POST" and form.is_valid():
        add_schedule(user, account, **form.cleaned_data)
        messages.success(request, _("The report is scheduled."))
        return redirect("reports")
    schedules = ReportSchedule.objects.filter(account=account).order_by("pk")
    log = (
        ReportDelivery.objects.filter(schedule__account=account)
        .select_related("schedule")
        .order_by("-due_at")[:20]
    )
    facts = {"account": account, "form": form, "schedules": schedules, "log": log}
    return render(request, "merchants/reports/reports.html", facts)


@login_required
@require_GET
@xframe_options_sameorigin
def look(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """The report as it would leave now."""
    return HttpResponse(compose(_find(request, schedule_id), timezone.now()).html)


@login_required
@require_POST
def change(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Send now, pause, go on, or remove."""
    schedule, user = _find(request, schedule_id), cast(User, request.user)
    require_role(user, schedule.account, Role.EDITOR)
    if "send" in request.POST:
        send_now(schedule)
        messages.success(request, _("The report is sent."))
    elif "remove" in request.POST:
        remove_schedule(user, schedule)
        messages.success(request, _("The report is removed."))
    else:
        ReportSchedule.objects.filter(pk=schedule.pk).update(is_paused=not schedule.is_paused)
    return redirect("reports")
