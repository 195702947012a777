"""A link for others."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from merchants.sharing.links import MAX_DAYS

_KEPT = ("range", "from", "to", "compare", "market")


class LinkForm(forms.Form):
    """Who it is for, how long, and behind which password."""

    name = forms.CharField(label=_("Who it is for"), max_length=60)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=MAX_DAYS, initial=30)
    password = forms.CharField(
        label=_("Password"), required=False, max_length=100, help_text=_("empty = none"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    query = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        """Range, comparison and market; nothing else of an address is shared."""
        asked = QueryDict(self.cleaned_data["query"])
        kept = QueryDict(mutable=True)
        for name in _KEPT:
            kept.setlist(name, asked.getlist(name))
        return kept.urlencode()


class PasswordForm(forms.Form):
    """The password of a link."""

    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput)
