"""A team's webhooks and the log of what left."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from merchants.accounts.access import teams_for
from merchants.accounts.selection import choose_team
from merchants.models import Role, WebhookDelivery, WebhookEndpoint
from merchants.webhooks.forms import WebhookForm
from merchants.webhooks.sending import add_endpoint, remove_endpoint, send_again


@login_required
def webhooks(request: HttpRequest) -> HttpResponse:
    """The addresses and their newest deliveries; an owner adds one here."""
    team = choose_team(request)
    if team is None:
        raise Http404("you are on no team yet; open the welcome page first")
    is_owner = teams_for(request.user, Role.OWNER).filter(pk=team.pk).exists()
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        add_endpoint(cast(User, request.user), team, **form.cleaned_data)
        return redirect("webhooks")
    log = WebhookDelivery.objects.filter(endpoint__team=team).select_related("endpoint").order_by("-pk")[:30]
    own = WebhookEndpoint.objects.filter(team=team).order_by("pk") if is_owner else []
    facts = {
        "team": team,
        "page": "webhooks",
        "form": form,
        "endpoints": own,
        "log": log,
        "is_owner": is_owner,
    }
    return render(request, "merchants/webhooks/webhooks.html", facts)


@login_required
@require_POST
def change(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Pause, go on, or remove an address."""
    own = WebhookEndpoint.objects.filter(team__in=teams_for(request.user, Role.OWNER)).select_related("team")
    endpoint = get_object_or_404(own, pk=endpoint_id)
    if "remove" in request.POST:
        remove_endpoint(cast(User, request.user), endpoint)
        messages.success(request, _("The webhook is removed."))
    else:
        endpoint.is_paused = not endpoint.is_paused
        endpoint.save(update_fields=["is_paused"])
    return redirect("webhooks")


@login_required
@require_POST
def again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send a delivery once more."""
    own = WebhookDelivery.objects.filter(endpoint__team__in=teams_for(request.user, Role.OWNER))
    send_again(get_object_or_404(own, pk=delivery_id))
    messages.success(request, _("It is on its way again."))
    return redirect("webhooks")
