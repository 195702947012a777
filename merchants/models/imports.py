"""Imported files: what came in, who brought it, what it covered, and whether it still counts."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from merchants.models.accounts import Account


class ImportFile(models.Model):
    """One stored upload. Its rows count until it is undone; a later file's come before an earlier's."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="import_files")
    sha256 = models.CharField(max_length=64, help_text="of the bytes as uploaded")
    name = models.CharField(max_length=255, help_text="file name as uploaded")
    format = models.CharField(max_length=64)
    first_day = models.DateField(null=True, help_text="earliest day in the file, as resolved")
    last_day = models.DateField(null=True, help_text="latest day in the file, as resolved")
    row_count = models.PositiveIntegerField(help_text="rows read")
    totals = models.JSONField(default=dict, help_text="sum per numeric column, exact decimals as text")
    notes = models.JSONField(default=list, help_text="what the merchant was told")
    nickname = models.CharField(max_length=128, blank=True, help_text="nickname that the file tells")
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+",
        help_text="empty = an operator, from the command line",
    )  # fmt: skip
    imported_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sha256"], condition=Q(undone_at=None), name="import_file_one_effect"
            )
        ]
        indexes = [models.Index(fields=["account", "-imported_at"], name="import_file_history")]

    def __str__(self) -> str:
        return self.name
