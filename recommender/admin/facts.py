"""What the pages of recorded facts share: they can be searched and read, never changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class FactAdmin(admin.ModelAdmin):
    """A table that the engine writes and people only read."""

    show_full_result_count = False  # an exact count of a large table costs more than the page
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Facts are not made by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Facts are not changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Facts are not deleted."""
        return False
