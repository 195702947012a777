"""An address that wants to be told."""

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.accounts.announcing import KINDS
from merchants.webhooks.sending import AddressError, check_address


class WebhookForm(forms.Form):
    """Where, and of what."""

    url = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https")
    kinds = forms.MultipleChoiceField(
        label=_("What it is told"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(kind, f"{kind}: {words}") for kind, words in KINDS.items()],
    )

    def clean_url(self) -> str:
        """A public address, or why it is refused."""
        url = str(self.cleaned_data["url"])
        try:
            check_address(url)
        except AddressError as error:
            raise forms.ValidationError(str(error)) from None
        return url
