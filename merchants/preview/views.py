"""Pages of the preview."""

import uuid
from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from merchants.preview import feeds
from merchants.preview.forms import TestViewerForm
from merchants.preview.reasons import explain_own
from recommender import engine


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """State of the engine, and the form that makes a test viewer."""
    topics = engine.list_topics()
    form = TestViewerForm(request.POST or None, topics=topics, initial={"market": "GB", "language": "en"})
    if request.method == "POST" and form.is_valid():
        assert request.user.pk is not None
        viewer_id = feeds.make_viewer(request.user.pk, form.cleaned_data)
        return redirect("preview-feed", viewer_id=viewer_id)
    facts = {"form": form, "live": engine.find_live(), "account": engine.read_account(), "topics": topics}
    return render(request, "merchants/preview/home.html", facts)


@login_required
def preview(request: HttpRequest, viewer_id: int) -> HttpResponse:
    """One page of a test viewer's feed, with reasons and reactions."""
    if not feeds.owns_viewer(request.user.pk or 0, viewer_id):
        raise Http404("this test viewer is not yours")
    request_id = _read_uuid(request.GET.get("feed"))
    page = int(request.GET.get("page", "0")) if request.GET.get("page", "0").isdigit() else 0
    if request_id is None:
        return redirect(f"{reverse('preview-feed', args=[viewer_id])}?feed={uuid.uuid4()}")
    served, cards = feeds.show_page(viewer_id, request_id, min(page, 1000))
    facts = {"served": served, "cards": cards, "viewer_id": viewer_id, "next_page": served.page + 1}
    return render(request, "merchants/preview/feed.html", facts)


@login_required
def why(request: HttpRequest, viewer_id: int) -> HttpResponse:
    """Why a video of one's own is, or is not, on the test viewer's next page."""
    if not feeds.owns_viewer(request.user.pk or 0, viewer_id):
        raise Http404("this test viewer is not yours")
    told = explain_own(cast(User, request.user), viewer_id, request.GET.get("video", ""))
    facts = {"title": told.title, "advice": told.advice, "trace": told.trace, "viewer_id": viewer_id}
    return render(
        request, "merchants/preview/why.html", {**facts, "sources": told.sources, "parts": told.parts}
    )


@login_required
@require_POST
def react(request: HttpRequest, viewer_id: int) -> HttpResponse:
    """Record a reaction and show the page that follows from it."""
    request_id = _read_uuid(request.POST.get("feed"))
    reaction, video_id = request.POST.get("reaction", ""), request.POST.get("video_id", "")
    if not feeds.owns_viewer(request.user.pk or 0, viewer_id) or request_id is None:
        raise Http404("this test viewer is not yours")
    if reaction not in feeds.REACTIONS or not video_id.isdigit():
        raise Http404("this reaction does not exist")
    feeds.react(viewer_id, int(video_id), request_id, reaction)
    page = int(request.POST["page"]) if request.POST.get("page", "").isdigit() else 1
    return redirect(f"{reverse('preview-feed', args=[viewer_id])}?feed={request_id}&page={page}")


def _read_uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
