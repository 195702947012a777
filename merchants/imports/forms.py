"""Files to import, and answers to what a file alone does not tell."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.imports.containers import MAX_FILE_BYTES
from merchants.imports.storing import Answers

MAX_FILES = 12


class SeveralFilesInput(forms.ClearableFileInput):
    """A field of several files."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Several files at once."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each file checked by itself."""
        files = data if isinstance(data, list | tuple) else [data]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(
                _("These are %(count)d files, the limit is %(limit)d; import them in parts."),
                params={"count": len(files), "limit": MAX_FILES},
            )
        return [super(SeveralFilesField, self).clean(file, initial) for file in files]


class ImportForm(forms.Form):
    """The upload."""

    files = SeveralFilesField(label=_("Files"))  # type: ignore[assignment]
    first_day = forms.DateField(
        label=_("First day in the file"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last_day = forms.DateField(
        label=_("Last day in the file"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    date_order = forms.ChoiceField(
        label=_("Order of a date"),
        required=False,
        choices=[("", _("as the file tells")), ("dmy", _("day first")), ("mdy", _("month first"))],
    )

    @property
    def uploads(self) -> list[tuple[str, bytes]]:
        """(name, bytes) of each file; one too large is cut one byte above the limit, and then refused."""
        return [(file.name, file.read(MAX_FILE_BYTES + 1)) for file in self.cleaned_data["files"]]

    @property
    def answers(self) -> Answers:
        """What the merchant said."""
        told = self.cleaned_data
        return Answers(told.get("first_day"), told.get("last_day"), told.get("date_order") or "")
