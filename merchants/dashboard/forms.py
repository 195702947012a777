"""A note on a day, and a name for a view."""

from datetime import date

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

_KEPT = ("range", "from", "to", "compare", "market", "metric", "q", "stage", "sort", "column")


class NoteForm(forms.Form):
    """What happened on a day."""

    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=date.today
    )
    text = forms.CharField(label=_("What happened"), max_length=120)


class SavedViewForm(forms.Form):
    """A name for a page with its range and filters."""

    name = forms.CharField(label=_("Name of the view"), max_length=60)
    page = forms.ChoiceField(
        choices=[("overview", "overview"), ("videos", "videos")], widget=forms.HiddenInput
    )
    query = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        """The parts of an address that make a view; nothing else is kept."""
        asked = QueryDict(self.cleaned_data["query"])
        kept = QueryDict(mutable=True)
        for name in _KEPT:
            kept.setlist(name, asked.getlist(name))
        return kept.urlencode()


def describe_errors(form: forms.Form) -> str:
    """What is wrong with a form, in one line."""
    return " ".join(str(error) for errors in form.errors.values() for error in errors)
