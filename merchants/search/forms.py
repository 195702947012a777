"""A search as a viewer types it, and a name to try."""

from django import forms
from django.utils.translation import gettext_lazy as _

from recommender.markets import MARKETS


class RankForm(forms.Form):
    """Query, country and the name to try."""

    query = forms.CharField(label=_("What viewers type"), max_length=80)
    market = forms.ChoiceField(label=_("Country"), choices=[(code, code) for code in MARKETS])
    new_name = forms.CharField(label=_("Try another nickname"), max_length=128, required=False)

    def clean_query(self) -> str:
        """Refuse a query without a letter."""
        query: str = self.cleaned_data["query"]
        if not any(letter.isalnum() for letter in query):
            raise forms.ValidationError(_("Type at least one letter."))
        return query
