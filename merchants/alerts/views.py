"""Alerts: rules of the chosen account, what they said, and a back-test before one is saved."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from merchants.accounts.access import accounts_for, require_role
from merchants.accounts.audit import note
from merchants.accounts.selection import choose_account
from merchants.alerts.charts import draw_test
from merchants.alerts.forms import AlertForm
from merchants.alerts.watching import TEST_DAYS, try_out
from merchants.figures.reading import find_currency
from merchants.models import Account, AlertFiring, AlertRule, Role


@login_required
def alerts(request: HttpRequest) -> HttpResponse:
    """Rules and their firings; a rule is saved on POST."""
    account = choose_account(request)
    if account is None:
        return redirect("welcome")
    form = AlertForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _save(cast(User, request.user), account, form)
        messages.success(request, _("The alert watches from today on."))
        return redirect("alerts")
    rules = AlertRule.objects.filter(account=account).order_by("pk")
    fired = (
        AlertFiring.objects.filter(rule__account=account)
        .select_related("rule__account")
        .order_by("-day", "-pk")[:50]
    )
    return render(
        request,
        "merchants/alerts/alerts.html",
        {"account": account, "form": form, "rules": rules, "fired": fired},
    )


@login_required
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Where a rule would have fired in the last ninety days; nothing is saved."""
    account = choose_account(request)
    if account is None:
        raise Http404("there is no account yet; connect one first")
    form = AlertForm(request.POST)
    facts: dict[str, object] = {"form": form, "days": TEST_DAYS}
    if form.is_valid():
        days, values, fired = try_out(account, form.cleaned_data["metric"], form.rule)
        chart = draw_test(form.cleaned_data["metric"], find_currency(account), days, values, fired)
        facts |= {"chart": chart, "fired": fired, "is_known": any(value is not None for value in values)}
    return render(request, "merchants/alerts/_test.html", facts)


@login_required
@require_POST
def change(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Pause a rule, let it go on, or remove it."""
    own = AlertRule.objects.filter(account__in=accounts_for(request.user)).select_related("account__team")
    rule = get_object_or_404(own, pk=rule_id)
    user = cast(User, request.user)
    require_role(user, rule.account, Role.EDITOR)
    if "remove" in request.POST:
        note(rule.account.team, user, "alert_removed", rule.name)
        rule.delete()
        messages.success(request, _("The alert is removed."))
    else:
        AlertRule.objects.filter(pk=rule.pk).update(is_paused=not rule.is_paused)
    return redirect("alerts")


@login_required
@require_POST
def see(request: HttpRequest) -> HttpResponse:
    """All firings of this person's accounts are seen."""
    AlertFiring.objects.filter(rule__account__in=accounts_for(request.user), seen_at=None).update(
        seen_at=timezone.now()
    )
    return redirect("alerts")


def _save(user: User, account: Account, form: AlertForm) -> None:
    require_role(user, account, Role.EDITOR)
    AlertRule.objects.create(account=account, made_by=user, **form.cleaned_data)
    note(account.team, user, "alert_added", form.cleaned_data["name"])
