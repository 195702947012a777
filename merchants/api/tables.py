"""Tables and ranges in the API: the same columns and rounded values as on the screen and in files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from merchants.figures.spans import COMPARISONS, PRESETS
from merchants.shell.tables import Column, Table
from recommender.markets import MARKET_CODES

#: What every call about a range takes.
RANGE_PARAMETERS = [
    OpenApiParameter("range", str, description="days that end with the newest figures, or custom",
                     enum=[*map(str, PRESETS), "custom"], default="28"),
    OpenApiParameter("from", date, description="first day of a custom range"),
    OpenApiParameter("to", date, description="last day of a custom range"),
    OpenApiParameter("compare", str, enum=list(COMPARISONS), default="previous"),
    OpenApiParameter("market", str, description="viewers' country; empty = all", enum=list(MARKET_CODES)),
]  # fmt: skip
_FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    "count": serializers.IntegerField,
    "decimal": serializers.FloatField,
    "money": serializers.FloatField,
    "rate": serializers.FloatField,
    "seconds": serializers.FloatField,
    "day": serializers.DateField,
    "moment": serializers.DateTimeField,
}


def describe_columns(name: str, columns: Sequence[Column]) -> serializers.Serializer[Any]:
    """The rows of a table, for the OpenAPI document."""
    fields = {
        column.key: _FIELDS.get(column.kind, serializers.CharField)(
            allow_null=True, help_text=f"{column.title}{' (a fraction)' if column.kind == 'rate' else ''}"
        )
        for column in columns
    }
    return inline_serializer(name, fields)


def list_records(table: Table) -> list[dict[str, Any]]:
    """The rows as JSON: numbers as numbers, of the digits that the screen shows."""
    return [{key: make_plain(value) for key, value in row.items()} for row in table.to_records()]


def make_plain(value: Any) -> Any:
    """A value as JSON has it; a decimal keeps its digits."""
    return float(value) if isinstance(value, Decimal) else value
