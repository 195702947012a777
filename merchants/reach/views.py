"""Pages of reach: ask, watch, read, compare, look back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from merchants.accounts.access import require_role
from merchants.accounts.selection import choose_account
from merchants.jobs.access import jobs_for
from merchants.jobs.requests import TooManyJobsError, cancel_job, guess_remaining_seconds
from merchants.models import Account, Job, Role
from merchants.reach import charts, showing, simulating
from merchants.reach.forms import CountsForm, DraftForm, guess_draft
from merchants.reach.past import find_followers
from merchants.reach.wording import name_step
from merchants.shell.cards import Body, Empty, card
from recommender import engine

_SHOWN_RUNS = 30


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The account's simulations, and how good its forecasts have been."""
    account = choose_account(request)
    jobs = jobs_for(request.user, Job.Kind.REACH).filter(account=account)[:_SHOWN_RUNS] if account else []
    return render(request, "merchants/reach/home.html", {"account": account, "jobs": list(jobs)})


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """The form, and what it asks for."""
    account = choose_account(request)
    if account is None:
        return render(request, "merchants/reach/home.html", {"account": None, "jobs": []})
    require_role(request.user, account, Role.EDITOR)
    form = _make_form(request, account)
    if request.method == "POST" and form.is_valid():
        job = _ask(request, account, form)
        if job is not None:
            return redirect("reach-run", job_id=job.pk)
    return render(request, "merchants/reach/new.html", {"account": account, "form": form})


def _make_form(request: HttpRequest, account: Account) -> DraftForm:
    topics = engine.list_topics()
    if request.method == "POST":
        return DraftForm(request.POST, request.FILES, account=account, topics=topics)
    copied = jobs_for(request.user, Job.Kind.REACH).filter(pk=_read_id(request.GET.get("like"))).first()
    first = {**guess_draft(account, find_followers(account), topics), "key": uuid.uuid4().hex}
    first["title"] = _("Draft of today")
    if copied is not None:
        first |= {
            name: copied.request[name] for name in first if name in copied.request and name != "published_at"
        }
        first |= {"topic": copied.request["draft_topics"][0], "title": copied.title}
        first |= {name: copied.request[name] for name in ("caption", "duration_seconds", "price")}
    return DraftForm(initial=first, account=account, topics=topics)


def _ask(request: HttpRequest, account: Account, form: DraftForm) -> Job | None:
    """The job of a valid form, or None with the reason on the form."""
    try:
        data = form.cleaned_data
        job, _new = simulating.ask(account, data["title"], form.to_request(), data["key"], request.user.pk)
        return job
    except (TooManyJobsError, ValueError) as problem:
        form.add_error(None, str(problem))
        return None


@login_required
def run(request: HttpRequest, job_id: int) -> HttpResponse:
    """One simulation: its progress, then its answer."""
    job = _find_job(request, job_id)
    context = {"job": job, "counts": CountsForm(), "others": _list_others(request, job)}
    return render(request, "merchants/reach/run.html", context)


@login_required
def progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of a run's page that asks again until the job is finished."""
    job = _find_job(request, job_id)
    context = {"job": job, "remaining": guess_remaining_seconds(job), "step": name_step(job.step)}
    answer = render(request, "merchants/reach/_progress.html", context)
    if job.is_finished:
        answer["HX-Refresh"] = "true"
    return answer


@card
def result(request: HttpRequest, job_id: int) -> Body | Empty:
    """The answer of a finished run."""
    job = _find_job(request, job_id)
    return Body("merchants/reach/_result.html", {"job": job, **showing.show_result(job)})


@card
def backtest(request: HttpRequest) -> Body | Empty:
    """What would have been forecast for the account's earlier videos, and what came."""
    account = choose_account(request)
    shown = showing.show_backtest(account) if account else None
    if shown is None:
        return Empty(
            _("No past to compare with yet"),
            _("Import your content export: forecasts then start from your own videos."),
        )
    return Body("merchants/reach/_backtest.html", shown)


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Call a run off."""
    job = _find_job(request, job_id, Role.EDITOR)
    if not cancel_job(job.pk):
        messages.info(request, _("It was finished already."))
    return redirect("reach-run", job_id=job.pk)


@login_required
@require_POST
def observe(request: HttpRequest, job_id: int) -> HttpResponse:
    """Weigh a run's futures by real counts."""
    job = _find_job(request, job_id, Role.EDITOR)
    form = CountsForm(request.POST)
    if form.is_valid():
        observed = [*job.request.get("observed", []), (form.cleaned_data["hour"], form.cleaned_data["views"])]
        job, _new = simulating.ask_again(job, observed, request.user.pk)
    else:
        messages.error(request, _("Give the hours after posting and the views by then."))
    return redirect("reach-run", job_id=job.pk)


@login_required
def compare(request: HttpRequest, job_id: int, other_id: int) -> HttpResponse:
    """Two finished runs side by side."""
    pair = [_find_job(request, one) for one in (job_id, other_id)]
    results = [job.result for job in pair if job.result is not None]
    if len(results) < 2:
        raise Http404("a simulation without an answer cannot be compared")
    chart = charts.draw_comparison(results[0], results[1], (pair[0].title, pair[1].title))
    return render(
        request, "merchants/reach/compare.html", {"first": pair[0], "second": pair[1], "chart": chart}
    )


def _find_job(request: HttpRequest, job_id: int, role: Role = Role.VIEWER) -> Job:
    job: Job = get_object_or_404(jobs_for(request.user, Job.Kind.REACH, role), pk=job_id)
    return job


def _list_others(request: HttpRequest, job: Job) -> list[Job]:
    """Finished runs of the same account to compare with."""
    others = jobs_for(request.user, Job.Kind.REACH).filter(account=job.account_id, state=Job.State.DONE)
    return list(others.exclude(pk=job.pk)[:8])


def _read_id(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0
