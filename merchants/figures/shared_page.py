"""The one page that a share link shows: key figures, a trend, markets, and the best videos."""

from __future__ import annotations

from typing import Any

from merchants.figures import charts
from merchants.figures.facets import list_parts, sum_parts
from merchants.figures.key_figures import list_key_figures
from merchants.figures.naming import name_part
from merchants.figures.scope import Scope
from merchants.figures.videos import tabulate_top
from merchants.models import Facet

N_VIDEOS = 10


def list_shared_facts(scope: Scope) -> dict[str, Any]:
    """What the page's template takes."""
    span = scope.range.closed or scope.range.shown
    parts = list_parts(scope.account, "market", Facet.SOURCE, span, scope.range.before, scope.markets)
    notes = [(note.day, note.text) for note in charts.list_notes(scope)]
    columns = ("title", "views", "finish_rate", "cart_clicks", "orders")
    return {
        "scope": scope,
        "figures": list_key_figures(scope),
        "chart": charts.draw_metric(scope, "views", notes),
        "parts": [(name_part("market", part.key), part) for part in parts],
        "whole": sum_parts(parts),
        "table": tabulate_top(scope.account, scope.range.shown, columns, N_VIDEOS, scope.markets),
    }
