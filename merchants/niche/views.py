"""Niche consistency: the account judged, and judged again while it is edited."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from merchants.accounts.access import accounts_for, require_role
from merchants.accounts.selection import choose_account
from merchants.models import Avatar, Role
from merchants.niche import judging
from merchants.niche.forms import FaceForm
from merchants.uploads.faces import show_draft


@login_required
def niche(request: HttpRequest) -> HttpResponse:
    """The chosen account's score, evidence, suggestions and history; a POST saves."""
    account = choose_account(request)
    if account is None:
        return render(request, "merchants/niche/none.html")
    first = judging.fill_form(account)
    form = FaceForm(request.POST or None, request.FILES or None, initial=first)
    if request.method == "POST":
        require_role(request.user, account, Role.EDITOR)
        if form.is_valid():
            judging.save_face(account, form.cleaned_data)
            return redirect("niche")
    shown = judging.judge_face(account, first)
    facts = {"account": account, "form": form, "shown": shown, "history": judging.list_history(account)}
    facts["avatar"] = Avatar.objects.filter(account=account).first()
    return render(request, "merchants/niche/niche.html", facts)


@login_required
@require_POST
def what_if(request: HttpRequest) -> HttpResponse:
    """The judgement of what the form says now; nothing is saved."""
    account = choose_account(request)
    if account is None:
        raise Http404("there is no account")
    form = FaceForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "merchants/niche/_refused.html", {"form": form})
    shown = judging.judge_face(account, form.cleaned_data)
    draft = show_draft(form.cleaned_data.get("avatar"))
    facts = {"shown": shown, "account": account, "is_draft": True, "draft_picture": draft}
    facts["avatar"] = Avatar.objects.filter(account=account).first()
    return render(request, "merchants/niche/_judgement.html", facts)


@login_required
@require_GET
def avatar(request: HttpRequest, account_id: int) -> HttpResponse:
    """An account's picture, for those who see the account."""
    stored = get_object_or_404(Avatar, account__in=accounts_for(request.user), account_id=account_id)
    answer = HttpResponse(bytes(stored.image), content_type="image/png")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, max-age=300"
    answer["Content-Disposition"] = 'inline; filename="avatar.png"'
    return answer
