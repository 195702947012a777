"""The cards of the overview and the videos; each answers by itself (see shell/cards.py)."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from merchants.figures import charts, facets, stages, videos
from merchants.figures.changes import explain
from merchants.figures.key_figures import list_key_figures
from merchants.figures.metrics import METRICS
from merchants.figures.naming import name_movers, name_part
from merchants.figures.scope import STALE_DAYS, Scope, read_scope
from merchants.models import Facet
from merchants.shell.cards import Body, Empty, card

_FACETS = {
    "market": ("market", Facet.SOURCE),
    "source": ("key", Facet.SOURCE),
    "language": ("key", Facet.LANGUAGE),
    "device": ("key", Facet.DEVICE),
    "group": ("key", Facet.GROUP),
}
ROWS_PER_PAGE = 50
N_TOP = 5


def _no_activity() -> Empty:
    return Empty(
        _("No platform activity here yet"),
        _("Markets, sources and hours come from the platform's own counts of this account."),
        reverse("settings-accounts"),
        _("How an account is linked"),
        "radar",
    )


def _no_figures() -> Empty:
    return Empty(
        _("No figures for these days"),
        _("Import an export of TikTok Studio or TikTok Shop, or choose other days."),
        reverse("imports"),
        _("Import files"),
        "upload",
    )


@card
def key_figures(request: HttpRequest) -> Body | Empty:
    """The figures at the top."""
    scope = read_scope(request)
    figures = list_key_figures(scope)
    if all(figure.shown is None for figure in figures):
        return _no_figures()
    context = {"figures": figures, "scope": scope}
    return Body("merchants/dashboard/_key_figures.html", context, scope.latest, STALE_DAYS)


@card
def trend(request: HttpRequest) -> Body | Empty:
    """One figure per day, beside the days before."""
    scope = read_scope(request)
    key = request.GET.get("metric", "views")
    if key not in METRICS:
        raise Http404(f"figure {key!r} does not exist; choose one of {', '.join(METRICS)}")
    notes = charts.list_notes(scope)
    chart = charts.draw_metric(scope, key, [(note.day, note.text) for note in notes])
    if chart is None:
        return _no_figures()
    context = {"chart": chart, "metrics": METRICS.values(), "metric": key, "notes": notes}
    return Body("merchants/dashboard/_trend.html", context)


@card
def changes(request: HttpRequest) -> Body | Empty:
    """What changed, and what it consists of."""
    scope = read_scope(request)
    if scope.range.before is None or scope.range.closed is None:
        return Empty(
            _("Nothing to compare with"), _("Choose a comparison above to see what changed."), icon="filter"
        )
    found = explain(scope.account, scope.range.closed, scope.range.before, scope.markets)
    if not found.now and not found.before:
        return _no_activity()
    context = {"found": found, "movers": name_movers(scope.account, found.movers)}
    return Body("merchants/dashboard/_changes.html", context)


@card
def funnel(request: HttpRequest) -> Body | Empty:
    """From a feed to an order."""
    scope = read_scope(request)
    sums = facets.sum_all(scope.account, scope.range.shown, scope.markets)
    if not sums["impressions"]:
        return _no_activity()
    context = {"chart": charts.draw_funnel(sums), "steps": facets.list_steps(sums)}
    return Body("merchants/dashboard/_funnel.html", context)


@card
def parts(request: HttpRequest, name: str) -> Body | Empty:
    """Views by market, source, language, device or group of viewers, each with its change."""
    if name not in _FACETS:
        raise Http404(f"{name!r} is none of {', '.join(_FACETS)}")
    scope = read_scope(request)
    field, facet = _FACETS[name]
    span, before = scope.range.closed or scope.range.shown, scope.range.before
    found = facets.list_parts(scope.account, field, facet, span, before, scope.markets)
    if not found:
        return _no_activity()
    context = {
        "parts": [(name_part(name, part.key), part) for part in found],
        "whole": facets.sum_parts(found),
    }
    return Body("merchants/dashboard/_parts.html", context)


@card
def hours(request: HttpRequest) -> Body | Empty:
    """When viewers watch, on their own clocks."""
    scope = read_scope(request)
    grid = facets.sum_hours(scope.account, scope.range.shown, scope.markets)
    if not any(map(any, grid)):
        return _no_activity()
    return Body("merchants/dashboard/_chart_alone.html", {"chart": charts.draw_hours(grid)})


@card
def top_videos(request: HttpRequest) -> Body | Empty:
    """The five videos with most views."""
    scope = read_scope(request)
    columns = ("title", "views", "finish_rate", "cart_clicks", "stage")
    table = videos.tabulate_top(scope.account, scope.range.shown, columns, N_TOP, scope.markets)
    if not table.rows:
        return _no_figures()
    return Body("merchants/dashboard/_top_videos.html", {"table": table})


@card
def video_table(request: HttpRequest) -> Body | Empty:
    """The table of all videos, a page of it."""
    scope = read_scope(request)
    choice = videos.read_choice(request.GET)
    table = videos.tabulate_videos(scope.account, scope.range.shown, choice, scope.markets)
    if not table.rows:
        return _describe_no_videos(scope, choice)
    page = Paginator(table.rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"table": table.with_rows(list(page.object_list)), "page": page}
    return Body("merchants/dashboard/_video_table.html", context, scope.latest, STALE_DAYS)


def _describe_no_videos(scope: Scope, choice: videos.Choice) -> Empty:
    if choice.search or choice.stage or scope.markets:
        return Empty(
            _("No video fits"),
            _("Take a filter away to see more."),
            reverse("videos"),
            _("Show all"),
            "filter",
        )
    return _no_figures()


@card
def video_trend(request: HttpRequest, video_ref: str) -> Body | Empty:
    """One video's views per day."""
    scope = read_scope(request)
    chart = charts.draw_video(scope, video_ref)
    return Body("merchants/dashboard/_chart_alone.html", {"chart": chart}) if chart else _no_activity()


@card
def video_retention(request: HttpRequest, video_ref: str) -> Body | Empty:
    """How far viewers watch."""
    scope = read_scope(request)
    steps = videos.read_retention(scope.account, video_ref)
    if not steps:
        return Empty(
            _("No watch times yet"),
            _("The curve appears with the first watched views on the platform."),
            icon="eye",
        )
    return Body("merchants/dashboard/_chart_alone.html", {"chart": charts.draw_retention(steps)})


@card
def video_stages(request: HttpRequest, video_ref: str) -> Body | Empty:
    """Where a new video stands with its first viewers."""
    rows = stages.list_stages(read_scope(request).account, video_ref)
    if not rows:
        return Empty(
            _("Not among the new videos"),
            _("Pools are kept for videos published on the platform in the last weeks."),
            icon="radar",
        )
    return Body("merchants/dashboard/_stages.html", {"rows": rows})


@card
def video_markets(request: HttpRequest, video_ref: str) -> Body | Empty:
    """One video's views by market."""
    scope = read_scope(request)
    found = videos.list_markets(scope.account, video_ref, scope.range.shown, scope.range.before)
    if not found:
        return _no_activity()
    context = {
        "parts": [(name_part("market", part.key), part) for part in found],
        "whole": facets.sum_parts(found),
    }
    return Body("merchants/dashboard/_parts.html", context)
