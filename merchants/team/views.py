"""Settings: accounts, people, keys, and what was done on a team."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from merchants.accounts import teams
from merchants.accounts.access import accounts_for, teams_for
from merchants.accounts.audit import list_entries
from merchants.accounts.selection import choose_team
from merchants.models import ApiKey, Invitation, Membership, Role, Team
from merchants.team import inviting
from merchants.team.forms import InviteForm, KeyForm, RoleForm, TeamForm


def _find_team(request: HttpRequest) -> Team:
    team = choose_team(request)
    if team is None:
        raise Http404("you are on no team yet; open the welcome page first")
    return team


def _is_owner(request: HttpRequest, team: Team) -> bool:
    return teams_for(request.user, Role.OWNER).filter(pk=team.pk).exists()


def _show(request: HttpRequest, page: str, team: Team, **facts: Any) -> HttpResponse:
    common = {
        "team": team,
        "teams": teams_for(request.user),
        "is_owner": _is_owner(request, team),
        "page": page,
    }
    return render(request, f"merchants/team/{page}.html", {**common, **facts})


@login_required
@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts of a team."""
    team = _find_team(request)
    own = (
        accounts_for(request.user).filter(team=team).select_related("avatar").order_by("is_sample", "handle")
    )
    return _show(request, "accounts", team, accounts=own)


@login_required
def people(request: HttpRequest) -> HttpResponse:
    """Members and invitations; an owner invites and renames here."""
    team = _find_team(request)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            inviting.send(cast(User, request.user), team, **form.cleaned_data)
            messages.success(request, _("The invitation is on its way."))
            return redirect("settings-people")
        except teams.TeamError as error:
            form.add_error("email", str(error))
    members = Membership.objects.filter(team=team).select_related("user").order_by("pk")
    waiting = Invitation.objects.filter(team=team, accepted_at=None).order_by("-created_at")
    facts = {
        "members": members,
        "waiting": waiting,
        "form": form,
        "team_form": TeamForm(initial={"name": team.name}),
    }
    return _show(request, "people", team, **facts)


@login_required
@require_POST
def rename(request: HttpRequest) -> HttpResponse:
    """Another name for the team."""
    team = _find_team(request)
    form = TeamForm(request.POST)
    if not form.is_valid():
        raise Http404("a team needs a name")
    try:
        inviting.rename(cast(User, request.user), team, form.cleaned_data["name"])
        messages.success(request, _("Saved."))
    except teams.TeamError as error:
        messages.error(request, str(error))
    return redirect("settings-people")


@login_required
@require_POST
def change_member(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Another role for a member, or off the team."""
    own = Membership.objects.filter(team__in=teams_for(request.user)).select_related("team", "user")
    membership = get_object_or_404(own, pk=membership_id)
    user, form = cast(User, request.user), RoleForm(request.POST)
    try:
        if "remove" in request.POST:
            teams.remove_member(user, membership)
            messages.success(request, _("%(who)s is off the team.") % {"who": membership.user})
        elif form.is_valid():
            teams.change_role(user, membership, Role(form.cleaned_data["role"]))
            messages.success(request, _("Saved."))
    except teams.TeamError as error:
        messages.error(request, str(error))
    return redirect("settings-people")


@login_required
@require_POST
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Take an invitation back."""
    own = Invitation.objects.filter(team__in=teams_for(request.user, Role.OWNER), accepted_at=None)
    inviting.withdraw(cast(User, request.user), get_object_or_404(own, pk=invitation_id))
    messages.success(request, _("The invitation is taken back."))
    return redirect("settings-people")


@login_required
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Follow an invitation."""
    invitation = teams.find_invitation(token)
    if request.method == "POST":
        try:
            team = teams.accept(cast(User, request.user), token)
            messages.success(request, _("You are on the team %(team)s.") % {"team": team.name})
            return redirect("overview")
        except teams.TeamError as error:
            messages.error(request, str(error))
    return render(request, "merchants/team/join.html", {"invitation": invitation})


@login_required
def api_keys(request: HttpRequest) -> HttpResponse:
    """The team's keys; making one shows it once."""
    team = _find_team(request)
    form, text = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _key, text = inviting.make_key(cast(User, request.user), team, **form.cleaned_data)
            form = KeyForm()
        except ValueError as error:
            form.add_error("scopes", str(error))
    made = ApiKey.objects.filter(team=team).select_related("maker").order_by("-created_at")
    return _show(request, "keys", team, form=form, text=text, keys=made)


@login_required
@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """End a key: its maker or an owner."""
    visible = ApiKey.objects.filter(team__in=teams_for(request.user))
    mine = visible.filter(maker=request.user.pk) | visible.filter(
        team__in=teams_for(request.user, Role.OWNER)
    )
    inviting.revoke(cast(User, request.user), get_object_or_404(mine.distinct(), pk=key_id))
    messages.success(request, _("The key is revoked."))
    return redirect("settings-keys")


@login_required
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """What was done on the team; for its owners."""
    team = _find_team(request)
    entries = list_entries(cast(User, request.user), team)
    return _show(request, "audit", team, pages=Paginator(entries, 50).get_page(request.GET.get("page")))


@login_required
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """Doors to one's own addresses, password, second factor and sessions."""
    return _show(request, "security", _find_team(request))
