"""Rows of the database as columns, for the readers beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from django.db import connection, transaction

from recommender import contracts as c

_CHUNK_ROWS = 50_000


@contextmanager
def open_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the driver itself, in Django's transaction: for statements worth preparing on the server.

    Django's own cursor sends each statement as text, to be parsed and planned anew.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def read_columns(sql: str, params: Mapping[str, Any], n_columns: int) -> list[list[Any]]:
    """All rows of a query as lists by column, read in chunks by a server-side cursor."""
    columns: list[list[Any]] = [[] for _ in range(n_columns)]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                column.extend(values)
    return columns


def spread_codes(objects: Sequence[str]) -> dict[str, c.IntArray]:
    """Columns of the integer codes in JSON objects: each (n,) int32, UNKNOWN where a row lacks the name."""
    rows = [json.loads(text) if text != "{}" else {} for text in objects]
    names = sorted({name for row in rows for name in row})
    return {name: np.array([row.get(name, c.UNKNOWN) for row in rows], dtype=np.int32) for name in names}
