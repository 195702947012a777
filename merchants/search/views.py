"""Search rank: where the account stands for a word, and who stands above it."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from merchants.accounts.selection import choose_account
from merchants.models import Avatar
from merchants.search import ranks
from merchants.search.forms import RankForm
from recommender import engine
from recommender.markets import MARKETS


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """The form, and the ranks once it is sent; an address with query and country can be shared."""
    account = choose_account(request)
    if account is None:
        return render(request, "merchants/niche/none.html")
    market = account.market if account.market in MARKETS else next(iter(MARKETS))
    sent = request.POST if request.method == "POST" else request.GET if "query" in request.GET else None
    form = RankForm(sent, request.FILES or None, initial={"market": market})
    page = ranks.rank(account, form.cleaned_data) if form.is_bound and form.is_valid() else None
    facts = {"account": account, "form": form, "page": page}
    facts["avatar"] = Avatar.objects.filter(account=account).first()
    return render(request, "merchants/search/search.html", facts)


@login_required
@require_GET
def face(request: HttpRequest, creator_id: int) -> HttpResponse:
    """A creator's public picture, as search shows it to every viewer."""
    image = engine.find_picture(creator_id)
    if image is None:
        raise Http404("this creator has no picture")
    answer = HttpResponse(image, content_type="image/png")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, max-age=86400"
    answer["Content-Disposition"] = 'inline; filename="face.png"'
    return answer
