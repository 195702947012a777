"""Cursor pagination for lists that grow at one end."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Newest rows first; a page stays what it was while rows come in."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500
