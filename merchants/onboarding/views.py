"""The first minutes: welcome, connecting an account, removing the sample shop, an account's picture."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from merchants.accounts.access import accounts_for, teams_for
from merchants.models import Role
from merchants.onboarding.connecting import save_account
from merchants.onboarding.forms import AccountForm
from merchants.onboarding.welcome import prepare_first_visit, read_progress, remove_sample_shop


@login_required
@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """Where a newcomer stands, and the three steps."""
    user = cast(User, request.user)
    facts = {"progress": read_progress(user), "sample": accounts_for(user).filter(is_sample=True).first()}
    return render(request, "merchants/onboarding/welcome.html", facts)


@login_required
@require_POST
def add_sample(request: HttpRequest) -> HttpResponse:
    """A sample shop for a person who has no account."""
    prepare_first_visit(cast(User, request.user))
    return redirect("overview")


@login_required
def connect(request: HttpRequest) -> HttpResponse:
    """Connect an account of one's own."""
    teams = teams_for(request.user, Role.EDITOR)
    form = AccountForm(request.POST or None, request.FILES or None, teams=teams)
    if request.method == "POST" and form.is_valid():
        account = save_account(cast(User, request.user), form)
        messages.success(
            request, _("@%(handle)s is connected. Import its files next.") % {"handle": account.handle}
        )
        return redirect(f"{reverse('imports')}?account={account.pk}")
    return render(request, "merchants/onboarding/connect.html", {"form": form})


@login_required
def edit(request: HttpRequest, account_id: int) -> HttpResponse:
    """Change what is known of an account."""
    account = get_object_or_404(accounts_for(request.user, Role.EDITOR), pk=account_id)
    teams = teams_for(request.user, Role.EDITOR)
    form = AccountForm(request.POST or None, request.FILES or None, instance=account, teams=teams)
    if request.method == "POST" and form.is_valid():
        save_account(cast(User, request.user), form)
        messages.success(request, _("Saved."))
        return redirect("settings-accounts")
    return render(request, "merchants/onboarding/connect.html", {"form": form, "account": account})


@login_required
@require_POST
def remove_sample(request: HttpRequest, account_id: int) -> HttpResponse:
    """Take the sample shop away, in one click."""
    account = get_object_or_404(accounts_for(request.user), pk=account_id)
    try:
        remove_sample_shop(cast(User, request.user), account)
    except ValueError as error:
        raise Http404(str(error)) from None
    messages.success(request, _("The sample shop is removed."))
    return redirect("overview")


@login_required
@require_GET
@cache_control(private=True, max_age=86_400)
def picture(request: HttpRequest, account_id: int) -> HttpResponse:
    """An account's picture."""
    account = get_object_or_404(accounts_for(request.user).select_related("avatar"), pk=account_id)
    if not hasattr(account, "avatar"):
        raise Http404("this account has no picture yet")
    return HttpResponse(bytes(account.avatar.image), content_type="image/png")
