"""Share links: the owner's list, and the page that others see."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from merchants.accounts.access import accounts_for
from merchants.accounts.selection import choose_account
from merchants.figures.scope import make_scope
from merchants.figures.shared_page import list_shared_facts
from merchants.models import Account, ShareLink
from merchants.sharing import links
from merchants.sharing.forms import LinkForm, PasswordForm


@login_required
def share_links(request: HttpRequest) -> HttpResponse:
    """The links of the chosen account; one is made on POST and shown once."""
    account = choose_account(request)
    if account is None:
        return redirect("welcome")
    form, token = LinkForm(request.POST or None, initial={"query": request.GET.urlencode()}), ""
    if request.method == "POST" and form.is_valid():
        _link, token = links.make_link(cast(User, request.user), account, **form.cleaned_data)
        form = LinkForm(initial={"query": form.cleaned_data["query"]})
    return _list(request, account, form, token)


def _list(request: HttpRequest, account: Account, form: LinkForm, token: str) -> HttpResponse:
    made = ShareLink.objects.filter(account=account).select_related("made_by").order_by("-pk")
    facts = {
        "account": account,
        "team": account.team,
        "page": "sharing",
        "form": form,
        "links": made,
        "token": token,
    }
    return render(request, "merchants/sharing/links.html", facts)


@login_required
@require_POST
def change(request: HttpRequest, link_id: int) -> HttpResponse:
    """Revoke a link, or give it a new secret."""
    own = ShareLink.objects.filter(account__in=accounts_for(request.user)).select_related("account__team")
    link, user = get_object_or_404(own, pk=link_id), cast(User, request.user)
    if "rotate" in request.POST:
        link, token = links.rotate(user, link)
        return _list(request, link.account, LinkForm(), token)
    links.revoke(user, link)
    messages.success(request, _("The link is revoked."))
    return redirect("share-links")


@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """What the holder of a link sees: one page, no way further in."""
    link = links.find_open(token)
    if link is None:
        raise Http404("this link has ended or was taken back; ask the sender for a new one")
    opened, key = request.session.get("opened_links", []), f"{link.pk}:{link.token_sha256[:12]}"
    form = PasswordForm(request.POST or None)
    if link.password and key not in opened:
        if not (
            request.method == "POST" and form.is_valid() and links.fits(link, form.cleaned_data["password"])
        ):
            is_wrong = request.method == "POST"
            return render(
                request, "merchants/sharing/locked.html", {"form": form, "is_wrong": is_wrong}, status=403
            )
        request.session["opened_links"] = [*opened, key]
    return _show(request, link)


def _show(request: HttpRequest, link: ShareLink) -> HttpResponse:
    links.count_view(link)
    scope = make_scope(link.account, QueryDict(link.query).dict())
    answer = render(request, "merchants/sharing/shared.html", {"link": link, **list_shared_facts(scope)})
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
