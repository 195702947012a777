"""Search rank: where the account stands for a word, and who stands above it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from merchants.accounts.selection import choose_account
from merchants.search import ranks
from merchants.search.forms import RankForm
from recommender.markets import MARKETS


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """The form, and the ranks once it is sent."""
    account = choose_account(request)
    if account is None:
        return render(request, "merchants/niche/none.html")
    market = account.market if account.market in MARKETS else next(iter(MARKETS))
    form = RankForm(request.GET if "query" in request.GET else None, initial={"market": market})
    page = ranks.rank(account, form.cleaned_data) if form.is_bound and form.is_valid() else None
    return render(request, "merchants/search/search.html", {"account": account, "form": form, "page": page})
