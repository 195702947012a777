"""Connecting an account: what search and feed know of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from merchants.accounts.pictures import PictureError, shrink
from merchants.models import Account, Team
from merchants.shell.formats import format_language, format_market
from recommender.markets import LANGUAGES, MARKET_CODES


class AccountForm(forms.ModelForm):
    """Name, country, language, niche and picture."""

    picture = forms.FileField(
        label=_("Picture"), required=False, help_text=_("PNG, JPEG or WebP, up to 8 MiB"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )  # fmt: skip

    class Meta:
        model = Account
        fields = ("team", "handle", "nickname", "market", "language", "niche")
        labels = {
            "team": _("Team"),
            "handle": _("Handle"),
            "nickname": _("Name shown on the profile"),
            "niche": _("What you sell"),
        }
        help_texts = {
            "handle": _("what follows the @"),
            "niche": _("in a word or two, such as lipstick or running shoes"),
        }

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        markets = [(code, format_market(code)) for code in MARKET_CODES]
        languages = [(tag, format_language(tag)) for tag in LANGUAGES]
        self.fields["market"] = forms.ChoiceField(
            label=_("Country of the account"), choices=[("", _("not told")), *markets], required=False
        )
        self.fields["language"] = forms.ChoiceField(
            label=_("Language of the videos"), choices=[("", _("not told")), *languages], required=False
        )
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)
        team.queryset = teams
        if len(teams) == 1 and not self.instance.pk:
            self.initial["team"] = teams[0].pk
            team.widget = forms.HiddenInput()
        if self.instance.pk:
            del self.fields["team"]

    def clean_handle(self) -> str:
        """Without the @ that people paste along."""
        return str(self.cleaned_data["handle"]).strip().removeprefix("@")

    def clean_picture(self) -> bytes | None:
        """The picture made small, or why it cannot be taken."""
        upload: UploadedFile | None = self.cleaned_data.get("picture")
        if not upload:
            return None
        try:
            return shrink(upload.read())
        except PictureError as error:
            raise forms.ValidationError(str(error)) from None
