"""The overview and the videos: pages that hold cards, and what people keep of them."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from merchants.accounts.selection import choose_account
from merchants.dashboard import keeping
from merchants.dashboard.forms import NoteForm, SavedViewForm, describe_errors
from merchants.figures import limits
from merchants.figures import videos as figures
from merchants.figures.scope import read_scope
from merchants.onboarding.welcome import read_progress
from merchants.shell.navigation import go_back
from recommender.markets import MARKET_CODES


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The position of the chosen account: one page of cards that load by themselves."""
    if choose_account(request) is None:
        return redirect("welcome")
    user = cast(User, request.user)
    facts = {
        "scope": read_scope(request),
        "markets": MARKET_CODES,
        "progress": read_progress(user),
        "saved_views": keeping.list_saved_views(user, choose_account(request), "overview"),
        "saved_form": SavedViewForm(),
        "note_form": NoteForm(),
    }
    return render(request, "merchants/dashboard/overview.html", facts)


@login_required
@require_GET
def videos(request: HttpRequest) -> HttpResponse:
    """All videos: search, filter, columns; the table itself is a card."""
    if choose_account(request) is None:
        return redirect("welcome")
    user = cast(User, request.user)
    facts = {
        "scope": read_scope(request),
        "markets": MARKET_CODES,
        "choice": figures.read_choice(request.GET),
        "columns": figures.COLUMNS,
        "stages": limits.STAGES.values(),
        "saved_views": keeping.list_saved_views(user, choose_account(request), "videos"),
    }
    return render(request, "merchants/dashboard/videos.html", facts)


@login_required
@require_GET
def video(request: HttpRequest, video_ref: str) -> HttpResponse:
    """One video: where its reach comes from and where it is lost."""
    scope = read_scope(request)
    row = figures.find_video(scope.account, video_ref, scope.range.shown, scope.markets)
    facts = {
        "scope": scope,
        "markets": MARKET_CODES,
        "video": row,
        "stage": limits.STAGES.get(row["stage_key"]),
        "evidence": limits.describe_evidence(scope.account, video_ref),
    }
    return render(request, "merchants/dashboard/video.html", facts)


@login_required
@require_POST
def add_note(request: HttpRequest) -> HttpResponse:
    """Write a note on a day of the chosen account."""
    form = NoteForm(request.POST)
    if form.is_valid():
        keeping.add_note(cast(User, request.user), request.POST.get("account", ""), **form.cleaned_data)
    else:
        messages.error(request, describe_errors(form))
    return go_back(request, "overview")


@login_required
@require_POST
def remove_note(request: HttpRequest, note_id: int) -> HttpResponse:
    """Take a note away."""
    keeping.remove_note(cast(User, request.user), note_id)
    messages.success(request, _("The note is removed."))
    return go_back(request, "overview")


@login_required
@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep this page's range and filters under a name."""
    form = SavedViewForm(request.POST)
    if form.is_valid():
        keeping.save_view(cast(User, request.user), request.POST.get("account", ""), **form.cleaned_data)
        messages.success(request, _("The view is saved."))
    else:
        messages.error(request, describe_errors(form))
    return go_back(request, "overview")


@login_required
@require_POST
def remove_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Forget a saved view."""
    keeping.remove_view(cast(User, request.user), view_id)
    messages.success(request, _("The view is removed."))
    return go_back(request, "overview")
