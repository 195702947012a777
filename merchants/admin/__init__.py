"""The operators' side of merchants: every table, searchable; facts are read, mistakes are undone."""

from merchants.admin import keeping, shops

__all__ = ["keeping", "shops"]
