"""The account as it is, or as it might be."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.shell.formats import format_market
from merchants.shell.niches import name_niche
from merchants.uploads.forms import read_upload
from merchants.uploads.pictures import SafePicture
from recommender import engine
from recommender.markets import MARKETS


class FaceForm(forms.Form):
    """Nickname, handle, bio, niche, market and picture."""

    nickname = forms.CharField(label=_("Nickname"), max_length=128)
    handle = forms.CharField(label=_("Handle"), max_length=64)
    bio = forms.CharField(label=_("Bio"), max_length=300, required=False)
    niche = forms.ChoiceField(label=_("What you sell"))
    market = forms.ChoiceField(label=_("Country"))
    avatar = forms.FileField(
        label=_("Picture"), required=False, help_text=_("PNG, JPEG or WebP, at most 5 MB")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        niches = sorted(((slug, name_niche(slug)) for slug in engine.list_niches()), key=lambda pair: pair[1])
        self.fields["niche"].choices = niches  # type: ignore[attr-defined]
        countries = [(code, format_market(code)) for code in MARKETS]
        self.fields["market"].choices = countries  # type: ignore[attr-defined]

    def clean_avatar(self) -> SafePicture | None:
        """The picture made safe, or why it is refused."""
        return read_upload(self.cleaned_data["avatar"])
