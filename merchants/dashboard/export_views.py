"""Tables as files, with the range and filters of the page that asks."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from merchants.exports.writing import CONTENT_TYPES, iterate_csv, write_xlsx
from merchants.figures import videos
from merchants.figures.daily import tabulate_days
from merchants.figures.scope import Scope, read_scope
from merchants.shell.tables import Table

TABLES = ("daily", "videos")


def make_table(scope: Scope, name: str, request: HttpRequest) -> Table:
    """The table of a name; videos with every column, in the page's order."""
    span = scope.range.shown
    if name == "daily":
        return tabulate_days(scope.account, span, scope.markets)
    choice = videos.read_choice(request.GET, is_whole=True)
    return videos.tabulate_videos(scope.account, span, choice, scope.markets)


@login_required
@require_GET
def export(request: HttpRequest, name: str, file_format: str) -> HttpResponseBase:
    """A table as CSV or XLSX; all of its rows."""
    if name not in TABLES or file_format not in CONTENT_TYPES:
        raise Http404(
            f"{name}.{file_format} does not exist; choose one of {', '.join(TABLES)} as csv or xlsx"
        )
    scope = read_scope(request)
    table = make_table(scope, name, request)
    kind = CONTENT_TYPES[file_format]
    answer: HttpResponseBase = (
        StreamingHttpResponse(iterate_csv(table), kind)
        if file_format == "csv"
        else HttpResponse(write_xlsx(table), kind)
    )
    span = scope.range.shown
    file_name = f"{scope.account.handle}_{name}_{span.first}_{span.last}.{file_format}"
    answer["Content-Disposition"] = f'attachment; filename="{file_name}"'
    answer["X-Row-Count"] = str(len(table.rows))
    return answer
