"""A search as a viewer types it, and a name and a picture to try."""

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.shell.formats import format_market
from merchants.uploads.forms import read_upload
from merchants.uploads.pictures import SafePicture
from recommender.markets import MARKETS


class RankForm(forms.Form):
    """Query, country, and the name and picture to try."""

    query = forms.CharField(label=_("What viewers type"), max_length=80)
    market = forms.ChoiceField(label=_("Country"))
    new_name = forms.CharField(label=_("Try another nickname"), max_length=128, required=False)
    new_picture = forms.FileField(
        label=_("Try another picture"), required=False, help_text=_("PNG, JPEG or WebP, at most 5 MB")
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(code, format_market(code)) for code in MARKETS]
        self.fields["market"].choices = choices  # type: ignore[attr-defined]

    def clean_query(self) -> str:
        """Refuse a query without a letter."""
        query: str = self.cleaned_data["query"]
        if not any(letter.isalnum() for letter in query):
            raise forms.ValidationError(_("Type at least one letter."))
        return query

    def clean_new_picture(self) -> SafePicture | None:
        """The picture made safe, or why it is refused."""
        return read_upload(self.cleaned_data["new_picture"])
